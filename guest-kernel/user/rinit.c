/*
 * rinit.c: the init program. The first task that runs this image is the
 * parent: a command line on the screen and on the serial line, each with its
 * own editor, both fed by the input channel. Any other is a child, which
 * tells on the log what it receives. As in Rux, whose walk-through starts a
 * child by hand with the two addresses that the parent shows.
 */
#include "guest-kernel/user/input_driver.h"
#include "guest-kernel/user/keymap.h"
#include "guest-kernel/user/line.h"
#include "guest-kernel/user/link_driver.h"
#include "guest-kernel/user/rinit_cli.h"
#include "guest-kernel/user/rt.h"
#include "guest-kernel/user/serial.h"
#include "guest-kernel/user/vga.h"

static struct parent {
	struct vga vga;
	struct serial serial;
	struct keymap keymap;
	struct line screen, terminal;
	struct child_start child;
} parent;

static void greet(struct line *line, const struct child_start *child)
{
	console_print(line->console,
		      "Child entry should be at: 0x%llx (%llu)\n"
		      "Child stack pointer should be at: 0x%llx (%llu)\n",
		      child->entry, child->entry, child->stack, child->stack);
	line_start(line);
}

static void key(struct parent *p, struct line *line, int c)
{
	if (c == KEYMAP_NONE || !line_key(line, c))
		return;
	cli_execute(line->console, &p->child, line->text);
	line_start(line);
}

static void parent_main(struct parent *p)
{
	struct taken input;
	enum error err;

	rt_print("parent rinit started.");
	p->child =
		(struct child_start){(uintptr_t)_start, BOOT_CHILD_STACK_TOP};
	vga_init(&p->vga, (void *)BOOT_VGA, caddr_root(BOOT_SLOT_VGA_PORTS));
	serial_init(&p->serial, caddr_root(BOOT_SLOT_SERIAL_PORTS));
	line_init(&p->screen, &p->vga.console, ">>> ");
	line_init(&p->terminal, &p->serial.console, ">>> ");
	err = input_driver_start();
	if (err != ERR_OK)
		rt_panic("input driver: %s: %s", error_name(err),
			 error_text(err));
	err = link_driver_start(p->child.entry, p->child.stack);
	if (err != ERR_OK)
		rt_print("debug link: %s: %s", error_name(err),
			 error_text(err));
	greet(&p->screen, &p->child);
	greet(&p->terminal, &p->child);

	for (;;) {
		err = sys_channel_take(caddr_root(BOOT_SLOT_INPUT), 0,
				       CADDR_ANY, &input);
		if (err != ERR_OK)
			rt_panic("input: %s: %s", error_name(err),
				 error_text(err));
		if (input.kind != CHANNEL_RAW)
			continue;
		if (input.value < INPUT_SERIAL)
			key(p, &p->screen,
			    keymap_feed(&p->keymap, input.value));
		else
			key(p, &p->terminal, input.value & 0xff);
	}
}

static void print_received(const struct taken *got)
{
	uint64_t value = got->value, type = OBJECT_NULL;

	switch (got->kind) {
	case CHANNEL_CAP:
		sys_cpool_type(caddr_root(BOOT_SLOT_CPOOL), value, &type);
		rt_print("Received from master: capability %s in slot %llu",
			 object_name(type), (unsigned long long)value);
		return;
	case CHANNEL_PAYLOAD:
		if (value != sizeof(uint64_t)) {
			rt_print("Received from master: %llu bytes",
				 (unsigned long long)value);
			return;
		}
		memcpy(&value, rt_buffer()->data, sizeof(value));
		break;
	case CHANNEL_RAW:
		break;
	}
	rt_print("Received from master: %llu", (unsigned long long)value);
}

/* Ends when it cannot take, as when the pool has no slot for a capability. */
static void child_main(void)
{
	struct taken got;
	enum error err;

	rt_print("child rinit started.");
	for (;;) {
		err = sys_channel_take(caddr_root(BOOT_SLOT_CHANNEL), 0,
				       CADDR_ANY, &got);
		if (err != ERR_OK)
			break;
		print_received(&got);
	}
	rt_print("child rinit ends: take: %s: %s", error_name(err),
		 error_text(err));
}

int user_main(const struct boot_info *info)
{
	if (info)
		parent_main(&parent);
	else
		child_main();
	return 0;
}
