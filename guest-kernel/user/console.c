/* console.c: formatted text for any console. */
#include "guest-kernel/user/console.h"
#include "guest-kernel/user/rt.h"

#define TEXT_SIZE 512

void console_print(struct console *console, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list args;
	int len;

	va_start(args, fmt);
	len = rt_vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	console->write(console, text, len < TEXT_SIZE ? len : TEXT_SIZE - 1);
}
