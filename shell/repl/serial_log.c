/* serial_log.c: see serial_log.h. */
#include "shell/repl/serial_log.h"

#include <stdio.h>
#include <string.h>

static void make_room(struct serial_log *log, size_t len)
{
	size_t drop;

	if (log->len + len <= 2 * SERIAL_LOG_SIZE)
		return;
	drop = log->len - SERIAL_LOG_SIZE;
	memmove(log->text, log->text + drop, SERIAL_LOG_SIZE);
	log->len -= drop;
	log->lost += drop;
}

void serial_log_add(struct serial_log *log, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t part = len < SERIAL_LOG_SIZE ? len : SERIAL_LOG_SIZE;

		make_room(log, part);
		/* Text: no zero ends it early, no \r comes before a \n. */
		for (size_t i = 0; i < part; i++)
			if (bytes[i] && bytes[i] != '\r')
				log->text[log->len++] = bytes[i];
		bytes += part;
		len -= part;
	}
	log->text[log->len] = 0;
}

const char *serial_log_tail(const struct serial_log *log, size_t lines,
			    size_t *len)
{
	const char *from = log->text + log->len;

	if (log->len && from[-1] == '\n')
		from--;
	while (from > log->text && (from[-1] != '\n' || --lines > 0))
		from--;
	*len = log->text + log->len - from;
	return from;
}

void serial_log_begin(struct serial_log *log)
{
	log->vain = log->searched;
}

static const char *line_begin(const struct serial_log *log, const char *p)
{
	while (p > log->text && p[-1] != '\n')
		p--;
	return p;
}

bool serial_log_find(struct serial_log *log, const regex_t *regex, char *line,
		     size_t size)
{
	const char *from = log->text, *begin;
	regmatch_t m;

	if (log->vain > log->lost)
		from += log->vain - log->lost;
	if (regexec(regex, from, 1, &m, 0) != 0) {
		begin = line_begin(log, log->text + log->len);
		if (begin > from)
			log->vain = log->lost + (begin - log->text);
		return false;
	}
	begin = line_begin(log, from + m.rm_so);
	snprintf(line, size, "%.*s", (int)strcspn(begin, "\n"), begin);
	/* One that matches nothing moves on all the same. */
	if (m.rm_eo == m.rm_so && from[m.rm_eo])
		m.rm_eo++;
	log->searched = log->lost + (from + m.rm_eo - log->text);
	log->vain = log->searched;
	return true;
}
