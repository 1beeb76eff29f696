/* serial.c: bytes to the UART, each when the one before has left. */
#include "guest-kernel/user/serial.h"

#define COM1	     0x3f8
#define COM1_LSR     0x3fd
#define LSR_TX_EMPTY 0x20

/* A line that is stuck loses bytes: it must not hold the program for ever. */
#define POLLS_MAX    10000

static void put(struct serial *s, uint8_t byte)
{
	uint64_t status = 0;

	for (int i = 0; i < POLLS_MAX && !(status & LSR_TX_EMPTY); i++) {
		if (sys_io_port_in(s->ports, COM1_LSR, 1, &status) != ERR_OK)
			return;
	}
	if (status & LSR_TX_EMPTY)
		sys_io_port_out(s->ports, COM1, 1, byte);
}

static void serial_write(struct console *console, const char *text, size_t len)
{
	struct serial *s = (struct serial *)console;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			put(s, '\r');
		put(s, text[i]);
	}
}

void serial_init(struct serial *s, struct caddr ports)
{
	*s = (struct serial){.console = {serial_write}, .ports = ports};
}

_Static_assert(offsetof(struct serial, console) == 0, "serial_write casts");
