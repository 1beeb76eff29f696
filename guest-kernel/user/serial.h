/* serial.h: COM1 as a console. \n goes out as \r\n, as terminals want it. */
#ifndef USER_SERIAL_H
#define USER_SERIAL_H

#include "guest-kernel/user/console.h"
#include "guest-kernel/user/rt.h"

struct serial {
	struct console console;
	struct caddr ports;
};

/* The kernel has set the line up; its log goes there as well. */
void serial_init(struct serial *serial, struct caddr ports);

#endif
