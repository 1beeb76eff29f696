/*
 * printf.c: formatted text without a C library. rt.h says what it knows; an
 * unknown conversion is put out as it stands.
 */
#include "guest-kernel/user/rt.h"

#define PRINT_MAX 256 /* of one rt_print() */

/* Where the text goes; `len` counts on past the end, as snprintf returns. */
struct sink {
	char *buf;
	size_t size, len;
};

struct spec {
	bool left, zero, plus, space, alternate;
	int width;
	int precision;	/* -1: none given */
	unsigned bytes; /* of the integer argument */
};

static void put(struct sink *to, char c)
{
	if (to->len + 1 < to->size)
		to->buf[to->len] = c;
	to->len++;
}

static void put_many(struct sink *to, char c, int count)
{
	while (count-- > 0)
		put(to, c);
}

static void put_text(struct sink *to, const struct spec *s, const char *text,
		     int len)
{
	put_many(to, ' ', s->left ? 0 : s->width - len);
	for (int i = 0; i < len; i++)
		put(to, text[i]);
	put_many(to, ' ', s->left ? s->width - len : 0);
}

static void put_string(struct sink *to, const struct spec *s, const char *text)
{
	size_t max = s->precision < 0 ? INT32_MAX : s->precision;

	if (!text)
		text = "(null)";
	put_text(to, s, text, strnlen(text, max));
}

/* Prefix (sign or 0x), zeros and digits, within the field. */
static void put_number(struct sink *to, const struct spec *s, uint64_t value,
		       unsigned base, bool upper, const char *prefix)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int before = strlen(prefix), len = 0, min;
	char digits[24]; /* 64 bits are 22 octal digits */

	for (; value; value /= base)
		digits[len++] = set[value % base];
	min = s->precision < 0 ? 1 : s->precision;
	if (s->zero && !s->left && s->precision < 0)
		min = s->width - before > 1 ? s->width - before : 1;
	min = min < len ? len : min;
	put_many(to, ' ', s->left ? 0 : s->width - before - min);
	for (const char *p = prefix; *p; p++)
		put(to, *p);
	put_many(to, '0', min - len);
	for (int i = len; i > 0; i--)
		put(to, digits[i - 1]);
	put_many(to, ' ', s->left ? s->width - before - min : 0);
}

static void put_signed(struct sink *to, const struct spec *s, int64_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
	const char *sign = s->plus ? "+" : s->space ? " " : "";

	put_number(to, s, magnitude, 10, false, value < 0 ? "-" : sign);
}

/* With # a hexadecimal number has its 0x, unless it is 0. */
static void put_hex(struct sink *to, const struct spec *s, uint64_t value,
		    bool upper)
{
	const char *prefix = upper ? "0X" : "0x";

	put_number(to, s, value, 16, upper,
		   s->alternate && value ? prefix : "");
}

/* And an octal one begins with a 0 in any case. */
static void put_octal(struct sink *to, const struct spec *s, uint64_t value)
{
	struct spec octal = *s;
	int digits = 1;

	for (uint64_t v = value; v; v >>= 3)
		digits++;
	if (s->alternate && value && octal.precision < digits &&
	    !(s->zero && !s->left && s->precision < 0 && s->width >= digits))
		octal.precision = digits;
	if (s->alternate && !value && octal.precision == 0)
		octal.precision = 1;
	put_number(to, &octal, value, 8, false, "");
}

static uint64_t cut(uint64_t value, unsigned bytes)
{
	return bytes == 8 ? value : value & ((UINT64_C(1) << bytes * 8) - 1);
}

static int64_t cut_signed(uint64_t value, unsigned bytes)
{
	unsigned spare = 64 - bytes * 8;

	return (int64_t)(value << spare) >> spare;
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		switch (*f) {
		case '-':
			s->left = true;
			break;
		case '0':
			s->zero = true;
			break;
		case '+':
			s->plus = true;
			break;
		case ' ':
			s->space = true;
			break;
		case '#':
			s->alternate = true;
			break;
		default:
			return f;
		}
	}
}

static const char *parse_length(const char *f, struct spec *s)
{
	s->bytes = sizeof(int);
	switch (*f) {
	case 'h':
		s->bytes = f[1] == 'h' ? 1 : 2;
		return f + (f[1] == 'h' ? 2 : 1);
	case 'l':
		s->bytes = 8;
		return f + (f[1] == 'l' ? 2 : 1);
	case 'z':
	case 'j':
	case 't':
		s->bytes = 8;
		return f + 1;
	}
	return f;
}

/* Digits, kept small enough that no sum with them overflows. */
static const char *parse_digits(const char *f, int *number)
{
	for (*number = 0; *f >= '0' && *f <= '9'; f++) {
		if (*number < 100000)
			*number = *number * 10 + (*f - '0');
	}
	return f;
}

/* A va_list that functions can pass on by pointer. */
struct arguments {
	va_list list;
};

static const char *parse_width(const char *f, struct spec *s,
			       struct arguments *args)
{
	if (*f != '*')
		return parse_digits(f, &s->width);
	s->width = va_arg(args->list, int);
	if (s->width < 0) {
		s->left = true;
		s->width = s->width == INT32_MIN ? 0 : -s->width;
	}
	return f + 1;
}

static const char *parse_precision(const char *f, struct spec *s,
				   struct arguments *args)
{
	s->precision = -1;
	if (*f != '.')
		return f;
	if (f[1] != '*')
		return parse_digits(f + 1, &s->precision);
	s->precision = va_arg(args->list, int);
	return f + 2;
}

static uint64_t integer(const struct spec *s, struct arguments *args)
{
	uint64_t value = s->bytes == 8 ? va_arg(args->list, uint64_t)
				       : va_arg(args->list, unsigned);

	return cut(value, s->bytes);
}

/* One conversion, from behind its '%'. Returns what follows it. */
static const char *convert(struct sink *to, const char *f,
			   struct arguments *args)
{
	const char *start = f;
	struct spec s = {0};
	char c;

	f = parse_flags(f, &s);
	f = parse_width(f, &s, args);
	f = parse_precision(f, &s, args);
	f = parse_length(f, &s);
	switch (*f) {
	case 'd':
	case 'i':
		put_signed(to, &s, cut_signed(integer(&s, args), s.bytes));
		break;
	case 'u':
		put_number(to, &s, integer(&s, args), 10, false, "");
		break;
	case 'x':
	case 'X':
		put_hex(to, &s, integer(&s, args), *f == 'X');
		break;
	case 'o':
		put_octal(to, &s, integer(&s, args));
		break;
	case 'p':
		put_number(to, &s, (uintptr_t)va_arg(args->list, void *), 16,
			   false, "0x");
		break;
	case 'c':
		c = va_arg(args->list, int);
		put_text(to, &s, &c, 1);
		break;
	case 's':
		put_string(to, &s, va_arg(args->list, const char *));
		break;
	case '%':
		put(to, '%');
		break;
	default:
		put(to, '%');
		return start;
	}
	return f + 1;
}

int rt_vsnprintf(char *buf, size_t size, const char *fmt, va_list list)
{
	struct sink to = {buf, size, 0};
	struct arguments args;

	va_copy(args.list, list);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(&to, fmt + 1, &args);
		else
			put(&to, *fmt++);
	}
	va_end(args.list);
	if (size)
		buf[to.len < size ? to.len : size - 1] = 0;
	return to.len;
}

int rt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = rt_vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

void rt_print(const char *fmt, ...)
{
	char line[PRINT_MAX];
	va_list args;
	int len;

	va_start(args, fmt);
	len = rt_vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	sys_print(line, len < PRINT_MAX ? len : PRINT_MAX - 1);
}
