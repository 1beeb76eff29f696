/*
 * invoke.c: from registers to an object's function. All that a row of
 * ABI_CALLS says of a call is checked here, in one place and one order: the
 * label, the target, its type and rights, then the arguments from the first
 * to the last. Nothing a caller gives is trusted; nothing here changes
 * anything but the invocation.
 */
#include "guest-kernel/kernel/kernel.h"

enum kind { END, NUMBER, CAPABILITY, EMPTY_PLACE };

struct argument {
	uint8_t kind;
	bool optional;
	uint8_t rights; /* of the pool it lies in */
	uint32_t types;
};

struct call {
	uint32_t types; /* 0: no such label */
	uint8_t rights;
	struct argument argument[ARGUMENTS];
};

#define ARG_NONE                 \
	{                        \
		END, false, 0, 0 \
	}
#define ARG_WORD(name)              \
	{                           \
		NUMBER, false, 0, 0 \
	}
#define ARG_CAP(types, name)                                 \
	{                                                    \
		CAPABILITY, false, RIGHT_READ, TYPES_##types \
	}
#define ARG_MAYBE_CAP(types, name)                          \
	{                                                   \
		CAPABILITY, true, RIGHT_READ, TYPES_##types \
	}
#define ARG_TAKE(types, name)                                              \
	{                                                                  \
		CAPABILITY, false, RIGHT_READ | RIGHT_WRITE, TYPES_##types \
	}
#define ARG_PLACE(name)                            \
	{                                          \
		EMPTY_PLACE, false, RIGHT_WRITE, 0 \
	}
#define ARG_MAYBE_PLACE(name)                     \
	{                                         \
		EMPTY_PLACE, true, RIGHT_WRITE, 0 \
	}

static const struct call calls[LABEL_COUNT] = {
#define CALL_ROW(name, label, number, types, rights, a, b, c, d, ...) \
	[number] = {                                                  \
		TYPES_##types, rights, {ARG_##a, ARG_##b, ARG_##c, ARG_##d}},
	ABI_CALLS(CALL_ROW)
#undef CALL_ROW
};

static enum error run(struct invocation *inv, unsigned label)
{
	switch (label) {
#define CALL_CASE(name, label, ...) \
	case label:                 \
		return name(inv);
		ABI_CALLS(CALL_CASE)
#undef CALL_CASE
	default:
		return ERR_NO_SUCH_CALL;
	}
}

static enum error wrong_type(struct invocation *inv, unsigned argument,
			     uint32_t types, unsigned found)
{
	unsigned expected = types ? __builtin_ctz(types) : OBJECT_NULL;

	inv->detail = DETAIL(argument, expected, found);
	return ERR_WRONG_TYPE;
}

/* A path of the caller's, to argument `at` (0: the target). */
static enum error walk(struct invocation *inv, unsigned at, uint64_t path,
		       unsigned depth, unsigned rights, struct slot **slot)
{
	unsigned found;
	enum error err = cpool_walk(&inv->caller->cpool, path, depth, rights,
				    slot, &found);

	if (err)
		inv->detail = DETAIL(at, (unsigned)OBJECT_CPOOL, found);
	return err;
}

static enum error decode_target(struct invocation *inv, const struct call *call,
				uint64_t path, unsigned depth)
{
	enum error err = walk(inv, 0, path, depth, RIGHT_READ, &inv->self);
	const struct cap *cap;

	if (err)
		return err;
	cap = &inv->self->cap;
	if (cap->type == OBJECT_NULL)
		return refuse(inv, 0, ERR_EMPTY_SLOT);
	if (!(call->types >> cap->type & 1))
		return wrong_type(inv, 0, call->types, cap->type);
	if (call->rights & ~cap->rights)
		return refuse(inv, 0, ERR_NO_RIGHT);
	return ERR_OK;
}

static enum error decode_slot(struct invocation *inv, unsigned i,
			      const struct argument *a)
{
	enum error err = walk(inv, i + 1, inv->word[i], inv->depth[i],
			      a->rights, &inv->cap[i]);
	unsigned type;

	if (err)
		return err;
	type = inv->cap[i]->cap.type;
	if (a->kind == EMPTY_PLACE)
		return type ? refuse(inv, i + 1, ERR_SLOT_TAKEN) : ERR_OK;
	if (!type)
		return refuse(inv, i + 1, ERR_EMPTY_SLOT);
	if (!(a->types >> type & 1))
		return wrong_type(inv, i + 1, a->types, type);
	return ERR_OK;
}

static enum error decode_arguments(struct invocation *inv,
				   const struct call *call, unsigned words,
				   unsigned depths)
{
	const struct argument *a = call->argument;

	for (unsigned i = 0; i < ARGUMENTS && a[i].kind != END; i++) {
		enum error err;

		if (a[i].kind != NUMBER) {
			inv->depth[i] = depths & 0xf;
			depths >>= 4;
			if (a[i].optional && !inv->depth[i])
				continue;
		}
		if (words <= i)
			return refuse(inv, i + 1, ERR_TRUNCATED);
		if (a[i].kind == NUMBER)
			continue;
		err = decode_slot(inv, i, &a[i]);
		if (err)
			return err;
	}
	return ERR_OK;
}

enum error invoke(struct task *task, struct invocation *inv)
{
	const struct regs *r = &task->regs;
	uint64_t info = r->rsi;
	unsigned label = info >> INFO_LABEL_SHIFT & 0xffff;
	unsigned words = info >> INFO_WORDS_SHIFT & 0xf;
	enum error err;

	if (task->drains_at && task->drains_at == r->rip)
		return cpool_drain(task);
	inv->caller = task;
	for (unsigned i = 0; i < ARGUMENTS; i++) {
		inv->cap[i] = NULL;
		inv->depth[i] = 0;
	}
	inv->word[0] = r->rdx;
	inv->word[1] = r->r10;
	inv->word[2] = r->r8;
	inv->word[3] = r->r9;
	if (info >> INFO_BITS || words > ARGUMENTS)
		return ERR_RANGE;
	if (label >= LABEL_COUNT || !calls[label].types)
		return ERR_NO_SUCH_CALL;
	err = decode_target(inv, &calls[label], r->rdi,
			    info >> INFO_TARGET_SHIFT & 0xf);
	if (!err)
		err = decode_arguments(inv, &calls[label], words,
				       info >> INFO_ARGUMENT_SHIFT & 0xfff);
	return err ? err : run(inv, label);
}
