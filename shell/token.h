/*
 * token.h: reading the backtrace tokens that programs of the guest print
 * (guest-kernel/abi/backtrace.h). They come over serial lines and through
 * people's mails: nothing in them is believed that the checksum does not
 * cover.
 */
#ifndef SHELL_TOKEN_H
#define SHELL_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "guest-kernel/abi/backtrace.h"

enum token_state {
	TOKEN_NONE, /* no token begins here */
	TOKEN_GOOD,
	TOKEN_VERSION, /* of a version that is not known */
	TOKEN_DAMAGED,
};

struct token {
	uint8_t id[4];
	uint64_t pc[BACKTRACE_FRAMES_MAX];
	unsigned count;
	char end;	  /* 0, BACKTRACE_CUT or BACKTRACE_BROKEN */
	unsigned version; /* of TOKEN_VERSION, too */
	size_t len;	  /* in the text, of all but TOKEN_NONE */
};

enum token_state token_parse(const char *text, size_t len, struct token *token);

#endif
