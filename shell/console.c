/* console.c: reads standard input, and says when it is over. */
#include "shell/console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/terminal.h"
#include "vmm/log.h"

bool console_interactive(void)
{
	return isatty(STDIN_FILENO);
}

bool console_open(const struct console *c)
{
	return feeder_busy(c->feeder) || (c->open && c->watched);
}

static void unwatch(struct console *c)
{
	if (c->watched)
		loop_remove(c->m->loop, c->fd);
	c->watched = false;
}

static void ended(struct console *c)
{
	unwatch(c);
	c->open = false;
}

/* What read() gives; 0 at the end, or when there is an error (said). */
static size_t read_some(struct console *c, uint8_t *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(c->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	/* EIO: the terminal was hung up. */
	if (n < 0 && errno != EIO && errno != EAGAIN)
		log_warn("standard input: cannot read: %s", strerror(errno));
	if (n <= 0 && !(n < 0 && errno == EAGAIN))
		ended(c);
	return n > 0 ? n : 0;
}

static size_t read_file(void *ctx, uint8_t *buf, size_t size)
{
	struct console *c = ctx;

	return c->open ? read_some(c, buf, size) : 0;
}

static size_t ask_file(void *ctx, uint8_t *buf, size_t size)
{
	struct console *c = ctx;

	return input_ask(c->m, INPUT_OF_FILE, read_file, c, buf, size);
}

static void take_keys(struct console *c, const uint8_t *bytes, size_t len)
{
	struct key key;
	bool found;

	while (len > 0) {
		size_t used = keymap_decode(bytes, len, &key, &found);

		if (found)
			feeder_give_key(c->feeder, key);
		bytes += used;
		len -= used;
	}
}

static void take(struct console *c, const uint8_t *bytes, size_t len)
{
	const uint8_t *quit = c->tty ? memchr(bytes, c->escape, len) : NULL;

	if (quit) {
		c->quit = true;
		char why[] = {'C', 't', 'r', 'l', '-', c->escape | 0x40, 0};

		machine_stop(c->m, STOP_QUIT, 0, why);
		return;
	}
	if (c->keys)
		take_keys(c, bytes, len);
	else
		feeder_give_bytes(c->feeder, bytes, len);
}

static void watch(struct console *c);

static void take_ahead(void *ctx)
{
	struct console *c = ctx;
	size_t len = c->ahead_len;

	c->ahead_len = 0;
	take(c, c->ahead, len);
}

/* In the middle of a device's access: nothing is given to the guest here. */
bool console_look(void *ctx)
{
	struct console *c = ctx;
	uint8_t buf[sizeof(c->ahead)];
	size_t room = sizeof(buf) - c->ahead_len;
	size_t len = c->open && !c->quit ? read_some(c, buf, sizeof(buf)) : 0;

	if (memchr(buf, c->escape, len))
		take(c, buf, len);
	if (c->quit || !c->open)
		return true;
	if (!c->ahead_len)
		loop_timer(c->m->loop, loop_now_ns(), take_ahead, c);
	len = len < room ? len : room;
	memcpy(c->ahead + c->ahead_len, buf, len);
	c->ahead_len += len;
	return false;
}

/*
 * A pipe stays in the loop only while there is room: else it would never be
 * quiet. A terminal always does: Ctrl-] must come through, and what nobody
 * reads is lost.
 */
static void console_readable(void *ctx)
{
	struct console *c = ctx;
	uint8_t buf[512];
	size_t len;

	take_ahead(c);
	if (!c->tty &&
	    feeder_byte_room(c->feeder) < sizeof(buf) + c->m->inputs.waiting) {
		unwatch(c);
		return;
	}
	len = read_some(c, buf, sizeof(buf));
	if (len)
		take(c, buf, len);
}

/* The feeder has nothing more: listen again. */
static size_t drained(void *ctx, uint8_t *buf, size_t size)
{
	watch(ctx);
	return 0;
}

static void watch(struct console *c)
{
	if (!c->open || c->watched)
		return;
	c->watched = loop_add(c->m->loop, c->fd, console_readable, c) == 0;
}

static void init(struct console *c, struct machine *m, struct feeder *feeder)
{
	*c = (struct console){.m = m, .feeder = feeder, .fd = STDIN_FILENO};
}

void console_init_none(struct console *c, struct machine *m,
		       struct feeder *feeder)
{
	init(c, m, feeder);
}

/* What is at its end already (/dev/null) must not look like it might wait. */
static bool ended_already(struct console *c)
{
	struct pollfd fd = {.fd = c->fd, .events = POLLIN};
	uint8_t buf[512];
	size_t len;

	if (c->tty || poll(&fd, 1, 0) <= 0)
		return false;
	len = read_some(c, buf, sizeof(buf));
	if (len)
		take(c, buf, len);
	return !c->open;
}

int console_init(struct console *c, struct machine *m, struct feeder *feeder,
		 bool keys, uint8_t escape)
{
	struct stat st;

	init(c, m, feeder);
	c->escape = escape;
	c->keys = keys;
	c->tty = isatty(c->fd);
	c->open = fstat(c->fd, &st) == 0;
	if (!c->open)
		return 0;
	feeder->ctx = c;
	if (S_ISREG(st.st_mode)) {
		feeder->more_bytes = ask_file;
		feeder_wake(feeder);
		return 0;
	}
	feeder->more_bytes = drained;
	m->paced = c->tty;
	if (!ended_already(c))
		watch(c);
	return c->open && !c->watched ? -ENOSPC : 0;
}

void console_fini(struct console *c)
{
	if (c->m) {
		unwatch(c);
		loop_timer(c->m->loop, 0, take_ahead, c);
	}
	c->m = NULL;
}
