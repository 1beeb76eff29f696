/* cmd_message.c: messages: channels taken from, notifications, endpoints. */
#include <inttypes.h>
#include <string.h>

#include "shell/numbers.h"
#include "shell/repl/act.h"
#include "shell/runner/text.h"

static int failed(struct repl *r)
{
	return strcmp(r->answer.code, "USAGE") ? 1 : 2;
}

/* ---- take ---- */

static void print_bytes(struct repl *r, const uint8_t *bytes, uint64_t len)
{
	if (len > TASK_BUFFER_BYTES)
		len = TASK_BUFFER_BYTES;
	fprintf(r->answer.text, "%" PRIu64 " bytes: ", len);
	text_put(r->answer.text, TEXT_PLAIN, (const char *)bytes, len);
	fputc('\n', r->answer.text);
}

static void print_taken(struct repl *r, const struct act *act)
{
	uint64_t kind = act->result.rdx, value = act->result.r10;
	struct place place = {value & 0xff, 1};

	answer_number(&r->answer, "kind", kind);
	answer_hex(&r->answer, "value", value);
	if (kind == CHANNEL_PAYLOAD) {
		print_bytes(r, act->back, value);
	} else if (kind == CHANNEL_CAP) {
		act_describe(r, act->cap[1].depth ? &act->cap[1] : &place);
	} else {
		fprintf(r->answer.text, "%" PRIu64 " (%#" PRIx64 ")\n", value,
			value);
	}
}

int act_run_take(struct repl *r, const struct words *w)
{
	struct act act = {.row = call_label(CHANNEL_TAKE),
			  .want = TASK_BUFFER_BYTES};
	uint64_t ns;
	int status;

	if (!act_place(r, w->word[1], &act.self))
		return failed(r);
	for (unsigned i = 2; i < w->count; i++) {
		if (parse_duration(w->word[i], &ns))
			act.wait_ns = ns;
		else if (!act_free_place(r, w->word[i], &act.cap[1]))
			return failed(r);
	}
	if (!act.wait_ns)
		act.word[0] = CHANNEL_TRY;
	status = act_do(r, &act);
	if (status)
		return status;
	print_taken(r, &act);
	repl_calm(r);
	return 0;
}

/* ---- messages ---- */

struct message {
	const char *name;
	struct place self, reply, into;
	struct message_cap send[MESSAGE_CAPS_MAX], receive[MESSAGE_CAPS_MAX];
	unsigned caps;
	uint64_t number, label, word[MESSAGE_REGISTERS], wait_ns;
	unsigned words;
	struct link_result result;
};

/* The refusal of it, in the form that calls of the table have. */
static int refused(struct repl *r, const struct message *m)
{
	char self[PLACE_TEXT], what[80];

	place_text(&m->self, self);
	snprintf(what, sizeof(what), "%s of slot %s", m->name, self);
	act_refused_plain(r, what, m->result.rax);
	if (m->result.rax == ERR_WRONG_TYPE || m->result.rax == ERR_EMPTY_SLOT)
		act_hint_types(r, &m->self,
			       TYPES_ENDPOINT | TYPES_NOTIFICATION |
				       TYPES_REPLY);
	if (m->result.rax == ERR_TIMEOUT || m->result.rax == ERR_WOULD_BLOCK)
		answer_hint(&r->answer, "nobody came; a longer wait: wait=10s");
	return 1;
}

_Static_assert(LINK_CAPS_BYTES ==
		       2 * MESSAGE_CAPS_MAX * sizeof(struct message_cap),
	       "ABI");

static int exchange(struct repl *r, struct message *m)
{
	uint8_t caps[LINK_CAPS_BYTES];
	size_t len = m->caps || m->into.depth ? sizeof(caps) : 0;
	struct link_syscall s = {
		.rax = m->number,
		.rdi = m->self.path,
		.rsi = MESSAGE_INFO(m->label, m->caps, m->words) |
		       (uint64_t)m->self.depth << INFO_TARGET_SHIFT |
		       (uint64_t)m->reply.depth << INFO_ARGUMENT_SHIFT,
		.rdx = m->word[0],
		.r10 = m->word[1],
		.r8 = m->word[2],
		.r9 = m->word[3],
		.r12 = m->reply.path,
		.wait_ns = m->wait_ns,
		.flags = len ? LINK_CAPS : 0,
	};
	int status;

	memcpy(caps, m->send, sizeof(m->send));
	memcpy(caps + sizeof(m->send), m->receive, sizeof(m->receive));
	status = link_syscall(r, &s, caps, len, &m->result, NULL);
	if (status)
		return status;
	return m->result.rax == ERR_OK ? 0 : refused(r, m);
}

static void print_message(struct repl *r, const struct message *m)
{
	const struct link_result *a = &m->result;
	uint64_t word[] = {a->rdx, a->r10, a->r8, a->r9};
	unsigned count = MESSAGE_LENGTH(a->rsi);
	FILE *out = r->answer.text;

	answer_hex(&r->answer, "badge", a->rdi);
	if (a->rsi & MESSAGE_NOTIFICATION) {
		fprintf(out, "bits %#" PRIx64 "\n", a->rdi);
		return;
	}
	answer_number(&r->answer, "label", MESSAGE_LABEL_OF(a->rsi));
	fprintf(out, "%slabel %u, badge %#" PRIx64,
		a->rsi & MESSAGE_FAULT	? "a fault: "
		: a->rsi & MESSAGE_CALL ? "a call: "
					: "",
		MESSAGE_LABEL_OF(a->rsi), a->rdi);
	for (unsigned i = 0; i < count && i < MESSAGE_REGISTERS; i++) {
		char name[8];

		snprintf(name, sizeof(name), "word%u", i);
		answer_hex(&r->answer, name, word[i]);
		fprintf(out, " %#" PRIx64, word[i]);
	}
	fprintf(out, "%s\n", count > MESSAGE_REGISTERS ? " ..." : "");
	if (!m->into.depth)
		return;
	if (MESSAGE_CAPS(a->rsi))
		act_describe(r, &m->into);
	else
		fprintf(out, "no capability came\n");
}

static bool read_cap(struct repl *r, struct message *m, const char *word)
{
	struct place place;

	if (m->number == SYS_RECV || m->caps == MESSAGE_CAPS_MAX) {
		answer_fail(&r->answer, "USAGE",
			    m->number == SYS_RECV
				    ? "%s: cap= is what is sent; into=SLOT "
				      "takes what comes"
				    : "%s: a message has no more than three "
				      "capabilities",
			    m->name);
		return false;
	}
	if (!act_place(r, word, &place))
		return false;
	m->send[m->caps++] =
		(struct message_cap){place.path, place.depth, MESSAGE_COPY};
	return true;
}

static bool read_into(struct repl *r, struct message *m, const char *word)
{
	if (!act_free_place(r, word, &m->into))
		return false;
	m->receive[0] = (struct message_cap){m->into.path, m->into.depth, 0};
	return true;
}

static bool read_word(struct repl *r, struct message *m, const char *word)
{
	uint64_t label;

	if (!strncmp(word, "wait=", 5))
		return act_time(r, word + 5, &m->wait_ns);
	if (!strncmp(word, "reply=", 6))
		return act_place(r, word + 6, &m->reply);
	if (!strncmp(word, "cap=", 4) && m->number != SYS_NB_SEND)
		return read_cap(r, m, word + 4);
	if (!strncmp(word, "into=", 5) &&
	    (m->number == SYS_CALL || m->number == SYS_RECV))
		return read_into(r, m, word + 5);
	if (!strncmp(word, "label=", 6)) {
		if (!act_number(r, word + 6, &label))
			return false;
		m->label = label & UINT32_MAX;
		if (label == m->label)
			return true;
		answer_fail(&r->answer, "USAGE", "'%s': a label has 32 bits",
			    word);
		return false;
	}
	if (m->words < MESSAGE_REGISTERS && m->number != SYS_RECV)
		return act_number(r, word, &m->word[m->words++]);
	answer_fail(&r->answer, "USAGE", "%s: '%s' is one word too many",
		    m->name, word);
	return false;
}

static int send_or_receive(struct repl *r, const struct words *w,
			   uint64_t number, uint64_t wait_ns)
{
	struct message m = {
		.name = w->word[0], .number = number, .wait_ns = wait_ns};
	int status;

	if (!act_place(r, w->word[1], &m.self))
		return failed(r);
	for (unsigned i = 2; i < w->count; i++)
		if (!read_word(r, &m, w->word[i]))
			return failed(r);
	status = exchange(r, &m);
	if (status)
		return status;
	if (number == SYS_SEND || number == SYS_NB_SEND)
		fprintf(r->answer.text, "sent\n");
	else
		print_message(r, &m);
	repl_calm(r);
	return 0;
}

int act_run_message(struct repl *r, const struct words *w)
{
	static const struct {
		const char *name;
		uint64_t number;
	} calls[] = {
		{"call", SYS_CALL}, {"tell", SYS_SEND}, {"receive", SYS_RECV}};
	const struct repl_command *c = repl_command(w->word[0]);

	for (unsigned i = 0; i < 3; i++)
		if (!strcmp(calls[i].name, c->name))
			return send_or_receive(r, w, calls[i].number,
					       UINT64_C(1000000000));
	return 2;
}

int act_run_signal(struct repl *r, const struct words *w)
{
	return send_or_receive(r, w, SYS_NB_SEND, 0);
}

int act_run_wait(struct repl *r, const struct words *w)
{
	struct words plain = *w;
	uint64_t ns = UINT64_C(1000000000);

	if (w->count > 2 && !act_time(r, w->word[2], &ns))
		return failed(r);
	plain.count = 2;
	return send_or_receive(r, &plain, SYS_RECV, ns);
}

int act_run_clock(struct repl *r, const struct words *w)
{
	struct link_syscall s = {.rax = SYS_CLOCK};
	struct link_result clock;
	int status = link_syscall(r, &s, NULL, 0, &clock, NULL);

	if (status)
		return status;
	answer_number(&r->answer, "ns", clock.rdx);
	answer_number(&r->answer, "abi", r->link.hello.abi_version);
	fprintf(r->answer.text,
		"%" PRIu64 ".%06" PRIu64 " ms since the kernel's boot, ABI "
		"version %u, %u calls\n",
		clock.rdx / 1000000, clock.rdx % 1000000,
		r->link.hello.abi_version, r->link.hello.label_count - 1);
	return 0;
}
