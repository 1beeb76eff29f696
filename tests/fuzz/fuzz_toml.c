/*
 * fuzz_toml.c: any bytes as a configuration, and as what a guest writes about
 * its tests.
 *
 *	clang -g -fsanitize=fuzzer,address -I. -D_GNU_SOURCE \
 *		tests/fuzz/fuzz_toml.c shell/toml.c shell/runner/points.c \
 *		vmm/log.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/runner/points.h"
#include "shell/toml.h"

/* Pieces that make deep states likely: a byte picks one, or stands as it is. */
static const char *const pieces[] = {
	"[",
	"[[",
	"]]\n",
	"a = ",
	"\"",
	"\\u0041",
	"'",
	"true",
	"1_0",
	"[1,",
	"]\n",
	"#",
	"\nok 1",
	"\nnot ok",
	" - x # SKIP",
	"\n1..",
	"\n    1..2\n",
	"\n  ok 2 y",
	"\n# Subtest: s",
	"\n  ---\n",
	"\n  ...\n",
	"\nPASS: a",
	"\nSUMMARY: 1 tests",
	"\nTAP version 13",
	"\n  KTAP version 1",
	"\nBail out!",
	"\n# at f.c:1",
	"\n[   1.0] ",
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(32 * len + 1), why[64];
	char *planned[] = {"x", "y"};
	size_t size = 0;
	struct points p;
	struct toml t;

	if (!text)
		return 0;
	for (size_t i = 0; i < len; i++) {
		const char *piece = data[i] >= 128
					    ? pieces[(data[i] - 128) % PIECES]
					    : NULL;

		if (piece)
			size += strlen(strcpy(text + size, piece));
		else
			text[size++] = data[i];
	}
	toml_parse(text, size, &t, why, sizeof(why));
	toml_fini(&t);
	toml_parse((const char *)data, len, &t, why, sizeof(why));
	toml_fini(&t);
	points_init(&p);
	points_feed(&p, text, size);
	points_end(&p, planned, len & 2 ? 2 : 0);
	points_fini(&p);
	free(text);
	return 0;
}
