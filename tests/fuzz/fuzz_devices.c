/*
 * fuzz_devices.c: a hostile guest, typist and clock at a whole board. Each
 * input is a list of accesses, keys, serial bytes and jumps in time. Nothing
 * may crash or hang, no vector may lie outside 0..255, no timer stay due, and
 * the screen must stay within text memory.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *		tests/fuzz/fuzz_devices.c devices/[a-rt-z]*.c vmm/bus.c \
 *		vmm/clock.c vmm/guestmem.c vmm/log.c vmm/loop.c vmm/machine.c
 */
#include <stdlib.h>

#include "devices/devices.h"
#include "vmm/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAPIC  0xfee00000u
#define IOAPIC 0xfec00000u
#define HPET   0xfed00000u

/* What is left of the input; past its end all is zero. */
struct input {
	const uint8_t *at, *end;
};

static struct machine *m;
static struct board board;

static uint64_t take(struct input *in, unsigned bytes)
{
	uint64_t val = 0;

	for (unsigned i = 0; i < bytes && in->at < in->end; i++)
		val |= (uint64_t)*in->at++ << 8 * i;
	return val;
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* A port: mostly one that is there. */
static uint16_t take_port(struct input *in)
{
	static const uint16_t ports[] = {
		0x20,  0x21,  0xa0,  0xa1,  0x4d0, 0x4d1, 0x40,	 0x41,	0x42,
		0x43,  0x61,  0x60,  0x64,  0x70,  0x71,  0x80,	 0x92,	0xe9,
		0xf4,  0x500, 0x501, 0x505, 0x600, 0x602, 0x604, 0x608, 0xcf8,
		0xcf9, 0x2f8, 0x2f9, 0x2fa, 0x2fc, 0x3c0, 0x3c1, 0x3c4, 0x3c5,
		0x3c7, 0x3c8, 0x3c9, 0x3ce, 0x3cf, 0x3d4, 0x3d5, 0x3da, 0x3f8,
		0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe,
	};
	unsigned pick = take(in, 1);

	if (pick < sizeof(ports) / sizeof(ports[0]))
		return ports[pick];
	return pick & 1 ? ports[pick % 48] : take(in, 2);
}

/* A register of an APIC or the HPET: aligned ones oftener than others. */
static uint32_t take_register(struct input *in)
{
	uint16_t pick = take(in, 2);

	if (pick & 0x8000)
		return IOAPIC + (pick & 0x4000 ? pick & 0x50 : pick & 0xfff);
	if (pick & 0x2000)
		return HPET + (pick & 0x1000 ? pick & 0x3ff : pick & 0x174);
	return LAPIC + (pick & 0x4000 ? pick & 0xfff : pick & 0x3f0);
}

/* Jump by up to 2^35 ns, and see to what became due. */
static void pass_time(struct input *in)
{
	uint64_t ns = take(in, 4) << take(in, 1) % 4;

	clock_skip_to(&m->clock, clock_now(&m->clock) + ns);
	clock_run(&m->clock);
	check(clock_next(&m->clock) > clock_now(&m->clock));
}

static void interrupt(void)
{
	int vector;

	if (!m->intr.pending(m->intr.ctx, 0))
		return;
	vector = m->intr.acknowledge(m->intr.ctx, 0);
	check(vector >= -1 && vector <= 255);
}

static void look(void)
{
	struct vga_screen s;

	vga_screen(board.vga, &s);
	check(s.cols && s.rows && s.text_gpa >= 0xb0000);
	check(s.text_gpa + s.cols * s.rows * 2 <= 0xc0000);
	check(s.cursor_x < (int)s.cols && s.cursor_y < (int)s.rows);
}

/* As if every chip's state had been saved and put back. */
static void restore(void)
{
	for (struct device *dev = m->devices; dev; dev = dev->next)
		dev->ops->restored(dev);
	clock_run(&m->clock);
	check(clock_next(&m->clock) > clock_now(&m->clock));
}

static void serial(struct input *in)
{
	uint8_t byte = take(in, 1);
	struct device *uart = board.com[byte & 1];
	size_t room = uart_room(uart);

	check(uart_receive(uart, &byte, 1) == (room != 0));
}

static void step(struct input *in)
{
	static const uint8_t sizes[] = {1, 1, 2, 4};
	unsigned op = take(in, 1), width = sizes[op >> 4 & 3];

	switch (op & 15) {
	case 0 ... 4:
		bus_write(&m->ports, take_port(in), width, take(in, width));
		break;
	case 5 ... 6:
		bus_read(&m->ports, take_port(in), width);
		break;
	case 7 ... 9:
		bus_write(&m->mmio, take_register(in), op & 0x40 ? width : 4,
			  take(in, 4));
		break;
	case 10:
		bus_read(&m->mmio, take_register(in), 4);
		break;
	case 11:
		pass_time(in);
		break;
	case 12:
		interrupt();
		break;
	case 13:
		i8042_key(board.kbd, take(in, 2), op & 0x80);
		break;
	case 14:
		serial(in);
		break;
	case 15:
		look();
		restore();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct board_config config = {.rtc_epoch = BOARD_EPOCH};
	struct input in = {data, data + size};

	config.bios_state = take(&in, 1) & 1;
	m = machine_create(1 << 20);
	if (!m || board_build(&board, m, &config))
		abort();
	while (in.at < in.end)
		step(&in);
	machine_destroy(m);
	return 0;
}
