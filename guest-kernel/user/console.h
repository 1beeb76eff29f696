/* console.h: somewhere to write text to; the screen and the serial line. */
#ifndef USER_CONSOLE_H
#define USER_CONSOLE_H

#include <stddef.h>

struct console {
	void (*write)(struct console *console, const char *text, size_t len);
};

/* Formatted as by rt_vsnprintf(), cut at 511 characters. */
__attribute__((format(printf, 2, 3))) void console_print(
	struct console *console, const char *fmt, ...);

#endif
