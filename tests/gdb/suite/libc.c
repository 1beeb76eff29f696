/*
 * libc.c: what programs of the suite want from a C library, and no more. It
 * is an archive without debugging information; a program may have functions
 * of the same names instead. The headers are the system's.
 */
#include "tests/gdb/suite/libc.h"

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* Where text goes: to COM1, or to memory of so many bytes. */
struct out {
	char *at;
	size_t room, count;
};

static void out_char(struct out *o, char c)
{
	if (!o->at)
		outb(COM1, (unsigned char)c);
	else if (o->count + 1 < o->room)
		o->at[o->count] = c;
	o->count++;
}

static void out_string(struct out *o, const char *s, long width, long most)
{
	long n = (long)length(s);

	if (most >= 0 && n > most)
		n = most;
	for (long i = n; i < width; i++)
		out_char(o, ' ');
	for (long i = 0; i < n; i++)
		out_char(o, s[i]);
	for (long i = n; i < -width; i++)
		out_char(o, ' ');
}

static char *digits(char *end, unsigned long n, unsigned int base, int least)
{
	do {
		*--end = "0123456789abcdef"[n % base];
		n /= base;
	} while (n || --least > 0);
	return end;
}

static void out_double(struct out *o, double d, long width, long places)
{
	char text[80], *s;
	double scale = 1;

	if (places < 0)
		places = 6;
	else if (places > 15)
		places = 15;
	for (long i = 0; i < places; i++)
		scale *= 10;
	unsigned long whole = (unsigned long)(d < 0 ? -d : d);
	double rest = (d < 0 ? -d : d) - (double)whole;
	unsigned long part = (unsigned long)(rest * scale + 0.5);

	if (part >= (unsigned long)scale) {
		part = 0;
		whole++;
	}
	text[sizeof(text) - 1] = 0;
	s = text + sizeof(text) - 1;
	if (places) {
		s = digits(s, part, 10, (int)places);
		*--s = '.';
	}
	s = digits(s, whole, 10, 1);
	if (d < 0)
		*--s = '-';
	out_string(o, s, width, -1);
}

struct conversion {
	long width, places;
	bool wide, zero, left;
};

static const char *parse(const char *f, struct conversion *c, va_list *args)
{
	*c = (struct conversion){.places = -1};
	for (;; f++) {
		if (*f == '0')
			c->zero = true;
		else if (*f == '-')
			c->left = true;
		else if (*f != '#' && *f != '+' && *f != ' ')
			break;
	}
	if (*f == '*') {
		c->width = va_arg(*args, int);
		f++;
	}
	while (*f >= '0' && *f <= '9')
		c->width = c->width * 10 + *f++ - '0';
	if (*f == '.') {
		c->places = 0;
		if (*++f == '*') {
			c->places = va_arg(*args, int);
			f++;
		}
		while (*f >= '0' && *f <= '9')
			c->places = c->places * 10 + *f++ - '0';
	}
	for (; *f == 'l' || *f == 'z' || *f == 'h' || *f == 'j'; f++)
		c->wide |= *f != 'h';
	if (c->left)
		c->width = -c->width;
	return f;
}

static void out_number(struct out *o, char kind, const struct conversion *c,
		       va_list *args)
{
	unsigned long n;
	bool minus = false;
	char text[80], *s = text + sizeof(text) - 1;
	long least = c->places;

	if (kind == 'd' || kind == 'i') {
		long v = c->wide ? va_arg(*args, long) : va_arg(*args, int);

		minus = v < 0;
		n = minus ? -(unsigned long)v : (unsigned long)v;
	} else {
		n = c->wide || kind == 'p' ? va_arg(*args, unsigned long)
					   : va_arg(*args, unsigned int);
	}
	if (c->zero && !c->left && least < 0)
		least = c->width - minus;
	if (least > 60)
		least = 60;
	*s = 0;
	s = digits(s, n,
		   kind == 'o'				       ? 8
		   : kind == 'x' || kind == 'X' || kind == 'p' ? 16
							       : 10,
		   (int)least);
	if (kind == 'p') {
		*--s = 'x';
		*--s = '0';
	}
	if (minus)
		*--s = '-';
	out_string(o, s, c->width, -1);
}

static void format(struct out *o, const char *f, va_list *args)
{
	struct conversion c;

	for (; *f; f++) {
		if (*f != '%') {
			out_char(o, *f);
			continue;
		}
		f = parse(f + 1, &c, args);
		switch (*f) {
		case 0:
			return;
		case 'c': {
			char text[2] = {(char)va_arg(*args, int)};

			out_string(o, text, c.width, -1);
			break;
		}
		case 's': {
			const char *s = va_arg(*args, const char *);

			out_string(o, s ? s : "(null)", c.width, c.places);
			break;
		}
		case 'f':
		case 'g':
		case 'e':
			out_double(o, va_arg(*args, double), c.width, c.places);
			break;
		case '%':
			out_char(o, '%');
			break;
		default:
			out_number(o, *f, &c, args);
		}
	}
}

int vprintf(const char *f, va_list args)
{
	struct out o = {0};
	va_list copy;

	va_copy(copy, args);
	format(&o, f, &copy);
	va_end(copy);
	return (int)o.count;
}

int vsnprintf(char *s, size_t n, const char *f, va_list args)
{
	char none;
	struct out o = {.at = n ? s : &none, .room = n};
	va_list copy;

	va_copy(copy, args);
	format(&o, f, &copy);
	va_end(copy);
	if (n)
		s[o.count < n ? o.count : n - 1] = 0;
	return (int)o.count;
}

#define WITH_ARGS(last, call)          \
	({                             \
		va_list args_;         \
		int result_;           \
		va_start(args_, last); \
		result_ = (call);      \
		va_end(args_);         \
		result_;               \
	})

int printf(const char *f, ...)
{
	return WITH_ARGS(f, vprintf(f, args_));
}

int vfprintf(void *file, const char *f, va_list args)
{
	(void)file;
	return vprintf(f, args);
}

int fprintf(void *file, const char *f, ...)
{
	(void)file;
	return WITH_ARGS(f, vprintf(f, args_));
}

int snprintf(char *s, size_t n, const char *f, ...)
{
	return WITH_ARGS(f, vsnprintf(s, n, f, args_));
}

int sprintf(char *s, const char *f, ...)
{
	return WITH_ARGS(f, vsnprintf(s, 1 << 30, f, args_));
}

int putchar(int c)
{
	outb(COM1, (unsigned char)c);
	return c;
}

int putc(int c, void *file)
{
	(void)file;
	return putchar(c);
}

int fputc(int c, void *file)
{
	(void)file;
	return putchar(c);
}

int fputs(const char *s, void *file)
{
	struct out o = {0};

	(void)file;
	out_string(&o, s, 0, -1);
	return 0;
}

int puts(const char *s)
{
	fputs(s, 0);
	return putchar('\n');
}

void perror(const char *s)
{
	puts(s);
}

/* Files: there are none but these, and all is written at once. */
static int standard;
void *stdin = &standard, *stdout = &standard, *stderr = &standard;

int fileno(void *file)
{
	(void)file;
	return 1;
}

int isatty(int fd)
{
	(void)fd;
	return 0;
}

int fflush(void *file)
{
	(void)file;
	return 0;
}

int setvbuf(void *file, char *buffer, int mode, size_t size)
{
	(void)file;
	(void)buffer;
	(void)mode;
	(void)size;
	return 0;
}

void setbuf(void *file, char *buffer)
{
	(void)file;
	(void)buffer;
}

long read(int fd, void *to, size_t n)
{
	(void)fd;
	(void)to;
	(void)n;
	return 0;
}

long write(int fd, const void *from, size_t n)
{
	const char *s = from;

	(void)fd;
	for (size_t i = 0; i < n; i++)
		putchar(s[i]);
	return (long)n;
}

size_t fwrite(const void *from, size_t size, size_t n, void *file)
{
	(void)file;
	write(1, from, size * n);
	return n;
}
