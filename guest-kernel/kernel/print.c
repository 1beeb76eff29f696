/* print.c: the log, a byte at a time, and the end of the kernel. */
#include "guest-kernel/kernel/kernel.h"

#include <stdarg.h>

static void put_string(const char *s)
{
	while (*s)
		arch_put_byte(*s++);
}

static void put_number(uint64_t n, unsigned base)
{
	char digits[20];
	unsigned i = 0;

	do {
		digits[i++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	while (i > 0)
		arch_put_byte(digits[--i]);
}

static void print_list(const char *f, va_list args)
{
	for (; *f; f++) {
		if (*f != '%') {
			arch_put_byte(*f);
			continue;
		}
		switch (*++f) {
		case 's':
			put_string(va_arg(args, const char *));
			break;
		case 'u':
			put_number(va_arg(args, unsigned), 10);
			break;
		case 'l': /* lx: the only long one */
			f++;
			put_string("0x");
			put_number(va_arg(args, uint64_t), 16);
			break;
		default:
			arch_put_byte(*f);
		}
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_list(format, args);
	va_end(args);
}

void panic(const char *format, ...)
{
	va_list args;

	put_string("[kernel] panic: ");
	va_start(args, format);
	print_list(format, args);
	va_end(args);
	put_string("\n");
	arch_exit(0x30);
}
