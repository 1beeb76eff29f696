/*
 * serial_log.h: what the guest said on COM1, as far back as there is room, and
 * the search for words in it.
 */
#ifndef SHELL_REPL_SERIAL_LOG_H
#define SHELL_REPL_SERIAL_LOG_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_LOG_SIZE (64 * 1024)

/* Twice the room: the last SERIAL_LOG_SIZE bytes always lie in a row. */
struct serial_log {
	char text[2 * SERIAL_LOG_SIZE + 1];
	size_t len;
	uint64_t lost;	   /* bytes that went before text[0] */
	uint64_t searched; /* the position behind what was found last */
	uint64_t vain;	   /* from there to here this search found nothing */
};

void serial_log_add(struct serial_log *log, const uint8_t *bytes, size_t len);

/* The last `lines` of it (all: SIZE_MAX), not ended by a zero. */
const char *serial_log_tail(const struct serial_log *log, size_t lines,
			    size_t *len);

/* A search begins, for something else than the one before. */
void serial_log_begin(struct serial_log *log);

/*
 * Find it behind what was found before. True: `line` is the line that it is
 * in. What this search has looked through in vain it does not look at again,
 * but for the last line, which may not be whole yet.
 */
bool serial_log_find(struct serial_log *log, const regex_t *regex, char *line,
		     size_t size);

#endif
