/* options_serial.c: where serial lines go, as --serial and its like say it. */
#include "shell/options_serial.h"

#include <errno.h>
#include <string.h>

#include "vmm/log.h"

static const struct {
	const char *word; /* with ':' something follows */
	enum serial_kind kind;
} kinds[] = {{"stdio", SERIAL_STDIO},	{"null", SERIAL_NULL},
	     {"stderr", SERIAL_STDERR}, {"pty", SERIAL_PTY},
	     {"file:", SERIAL_FILE},	{"tee:", SERIAL_TEE},
	     {"pty:", SERIAL_PTY},	{"unix:", SERIAL_UNIX},
	     {"tcp:", SERIAL_TCP}};

static bool reads(const char *word, const char *value)
{
	size_t len = strlen(word);

	if (word[len - 1] != ':')
		return !strcmp(word, value);
	return !strncmp(word, value, len) && value[len];
}

static int set(struct options *o, unsigned which, const char *name,
	       const char *value)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *word = kinds[i].word;

		if (!reads(word, value))
			continue;
		o->serial[which] = (struct serial_option){
			kinds[i].kind,
			strchr(word, ':') ? value + strlen(word) : NULL, true};
		return 0;
	}
	return fail(-EINVAL,
		    "--%s: '%s' is none of: stdio, stderr, file:PATH, "
		    "tee:PATH, pty, "
		    "pty:LINK, unix:PATH, tcp:PORT, tcp:HOST:PORT, null",
		    name, value);
}

int options_serial(void *ctx, const char *value)
{
	return set(ctx, 0, "serial", value);
}

int options_serial2(void *ctx, const char *value)
{
	return set(ctx, 1, "serial2", value);
}

int options_serial3(void *ctx, const char *value)
{
	return set(ctx, 2, "serial3", value);
}

int options_serial4(void *ctx, const char *value)
{
	return set(ctx, 3, "serial4", value);
}

const struct cli_word options_stamp_words[] = {{"none", STAMP_NONE},
					       {"virtual", STAMP_VIRTUAL},
					       {"host", STAMP_HOST},
					       {NULL, 0}};

static bool takes_stdin(const struct serial_option *serial)
{
	return serial->kind == SERIAL_STDIO || serial->kind == SERIAL_TEE;
}

int options_check_serial(const struct options *o)
{
	bool taken = o->gdb && !strcmp(o->gdb, "stdio");

	for (unsigned i = 0; i < BOARD_COMS; i++) {
		if (takes_stdin(&o->serial[i]) && taken)
			return fail(-EINVAL,
				    "--serial%u: two serial lines cannot both "
				    "have standard input (stdio, tee), nor one "
				    "of them and gdb; give --serial another "
				    "place, as stderr",
				    i + 1);
		taken |= takes_stdin(&o->serial[i]);
	}
	return 0;
}
