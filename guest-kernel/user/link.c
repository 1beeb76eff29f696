/* link.c: see link.h. No ports and no assembly here: also built natively. */
#include "guest-kernel/user/link.h"

#include "guest-kernel/user/rt.h"

_Static_assert(LINK_CAPS_BYTES ==
		       2 * MESSAGE_CAPS_MAX * sizeof(struct message_cap),
	       "ABI");

static uint8_t *payload(struct link *l)
{
	return l->answer + LINK_HEAD;
}

static void answer(struct link *l, const struct link_frame *f, uint8_t kind,
		   uint32_t length)
{
	l->answer_len = link_seal(l->answer, kind, f->sequence, length);
	l->answered = f->sequence;
	l->send(l->answer, l->answer_len);
}

static void refuse(struct link *l, const struct link_frame *f,
		   enum link_reason reason)
{
	struct link_refusal refusal = {reason, LINK_VERSION};

	memcpy(payload(l), &refusal, sizeof(refusal));
	answer(l, f, LINK_REFUSED, sizeof(refusal));
}

static void hello(struct link *l, const struct link_frame *f)
{
	if (f->length) {
		refuse(l, f, LINK_BAD_LENGTH);
		return;
	}
	memcpy(payload(l), &l->hello, sizeof(l->hello));
	answer(l, f, LINK_HELLO | LINK_ANSWER, sizeof(l->hello));
}

/* ---- system calls ---- */

/* Those that would take the server away from under the line. */
static bool served(uint64_t number)
{
	return number < SYS_COUNT && number != SYS_EXIT &&
	       number != SYS_SET_FS_BASE && number != SYS_REPLY_RECV;
}

/* No request may keep the server for ever: every wait has an end. */
static void bound_wait(struct link *l, struct link_registers *r,
		       uint64_t wait_ns)
{
	uint32_t label = r->rsi & 0xffff;

	r->r13 = l->clock() +
		 (wait_ns < LINK_WAIT_MAX_NS ? wait_ns : LINK_WAIT_MAX_NS);
	if (r->rax == SYS_CALL || r->rax == SYS_SEND || r->rax == SYS_RECV) {
		r->rsi |= MESSAGE_DEADLINE;
		return;
	}
	if (r->rax != SYS_INVOKE)
		return;
	if (label == CHANNEL_TAKE)
		r->rdx |= CHANNEL_DEADLINE;
	else if (label >= CHANNEL_PUT_RAW && label <= CHANNEL_PUT_CAP)
		r->r10 |= CHANNEL_DEADLINE;
}

static void fill_buffer(struct link *l, const struct link_syscall *s,
			const uint8_t *from)
{
	uint8_t *caps = (uint8_t *)l->buffer->send;

	memset(caps, 0, LINK_CAPS_BYTES);
	if (s->flags & LINK_CAPS) {
		memcpy(caps, from, LINK_CAPS_BYTES);
		from += LINK_CAPS_BYTES;
	}
	memcpy(l->buffer->data, from, s->data_len);
	l->buffer->length = s->data_len;
}

static bool fits(const struct link_syscall *s, uint32_t length)
{
	uint32_t caps = s->flags & LINK_CAPS ? LINK_CAPS_BYTES : 0;

	return !(s->flags & ~LINK_CAPS) && s->data_len <= TASK_BUFFER_BYTES &&
	       s->want <= TASK_BUFFER_BYTES &&
	       length == sizeof(*s) + caps + s->data_len;
}

static void system_call(struct link *l, const struct link_frame *f)
{
	struct link_registers r;
	struct link_syscall s;
	struct link_result result;

	if (f->length < sizeof(s)) {
		refuse(l, f, LINK_BAD_LENGTH);
		return;
	}
	memcpy(&s, f->payload, sizeof(s));
	if (!fits(&s, f->length)) {
		refuse(l, f, LINK_BAD_LENGTH);
		return;
	}
	if (!served(s.rax)) {
		refuse(l, f, LINK_NOT_HERE);
		return;
	}
	fill_buffer(l, &s, f->payload + sizeof(s));
	r = (struct link_registers){s.rax, s.rdi, s.rsi, s.rdx, s.r10,
				    s.r8,  s.r9,  s.r12, 0};
	bound_wait(l, &r, s.wait_ns);
	l->call(&r);
	result = (struct link_result){r.rax, r.rdi, r.rsi, r.rdx,
				      r.r10, r.r8,  r.r9};
	memcpy(payload(l), &result, sizeof(result));
	memcpy(payload(l) + sizeof(result), l->buffer->data, s.want);
	answer(l, f, LINK_SYSCALL | LINK_ANSWER, sizeof(result) + s.want);
}

/* ---- the line ---- */

static void serve(struct link *l, const struct link_frame *f)
{
	if (f->version != LINK_VERSION)
		refuse(l, f, LINK_BAD_VERSION);
	else if (f->kind == LINK_HELLO) /* perhaps a new shell's first */
		hello(l, f);
	else if (l->answer_len && f->sequence == l->answered)
		l->send(l->answer, l->answer_len);
	else if (f->kind == LINK_SYSCALL)
		system_call(l, f);
	else
		refuse(l, f, LINK_BAD_KIND);
}

void link_receive(struct link *l, uint8_t byte)
{
	struct link_frame frame;

	link_push(&l->parser, byte);
	while (link_next(&l->parser, &frame))
		serve(l, &frame);
}
