/*
 * link_talk.c: one question to the init program, one answer. The guest runs
 * for it, and no longer than there is hope.
 */
#include <string.h>

#include "shell/repl/act.h"

#define TRIES 2

static int nobody(struct repl *r)
{
	answer_fail(&r->answer, "NO_LINK",
		    "nobody in the guest serves the debug link (COM2)");
	answer_hint(&r->answer, "acting needs rinit as the init program: "
				"--init build/rinit.elf");
	return 1;
}

static int no_answer(struct repl *r, enum repl_end end)
{
	char state[400];

	repl_state(r, state, sizeof(state));
	switch (end) {
	case END_BREAK:
	case END_ENDED:
		answer_fail(&r->answer, end == END_BREAK ? "STOPPED" : "ENDED",
			    "no answer came: %s", state);
		break;
	case END_PAUSED:
		answer_fail(&r->answer, "INTERRUPTED",
			    "interrupted before the answer came; it may be "
			    "done all the same");
		break;
	default:
		answer_fail(&r->answer, "NO_ANSWER",
			    "the init program does not answer: %s",
			    end == END_IDLE ? "the guest is idle"
					    : "it has something else to do");
		answer_hint(&r->answer, "`tasks` shows what each task waits "
					"for; `reset` begins anew");
	}
	return 1;
}

/* Until the answer is there, or cannot come any more. */
static enum repl_end wait_for_it(struct repl *r, uint64_t wait_ns)
{
	uint64_t until = clock_now(&r->m->clock) + wait_ns;

	for (;;) {
		uint64_t now = clock_now(&r->m->clock);
		enum repl_end end;

		if (now >= until)
			return END_LIMIT;
		end = repl_go(r, GO_IDLE, until - now);
		if (r->link.answered || end != END_PAUSED || r->interrupted)
			return end;
	}
}

static int talk(struct repl *r, enum link_kind kind, const void *payload,
		size_t len, uint64_t wait_ns)
{
	enum repl_end end = END_IDLE;

	link_host_ask(&r->link, kind, payload, len);
	for (int i = 0; i < TRIES && end == END_IDLE && !r->link.answered;
	     i++) {
		if (i > 0)
			link_host_again(&r->link);
		end = wait_for_it(r, wait_ns);
	}
	return r->link.answered ? 0 : no_answer(r, end);
}

static int refused(struct repl *r)
{
	static const char *const reasons[] = {
		[LINK_BAD_VERSION] = "it speaks another version of the debug "
				     "link; build both from one tree",
		[LINK_BAD_KIND] = "it does not know such requests",
		[LINK_BAD_LENGTH] = "it finds the request misshapen",
		[LINK_NOT_HERE] = "this call would end or change the server "
				  "of the debug link itself",
	};
	uint32_t reason =
		r->link.length >= 4 ? link_get(r->link.payload, 4) : 0;

	return answer_fail(&r->answer, "LINK", "the init program refuses: %s",
			   reason && reason < sizeof(reasons) /
							   sizeof(reasons[0])
				   ? reasons[reason]
				   : "for a reason unknown here");
}

/* The payload of the answer, of a length from `least` to `most`. */
static int check(struct repl *r, size_t least, size_t most)
{
	if (r->link.kind == LINK_REFUSED)
		return refused(r);
	if (r->link.length < least || r->link.length > most)
		return answer_fail(&r->answer, "LINK",
				   "the init program's answer has %u bytes, "
				   "which is wrong",
				   r->link.length);
	return 0;
}

/* On a busy host it may not have booted when it was taken to have. */
static bool has_server(struct repl *r)
{
	uint64_t until = clock_now(&r->m->clock) + repl_time(r, REPL_BOOT_NS);
	enum repl_end end = END_LIMIT;

	while (!uart_listening(r->link.com) && end == END_LIMIT &&
	       clock_now(&r->m->clock) < until)
		end = repl_go(r, GO_IDLE, repl_time(r, REPL_QUIET_NS));
	return uart_listening(r->link.com);
}

int link_greet(struct repl *r)
{
	struct link_host *l = &r->link;
	int status = repl_must_run(r, "the init program cannot act");

	if (status)
		return status;
	if (!r->has_link)
		return answer_fail(&r->answer, "NO_LINK",
				   "COM2 is used by --serial2, not for the "
				   "debug link");
	repl_settle(r);
	if (l->greeted)
		return 0;
	if (!has_server(r))
		return nobody(r);
	status = talk(r, LINK_HELLO, NULL, 0, REPL_LINK_NS);
	if (!status)
		status = check(r, sizeof(l->hello), sizeof(l->hello));
	if (status)
		return status;
	memcpy(&l->hello, l->payload, sizeof(l->hello));
	l->greeted = true;
	return 0;
}

int link_syscall(struct repl *r, struct link_syscall *s, const void *data,
		 size_t len, struct link_result *result, uint8_t *back)
{
	uint8_t payload[LINK_PAYLOAD_MAX];
	size_t caps = s->flags & LINK_CAPS ? LINK_CAPS_BYTES : 0;
	int status = link_greet(r);

	if (status)
		return status;
	s->data_len = len - caps;
	memcpy(payload, s, sizeof(*s));
	if (len)
		memcpy(payload + sizeof(*s), data, len);
	status = talk(r, LINK_SYSCALL, payload, sizeof(*s) + len,
		      REPL_LINK_NS + s->wait_ns);
	if (!status)
		status = check(r, sizeof(*result) + s->want,
			       sizeof(*result) + s->want);
	if (status)
		return status;
	memcpy(result, r->link.payload, sizeof(*result));
	if (s->want)
		memcpy(back, r->link.payload + sizeof(*result), s->want);
	return 0;
}
