/* cmd_guest.c: what a person at the guest's own screen would see and type. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devices/screen.h"
#include "shell/numbers.h"
#include "shell/output.h"
#include "shell/repl/repl.h"
#include "shell/report.h"
#include "shell/runner/text.h"

/* ---- dmesg, screen, screenshot ---- */

static int run_dmesg(struct repl *r, const struct words *w)
{
	uint64_t lines = SIZE_MAX;
	const char *text;
	size_t len;

	if (w->count > 1 && !repl_value(r, w->word[1], false, &lines))
		return 2;
	if (!lines)
		return answer_fail(&r->answer, "USAGE", "dmesg: 1 or more");
	text = serial_log_tail(&r->serial, lines, &len);
	if (!len)
		return 0;
	text_put(r->answer.text, TEXT_LINES, text, len);
	if (text[len - 1] != '\n')
		fputc('\n', r->answer.text);
	return 0;
}

static int run_screen(struct repl *r, const struct words *w)
{
	uint8_t cells[2 * VGA_COLS_MAX * VGA_ROWS_MAX];
	struct vga_screen screen;

	vga_screen(r->session.board.vga, &screen);
	if (!guestmem_read(&r->m->mem, screen.text_gpa, cells,
			   2 * screen.cols * screen.rows))
		memset(cells, 0, sizeof(cells));
	return screen_write_text(r->answer.text, cells, &screen) ? 1 : 0;
}

static int run_screenshot(struct repl *r, const struct words *w)
{
	if (!report_can_screenshot(w->word[1]))
		return answer_fail(&r->answer, "USAGE",
				   "screenshot: '%s' ends in none of .png, "
				   ".txt, .svg",
				   w->word[1]);
	if (report_screenshot(&r->session.board, w->word[1],
			      output_open_stream(w->word[1])))
		return 1;
	fprintf(r->answer.text, "wrote %s\n", w->word[1]);
	answer_string(&r->answer, "file", w->word[1]);
	return 0;
}

/* ---- key, serial ---- */

/* The words as one text, with C's escapes undone. */
static bool join(struct repl *r, const struct words *w, uint8_t *bytes,
		 size_t *len)
{
	char text[WORDS_SIZE];
	size_t used = 0;

	for (unsigned i = 1; i < w->count; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s",
				 i > 1 ? " " : "", w->word[i]);
	if (parse_escapes(text, bytes, len))
		return true;
	answer_fail(&r->answer, "USAGE",
		    "'%s': an escape that is none of \\n \\r \\t \\b \\e \\\\ "
		    "\\xhh",
		    text);
	return false;
}

/* What keeps the keys while the guest is slow to take them. */
static int run_key(struct repl *r, const struct words *w)
{
	uint8_t bytes[WORDS_SIZE];
	struct key key;
	size_t len;
	int status = repl_must_run(r, "nobody takes keys");

	if (status)
		return status;
	if (!join(r, w, bytes, &len))
		return 2;
	for (size_t i = 0; i < len; i++)
		if (!keymap_key(bytes[i], &key))
			return answer_fail(&r->answer, "USAGE",
					   "no key types \\x%02x", bytes[i]);
	if (len > FEEDER_KEYS)
		return answer_fail(&r->answer, "USAGE",
				   "at most %u keys at a time", FEEDER_KEYS);
	for (size_t i = 0; i < len; i++)
		if (keymap_key(bytes[i], &key))
			feeder_give_key(&r->session.feeder, key);
	repl_calm(r);
	return 0;
}

static int run_serial(struct repl *r, const struct words *w)
{
	uint8_t bytes[WORDS_SIZE];
	size_t len;
	int status = repl_must_run(r, "nobody reads the serial line");

	if (status)
		return status;
	if (!join(r, w, bytes, &len))
		return 2;
	if (feeder_byte_room(&r->session.feeder) < len)
		return answer_fail(&r->answer, "BUSY",
				   "the guest has not read what was sent "
				   "before");
	feeder_give_bytes(&r->session.feeder, bytes, len);
	repl_calm(r);
	return 0;
}

/* ---- expect ---- */

static int not_there(struct repl *r, const char *regex, const char *why)
{
	const char *last;
	size_t len;

	answer_fail(&r->answer, "NOT_SEEN", "'%s' was not seen: %s", regex,
		    why);
	last = serial_log_tail(&r->serial, 1, &len);
	if (len && last[len - 1] == '\n')
		len--;
	if (len)
		answer_hint(&r->answer, "the last line: %.*s", (int)len, last);
	return 1;
}

static int wait_for(struct repl *r, const char *text, const regex_t *regex,
		    uint64_t ns)
{
	uint64_t until = clock_now(&r->m->clock) + ns;
	char line[256], state[400];

	serial_log_begin(&r->serial);
	for (;;) {
		uint64_t now = clock_now(&r->m->clock);
		enum repl_end end = END_LIMIT;

		if (serial_log_find(&r->serial, regex, line, sizeof(line)))
			break;
		repl_state(r, state, sizeof(state));
		if (r->ended || repl_held(r))
			return not_there(r, text, state);
		if (now < until)
			end = repl_go(r, GO_IDLE | GO_LINE, until - now);
		if (serial_log_find(&r->serial, regex, line, sizeof(line)))
			break;
		if (end == END_IDLE)
			return not_there(r, text, "the guest is idle");
		if (end == END_LIMIT)
			return not_there(r, text, "the time is over");
		if (r->interrupted)
			return not_there(r, text, "interrupted");
	}
	answer_string(&r->answer, "line", line);
	return 0;
}

static int run_expect(struct repl *r, const struct words *w)
{
	uint64_t ns = REPL_EXPECT_NS;
	regex_t regex;
	char why[128];
	int err, status;

	if (w->count > 2 && !parse_duration(w->word[2], &ns))
		return answer_fail(&r->answer, "USAGE",
				   "'%s' is no time like 10ms, 5s or 2m",
				   w->word[2]);
	err = regcomp(&regex, w->word[1], REG_EXTENDED | REG_NEWLINE);
	if (err) {
		regerror(err, &regex, why, sizeof(why));
		return answer_fail(&r->answer, "USAGE",
				   "'%s' is no regular expression: %s",
				   w->word[1], why);
	}
	status = wait_for(r, w->word[1], &regex, ns);
	regfree(&regex);
	return status;
}

const struct repl_command guest_commands[] = {
	{"dmesg", GROUP_LOOK, "[LINES]", "what the guest said on COM1", NULL, 0,
	 1, "-", true, run_dmesg},
	{"screen", GROUP_LOOK, "", "the text on the VGA screen", NULL, 0, 0, "",
	 true, run_screen},
	{"key", GROUP_MACHINE, "TEXT", "type on the keyboard: key list\\n",
	 NULL, 1, WORDS_MAX, "-", true, run_key},
	{"serial", GROUP_MACHINE, "TEXT", "send to COM1: serial list\\r", NULL,
	 1, WORDS_MAX, "-", true, run_serial},
	{"expect", GROUP_MACHINE, "REGEX [TIME]",
	 "wait until COM1 says that, 10s at most",
	 "  Of the guest's time. What was said since the last `expect` counts, "
	 "too.\n",
	 1, 2, "-", false, run_expect},
	{"screenshot", GROUP_MACHINE, "FILE", "the screen: .png, .txt or .svg",
	 NULL, 1, 1, "F", true, run_screenshot},
	{NULL}};
