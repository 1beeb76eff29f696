/* text.c: hex and numbers, files and messages. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "evm/tool/tool.h"

static void *host_resize(void *ctx, void *old, size_t old_size, size_t size)
{
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

const struct evm_allocator host_allocator = {.resize = host_resize};

int complain(int code, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("evm: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

/* Beyond what any fixture has; a device may have no end. */
#define READ_MAX (1 << 30)

static bool too_long(FILE *file)
{
	struct stat st;

	if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size <= READ_MAX)
		return false;
	errno = EFBIG;
	return true;
}

char *read_file(const char *path, size_t *len)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t size = 0, n = 1;
	char *text = NULL, *more;

	if (file && too_long(file))
		goto fail;
	for (*len = 0; file && n > 0; *len += n) {
		size = size ? size * 2 : 65536;
		if (size > READ_MAX)
			errno = EFBIG;
		more = size > READ_MAX ? NULL : realloc(text, size + 1);
		if (!more)
			goto fail;
		text = more;
		n = fread(text + *len, 1, size - *len, file);
		if (ferror(file))
			goto fail;
	}
	if (text)
		text[*len] = 0;
	if (file && file != stdin)
		fclose(file);
	return text;
fail:
	free(text);
	if (file != stdin)
		fclose(file);
	return NULL;
}

static const char *skip_0x(const char *text)
{
	return text[0] == '0' && (text[1] | 0x20) == 'x' ? text + 2 : text;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_number(const char *text, struct u256 *value)
{
	const char *p = skip_0x(text);
	struct u256 four = u256_from(4);

	*value = u256_from(0);
	for (; *p == '0' && p[1]; p++)
		;
	if (!*p || strlen(p) > 64)
		return false;
	for (; *p; p++) {
		if (digit(*p) < 0)
			return false;
		*value = u256_shl(&four, value);
		value->w[0] |= (uint64_t)digit(*p);
	}
	return true;
}

bool parse_decimal(const char *text, struct u256 *value)
{
	struct u256 ten = u256_from(10), digit, before;

	*value = u256_from(0);
	if (!*text)
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		before = *value;
		digit = u256_from((uint64_t)(*text - '0'));
		*value = u256_mul(value, &ten);
		*value = u256_add(value, &digit);
		if (u256_bits(&before) > 252 || u256_less(value, &before))
			return false;
	}
	return !*text;
}

bool parse_u64(const char *text, uint64_t *value)
{
	struct u256 wide;
	char *end;

	if (skip_0x(text) != text) {
		if (!parse_number(text, &wide) || !u256_fits_u64(&wide))
			return false;
		*value = wide.w[0];
		return true;
	}
	errno = 0;
	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

bool parse_bytes(const char *text, uint8_t **bytes, size_t *len)
{
	const char *p = skip_0x(text);
	size_t n = strlen(p);

	*bytes = n % 2 == 0 ? calloc(1, n / 2 + 1) : NULL;
	if (!*bytes)
		return false;
	*len = n / 2;
	for (size_t i = 0; i < n; i++) {
		if (digit(p[i]) < 0) {
			free(*bytes);
			*bytes = NULL;
			return false;
		}
		(*bytes)[i / 2] = (uint8_t)((*bytes)[i / 2] << 4 | digit(p[i]));
	}
	return true;
}

bool parse_address(const char *text, struct evm_address *addr)
{
	uint8_t *bytes;
	size_t len;
	bool ok;

	if (!parse_bytes(text, &bytes, &len))
		return false;
	ok = len == sizeof(addr->bytes);
	if (ok)
		memcpy(addr->bytes, bytes, len);
	free(bytes);
	return ok;
}

void print_hex(FILE *out, const uint8_t *bytes, size_t len)
{
	fputs("0x", out);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", bytes[i]);
}

void print_number(FILE *out, const struct u256 *value)
{
	int i = 3;

	while (i > 0 && value->w[i] == 0)
		i--;
	fprintf(out, "0x%" PRIx64, value->w[i]);
	while (i-- > 0)
		fprintf(out, "%016" PRIx64, value->w[i]);
}
