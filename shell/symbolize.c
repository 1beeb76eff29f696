/*
 * symbolize.c: all that comes in goes out at once and unchanged. A copy of the
 * line is kept, to its end, and what it holds is explained below it.
 *
 * A token names its image by build ID. A plain number could be anything: it is
 * taken for an address if it lies in code of a file and either is long or
 * stands on a line that speaks of addresses.
 */
#include "shell/symbolize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/source.h"
#include "shell/token.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define LINE_SIZE    8192 /* of a longer line, the rest is not looked at */
#define DIGITS_LONG  8	  /* so many are hardly anything but an address */
#define DIGITS_PLAIN 16	  /* without 0x only whole words */

struct symbolizer {
	struct source **source;
	unsigned count;
	FILE *out;
	char line[LINE_SIZE];
	size_t len;
	bool newline_missing; /* the line that is explained has no end */
	bool bad;	      /* a token could not be resolved */
};

/* ---- output ---- */

__attribute__((format(printf, 2, 3))) static void explain(struct symbolizer *s,
							  const char *fmt, ...)
{
	va_list args;

	if (s->newline_missing)
		fputc('\n', s->out);
	s->newline_missing = false;
	fputs("    ", s->out);
	va_start(args, fmt);
	vfprintf(s->out, fmt, args);
	va_end(args);
	fputc('\n', s->out);
}

/* " in rinit.elf", when there are several to choose from. */
static void file_text(const struct symbolizer *s, const struct source *source,
		      char *text, size_t size)
{
	const char *path = source_path(source), *slash = strrchr(path, '/');

	*text = 0;
	if (s->count > 1)
		snprintf(text, size, " in %s", slash ? slash + 1 : path);
}

/* `shown` is the address in the log, `va` the one to look up. */
static bool explain_address(struct symbolizer *s, struct source *source,
			    uint64_t shown, uint64_t va)
{
	struct source_frame frame[SOURCE_FRAMES_MAX];
	unsigned count = source_find(source, va, frame);
	char in[80];

	file_text(s, source, in, sizeof(in));
	for (unsigned i = 0; i < count; i++) {
		const char *name = frame[i].function ? frame[i].function : "?";
		char place[300] = "";
		char start[40];

		if (frame[i].file)
			snprintf(place, sizeof(place), " at %s:%u",
				 frame[i].file, frame[i].line);
		snprintf(start, sizeof(start), "0x%-*" PRIx64, 6, shown);
		explain(s, "%s %s%s%s", i ? "  inlined into" : start, name,
			place, i ? "" : in);
	}
	return count > 0;
}

/*
 * A return address is behind its call, which may end a function. The first
 * function of a task has none before it: a stack may begin with any address.
 */
static bool explain_return(struct symbolizer *s, struct source *source,
			   uint64_t pc)
{
	return explain_address(s, source, pc, pc - 1) ||
	       explain_address(s, source, pc, pc);
}

/* ---- tokens ---- */

static void list_ids(struct symbolizer *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		const char *path = source_path(s->source[i]);
		uint8_t id[SOURCE_ID_MAX] = {0};

		if (source_build_id(s->source[i], id) < 4)
			explain(s, "(%s has no build ID)", path);
		else
			explain(s, "(%s has build ID %02x%02x%02x%02x)", path,
				id[0], id[1], id[2], id[3]);
	}
}

static struct source *find_build(const struct symbolizer *s,
				 const uint8_t wanted[4])
{
	uint8_t id[SOURCE_ID_MAX];

	for (unsigned i = 0; i < s->count; i++)
		if (source_build_id(s->source[i], id) >= 4 &&
		    !memcmp(id, wanted, 4))
			return s->source[i];
	return NULL;
}

static void explain_token(struct symbolizer *s, const struct token *t)
{
	struct source *source = find_build(s, t->id);

	if (!source) {
		s->bad = true;
		explain(s,
			"(this backtrace is of another build: its image has "
			"build ID %02x%02x%02x%02x)",
			t->id[0], t->id[1], t->id[2], t->id[3]);
		list_ids(s);
		return;
	}
	for (unsigned i = 0; i < t->count; i++)
		if (!explain_return(s, source, t->pc[i]))
			explain(s, "0x%-*" PRIx64 " ? not in this image", 6,
				t->pc[i]);
	if (t->end == BACKTRACE_CUT)
		explain(s, "(more callers, which the token has no room for)");
	if (t->end == BACKTRACE_BROKEN)
		explain(s, "(the chain of frames leaves the stack here)");
}

static size_t take_token(struct symbolizer *s, const char *text, size_t len)
{
	struct token t;

	switch (token_parse(text, len, &t)) {
	case TOKEN_NONE:
		return 0;
	case TOKEN_GOOD:
		explain_token(s, &t);
		break;
	case TOKEN_VERSION:
		s->bad = true;
		explain(s,
			"(a backtrace token of version %u; this vmm knows "
			"version %d)",
			t.version, BACKTRACE_VERSION);
		break;
	case TOKEN_DAMAGED:
		s->bad = true;
		explain(s, "(this backtrace token is damaged: its checksum "
			   "does not fit)");
		break;
	}
	return t.len;
}

/* ---- plain addresses ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static bool is_word(char c)
{
	return is_hex(c) || (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') ||
	       c == '_';
}

/* Does one of the words that announce addresses stand in the line? */
static bool speaks_of_addresses(const struct symbolizer *s)
{
	static const char *const words[] = {
		"rip", "eip", "ip",	   "pc",      "RIP",	"EIP",
		"IP",  "PC",  "backtrace", "address", "called",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = s->line, *end = s->line + s->len;
		size_t len = strlen(words[i]);

		while ((at = memmem(at, end - at, words[i], len))) {
			bool begins = at == s->line || !is_word(at[-1]);

			at += len;
			if (begins && (at == end || !is_word(*at)))
				return true;
		}
	}
	return false;
}

/* A number that may be an address: its length in the text, or 0. */
static size_t take_number(const char *text, size_t len, uint64_t *value,
			  unsigned *digits)
{
	bool prefixed = len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
	size_t at = prefixed ? 2 : 0;
	char copy[DIGITS_PLAIN + 1] = "";

	for (*digits = 0; at < len && is_hex(text[at]); at++) {
		if (*digits == DIGITS_PLAIN)
			return 0;
		copy[(*digits)++] = text[at];
	}
	if (*digits == 0 || (!prefixed && *digits != DIGITS_PLAIN) ||
	    (at < len && is_word(text[at])))
		return 0;
	*value = strtoull(copy, NULL, 16);
	return at;
}

static void explain_number(struct symbolizer *s, uint64_t value, bool returns)
{
	for (unsigned i = 0; i < s->count; i++)
		if (returns)
			explain_return(s, s->source[i], value);
		else
			explain_address(s, s->source[i], value, value);
}

/* ---- lines ---- */

static void explain_line(struct symbolizer *s)
{
	const size_t word = strlen(BACKTRACE_WORD);
	bool speaks = speaks_of_addresses(s), trace = false;
	unsigned numbers = 0, digits;
	size_t at = 0, used;
	uint64_t value;

	while (at < s->len) {
		const char *text = s->line + at;
		size_t left = s->len - at;

		if (left > word && !memcmp(text, BACKTRACE_WORD, word)) {
			at += word;
			at += take_token(s, text + word, left - word);
			trace = true;
			continue;
		}
		if (at > 0 && is_word(text[-1])) {
			at++;
			continue;
		}
		used = take_number(text, left, &value, &digits);
		/* In a trace, all but the first are return addresses. */
		if (used && (speaks || digits >= DIGITS_LONG))
			explain_number(s, value, trace && numbers++ > 0);
		at += used ? used : 1;
	}
	s->len = 0;
}

static void take_bytes(struct symbolizer *s, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t part = end ? (size_t)(end + 1 - text) : len;
		size_t room = LINE_SIZE - s->len;

		fwrite(text, 1, part, s->out);
		memcpy(s->line + s->len, text, part < room ? part : room);
		s->len += part < room ? part : room;
		if (end)
			explain_line(s);
		text += part;
		len -= part;
	}
	fflush(s->out);
}

static int copy(struct symbolizer *s, int in)
{
	char bytes[4096];
	ssize_t len;

	for (;;) {
		len = read(in, bytes, sizeof(bytes));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			fail(-errno, "standard input: %s", strerror(errno));
			return EXIT_HOST;
		}
		if (len == 0)
			break;
		take_bytes(s, bytes, len);
		if (ferror(s->out))
			break;
	}
	s->newline_missing = s->len > 0;
	explain_line(s);
	if (fflush(s->out) == 0 && !ferror(s->out))
		return s->bad;
	fail(-errno, "standard output: %s", strerror(errno));
	return EXIT_HOST;
}

int symbolize(char *const *elf, unsigned count, int in, FILE *out)
{
	struct symbolizer *s = calloc(1, sizeof(*s));
	int status = EXIT_HOST;

	if (s)
		s->source = calloc(count, sizeof(*s->source));
	if (!s || !s->source) {
		fail(-ENOMEM, "symbolize: no memory");
		goto out;
	}
	s->out = out;
	status = EXIT_USAGE;
	for (; s->count < count; s->count++) {
		s->source[s->count] = source_open(elf[s->count]);
		if (!s->source[s->count])
			goto out;
	}
	status = copy(s, in);
out:
	while (s && s->count > 0)
		source_close(s->source[--s->count]);
	free(s ? s->source : NULL);
	free(s);
	return status;
}

static int run_symbolize(int argc, char **argv)
{
	int err = cli_parse(&command_symbolize, argc, argv, NULL);

	if (err)
		return cli_status(err);
	if (optind == argc)
		return fail(EXIT_USAGE, "symbolize: which ELF files? See vmm "
					"help symbolize");
	return symbolize(argv + optind, argc - optind, STDIN_FILENO, stdout);
}

static const struct cli_option rows[] = {CLI_HELP};

const struct cli_command command_symbolize = {
	.name = "symbolize",
	.usage = "ELF... <LOG",
	.summary = "name the functions and lines in a log's backtraces",
	.story = "Copy standard input to standard output, and say below each "
		 "line which\n"
		 "functions and lines of the ELF files its addresses are: "
		 "those of backtrace\n"
		 "tokens (backtrace: 1:...), of the return addresses behind "
		 "\"backtrace:\", and\n"
		 "other numbers of 8 digits or more, or fewer on lines with a "
		 "word such as rip.\n"
		 "Functions that the compiler has inlined are named, too.\n",
	CLI_OPTIONS(rows),
	.after = "Examples:\n"
		 "  vmm boot kernel.elf --init init.elf |\n"
		 "        vmm symbolize kernel.elf init.elf\n"
		 "  vmm symbolize init.elf <panic.log\n"
		 "\n"
		 "Exit status:\n"
		 "    0  all went well\n"
		 "    1  a token was damaged, or of another build than the "
		 "files\n"
		 "    2  wrong options, or a file that is no ELF file\n"
		 "   71  standard input or output failed\n",
	.run = run_symbolize,
};
