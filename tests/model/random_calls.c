/*
 * random_calls.c: random programs of system calls, run by the kernel built
 * natively and by the model. After each call both must agree on errors,
 * results, capabilities, memory and who waits. A program at which they do not
 * is made as short as it gets and printed.
 *
 *	random_calls [CALLS [SEED]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/model.h"
#include "tests/unit/fake_arch.h"

#define LENGTH	400
#define IP	UINT64_C(0x400000)
#define WATCHED 64 /* slots of a pool, from 0 on; and the last two */

struct item {
	struct call call;
	bool yield; /* another task makes it, if there is one */
	bool dropped;
};

static struct item program[LENGTH];
static struct caller root;
static uint64_t seed, calls_made, refused;
static char wrong[300];

/* ---- which object of the kernel's is which of the model's ---- */

#define PAIRS 4096

static struct {
	const void *kernel;
	struct m_object *model;
} pairs[PAIRS];
static unsigned pair_count;

static struct m_object *model_of(const void *object)
{
	for (unsigned i = 0; i < pair_count; i++)
		if (pairs[i].kernel == object)
			return pairs[i].model;
	return NULL;
}

/* False: it is another's. */
static bool pair(const void *object, struct m_object *model)
{
	for (unsigned i = 0; i < pair_count; i++) {
		if (pairs[i].kernel != object)
			continue;
		if (pairs[i].model->gone)
			pairs[i].model = model;
		return pairs[i].model == model;
	}
	pairs[pair_count].kernel = object;
	pairs[pair_count++].model = model;
	return true;
}

/* ---- both are the same ---- */

static bool differ(const char *what, uint64_t kernel, uint64_t model)
{
	if (kernel == model || wrong[0])
		return kernel != model;
	snprintf(wrong, sizeof(wrong),
		 "%s: the kernel has %#lx, the model %#lx", what,
		 (unsigned long)kernel, (unsigned long)model);
	return true;
}

static uint64_t value_of(const struct cap *cap)
{
	switch (cap->type) {
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION:
		return cap->badge;
	case OBJECT_CHANNEL:
		return cap->bits;
	default:
		return 0;
	}
}

static uint64_t left_of(const struct slot *slot)
{
	const struct cap *cap = &slot->cap;

	return cap->untyped.size - (slot->child ? cap->untyped.used : 0);
}

static void compare_slot(const struct slot *slot, const struct m_cap *cap)
{
	if (differ("a slot's type", slot->cap.type,
		   cap ? cap->type : OBJECT_NULL) ||
	    !cap)
		return;
	differ("rights", slot->cap.rights, cap->rights);
	differ("a badge", value_of(&slot->cap), cap->value);
	differ("that it has a child", slot->child != NULL, cap->children != 0);
	if (cap->type == OBJECT_UNTYPED) {
		differ("an Untyped's size", slot->cap.untyped.size, cap->size);
		differ("what is left", left_of(slot), model_left(cap));
	}
	if (cap->object && !pair(arch_ptr(slot->cap.base), cap->object))
		differ("an object's identity", 0, 1);
}

static void compare_pool(const struct cpool *pool, const struct m_object *m)
{
	for (unsigned i = 0; i < CPOOL_SLOTS && !wrong[0]; i++)
		if (i < WATCHED || i >= 254)
			compare_slot(&pool->slot[i], m->slot[i]);
}

static void compare_channel(struct channel *ch, const struct m_object *m)
{
	unsigned room = 1u << ch->object.bits;

	if (differ("a channel's entries", ch->count, m->entries))
		return;
	for (unsigned i = 0; i < ch->count; i++) {
		const struct entry *e = &ch->entry[(ch->first + i) % room];

		differ("an entry's kind", e->kind, m->entry[i].kind);
		if (e->kind == CHANNEL_CAP)
			compare_slot(&e->slot, m->entry[i].cap);
		else
			differ("an entry", e->value, m->entry[i].value);
	}
}

static void compare_told(const struct regs *r, struct m_object *m)
{
	const uint64_t word[4] = {r->rdx, r->r10, r->r8, r->r9};

	differ("rax", r->rax, m->rax);
	if (m->has_detail)
		differ("rdx, about the error", r->rdx, m->word[0]);
	if (m->words == 6) {
		differ("rdi", r->rdi, m->rdi);
		differ("rsi", r->rsi, m->rsi);
	}
	for (unsigned i = 0; i < m->words && i < 4; i++)
		differ("a result", word[i], m->word[i]);
	m->told = false;
}

static void compare_task(const struct task *task, struct m_object *m)
{
	differ("a task's state", task->state, m->state);
	compare_slot(&task->cpool, m->held[HELD_POOL]);
	compare_slot(&task->table, m->held[HELD_TABLE]);
	compare_slot(&task->buffer, m->held[HELD_BUFFER]);
	compare_slot(&task->notification, m->held[HELD_NOTE]);
	if (m->told && !wrong[0])
		compare_told(&task->regs, m);
}

static void compare_all(void)
{
	/* What is found on the way is added behind. */
	for (unsigned i = 0; i < pair_count && !wrong[0]; i++) {
		struct m_object *m = pairs[i].model;
		void *object = (void *)pairs[i].kernel;

		if (m->gone)
			continue;
		if (m->type == OBJECT_CPOOL)
			compare_pool(object, m);
		if (m->type == OBJECT_CHANNEL)
			compare_channel(object, m);
		if (m->type == OBJECT_TASK)
			compare_task(object, m);
		if (m->type == OBJECT_NOTIFICATION)
			differ("bits", ((struct notification *)object)->bits,
			       m->bits_set);
	}
}

/* ---- programs ---- */

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 8;
}

static unsigned slot_with(const struct m_object *pool, uint32_t types)
{
	unsigned from = next() % 32;

	for (unsigned i = 0; i < 32; i++) {
		const struct m_cap *cap = pool->slot[(from + i) % 32];

		if (types >> (cap ? cap->type : OBJECT_NULL) & 1)
			return (from + i) % 32;
	}
	return from;
}

/* A path to one of these types, mostly; sometimes through another pool. */
static uint64_t path(const struct m_object *pool, uint32_t types,
		     unsigned *depth)
{
	unsigned slot = next() % 8 ? slot_with(pool, types) : next() % 32;
	unsigned through = slot_with(pool, TYPES_CPOOL);
	const struct m_cap *cap = pool->slot[through];

	*depth = next() % 64 ? 1 : next() % 10;
	if (*depth != 1 || next() % 4 || !cap || cap->type != OBJECT_CPOOL)
		return slot;
	*depth = 2;
	slot = next() % 4 ? slot_with(cap->object, types) : next() % 32;
	return through << 8 | slot;
}

enum { NUMBER = 1, PATH };

struct shape {
	uint32_t types;
	struct {
		unsigned kind;
		uint32_t types;
	} argument[4];
};

/* clang-format off */
#define ARG_NONE		    { 0, 0 }
#define ARG_WORD(name)		    { NUMBER, 0 }
#define ARG_CAP(types, name)	    { PATH, TYPES_##types }
#define ARG_MAYBE_CAP(types, name)  { PATH, TYPES_##types }
#define ARG_TAKE(types, name)	    { PATH, TYPES_##types }
#define ARG_PLACE(name)		    { PATH, 1 }
#define ARG_MAYBE_PLACE(name)	    { PATH, 1 }
/* clang-format on */
#define SHAPE(name, label, number, types, rights, a, b, c, d, ...) \
	[number] = {TYPES_##types, {ARG_##a, ARG_##b, ARG_##c, ARG_##d}},

static const struct shape shapes[LABEL_COUNT] = {ABI_CALLS(SHAPE)};

static const unsigned labels[] = {
	UNTYPED_RETYPE,	 UNTYPED_RETYPE,  UNTYPED_RETYPE,  UNTYPED_INFO,
	CPOOL_FREE_SLOT, CPOOL_TYPE,	  CPOOL_INFO,	   CPOOL_COPY,
	CPOOL_COPY,	 CPOOL_MINT,	  CPOOL_MINT,	   CPOOL_MOVE,
	CPOOL_MOVE,	 CPOOL_DELETE,	  CPOOL_DELETE,	   CPOOL_REVOKE,
	CHANNEL_PUT_RAW, CHANNEL_PUT_CAP, CHANNEL_PUT_CAP, CHANNEL_TAKE,
	CHANNEL_TAKE,	 TASK_SET_IP,	  TASK_SET_SP,	   TASK_SET_FS_BASE,
	TASK_SET_CPOOL,	 TASK_SET_TABLE,  TASK_SET_BUFFER, TASK_SET_ACTIVE,
	TASK_SET_ACTIVE, TASK_SET_ACTIVE, TASK_BIND,	   TASK_INFO,
};

/* Address spaces and processor time are not the model's. */
static unsigned some_type(void)
{
	unsigned type = next() % OBJECT_COUNT;

	return type == OBJECT_PML4 || type == OBJECT_SCHED_CONTEXT
		       ? OBJECT_ENDPOINT
		       : type;
}

static uint64_t number_for(unsigned label, unsigned at, const uint64_t *word)
{
	static const uint64_t odd[] = {
		0, 1, 2, 256, 0x7fffffffefff, 0x7ffffffff000, UINT64_MAX};
	static const uint64_t sizes[] = {64, 4096, 8192, 65536, 100};

	if (next() % 32 == 0)
		return odd[next() % 7];
	switch (label) {
	case UNTYPED_RETYPE:
		if (at == 0)
			return some_type();
		if (at == 2)
			return 1 + next() % 3;
		return word[0] == OBJECT_UNTYPED   ? sizes[next() % 5]
		       : word[0] == OBJECT_CHANNEL ? next() % 3
						   : 0;
	case CHANNEL_PUT_RAW:
	case CHANNEL_PUT_CAP:
		return at == 0 ? next() : next() % 8 ? 1 + next() % 2 : 0;
	case CHANNEL_TAKE:
		return next() % 8 ? CHANNEL_TRY : 0;
	case CPOOL_MINT:
		return at == 0	 ? next() % 32
		       : at == 1 ? next() % 33 | next() % 32
				 : next() % 2;
	case TASK_SET_ACTIVE:
		return next() % 4 != 0;
	default:
		return next() % 32;
	}
}

static struct call random_invoke(const struct m_object *pool)
{
	unsigned label = labels[next() % (sizeof(labels) / sizeof(labels[0]))];
	const struct shape *s = &shapes[label];
	unsigned depth, paths = 0, n = 0;
	uint64_t word[4] = {0}, info = label;
	struct call c = {.rax = SYS_INVOKE};

	c.rdi = path(pool, s->types, &depth);
	info |= (uint64_t)depth << INFO_TARGET_SHIFT;
	for (; n < 4 && s->argument[n].kind; n++) {
		if (s->argument[n].kind == NUMBER) {
			word[n] = number_for(label, n, word);
			continue;
		}
		word[n] = path(pool, s->argument[n].types, &depth);
		info |= (uint64_t)depth << (INFO_ARGUMENT_SHIFT + 4 * paths++);
	}
	/* What has a deadline is not the model's. */
	if (label == CHANNEL_PUT_RAW || label == CHANNEL_PUT_CAP)
		word[1] &= ~(uint64_t)CHANNEL_DEADLINE;
	if (label == CHANNEL_TAKE)
		word[0] &= ~(uint64_t)CHANNEL_DEADLINE;
	if (label == UNTYPED_RETYPE && word[0] >= 256)
		word[2] &= 3;
	if (next() % 64 == 0)
		n = next() % 6;
	c.rsi = info | (uint64_t)n << INFO_WORDS_SHIFT;
	c.rdx = word[0];
	c.r10 = word[1];
	c.r8 = word[2];
	c.r9 = word[3];
	return c;
}

static struct call random_message(const struct m_object *pool)
{
	static const unsigned numbers[] = {
		SYS_CALL,    SYS_REPLY_RECV, SYS_SEND,	  SYS_NB_SEND, SYS_RECV,
		SYS_NB_RECV, SYS_NB_SEND,    SYS_NB_RECV, SYS_NB_SEND};
	unsigned depth;
	struct call c = {.rax = numbers[next() % 9]};

	c.rdi = path(pool, TYPES_ENDPOINT | TYPES_REPLY | TYPES_NOTIFICATION,
		     &depth);
	c.rsi = MESSAGE_INFO(next() & 0xff, 0, next() % 6) |
		(uint64_t)depth << INFO_TARGET_SHIFT;
	c.r12 = path(pool, TYPES_REPLY, &depth);
	if (next() % 4)
		c.rsi |= (uint64_t)depth << INFO_ARGUMENT_SHIFT;
	if (next() % 64 == 0)
		c.rsi |= UINT64_C(1) << next() % 16;
	c.rdx = next();
	c.r10 = next();
	c.r8 = next();
	c.r9 = next();
	return c;
}

static struct item random_item(const struct m_object *pool)
{
	struct item item = {.yield = next() % 2};
	unsigned n = next() % 64;

	if (n == 0)
		item.call = (struct call){.rax = next() % 2 ? SYS_YIELD : 99};
	else if (n < 16)
		item.call = random_message(pool);
	else
		item.call = random_invoke(pool);
	return item;
}

/* ---- a run ---- */

static void set_call(struct regs *r, const struct call *c)
{
	r->rax = c->rax;
	r->rdi = c->rdi;
	r->rsi = c->rsi;
	r->rdx = c->rdx;
	r->r10 = c->r10;
	r->r8 = c->r8;
	r->r9 = c->r9;
	r->r12 = c->r12;
}

/* Until it is done, however often an interrupt breaks it off. */
static void kernel_call(struct task *task)
{
	do {
		task->regs.rip = IP;
		syscall_handle(task);
	} while (task->regs.rip != IP && task->state == TASK_READY);
	while (!object_drain())
		;
}

/*
 * A call that deletes its own caller does not come to its end once it is
 * broken off: nobody makes it again. What the model does in one go is no
 * measure for it.
 */
static bool cannot_be_finished(const struct task *task)
{
	return task->regs.rip != IP;
}

/* One call of whoever runs; false: nobody does. */
static bool step(struct item *item, bool make)
{
	struct task *task;
	struct m_object *m;
	bool again;

	if (item->yield && sched_current())
		sched_yield();
	task = sched_pick();
	m = task ? model_of(task) : NULL;
	if (!task)
		return false;
	if (!m || differ("the state of who runs", task->state, m->state))
		return !differ("who runs", 1, m != NULL);
	again = task->regs.rip == IP - SYSCALL_BYTES;
	differ("that a call is made again", again, m->again);
	if (!again) {
		if (make)
			*item = random_item(m->held[HELD_POOL]
						    ? m->held[HELD_POOL]->object
						    : model_of(root.pool));
		m->call = item->call;
		set_call(&task->regs, &item->call);
	}
	kernel_call(task);
	if (cannot_be_finished(task))
		return false;
	model_call(m);
	if (model_unsaid)
		return false;
	calls_made++;
	refused += m->told && m->rax != ERR_OK;
	compare_all();
	return !wrong[0];
}

#define WORDS(label, words, one, two) \
	((label) | (words) << 16 | 1 << 20 | (one) << 24 | (two) << 28)

/* What every program begins with. */
static void prelude(void)
{
	static const unsigned made[][4] = {
		{OBJECT_CPOOL, 0, 1, 3},	{OBJECT_CHANNEL, 1, 2, 4},
		{OBJECT_TASK, 0, 2, 6},		{OBJECT_ENDPOINT, 0, 1, 8},
		{OBJECT_REPLY, 0, 2, 9},	{OBJECT_NOTIFICATION, 0, 2, 11},
		{OBJECT_RAW_PAGE, 0, 1, 13},	{OBJECT_TASK_BUFFER, 0, 1, 14},
		{OBJECT_UNTYPED, 65536, 1, 15}, {OBJECT_PT, 0, 1, 16}};
	static const uint64_t settings[][3] = {
		{TASK_SET_IP, 0x1000, 0}, {TASK_SET_SP, 0x2000, 0},
		{TASK_SET_CPOOL, 0, 1},	  {TASK_SET_TABLE, 254, 1},
		{TASK_SET_BUFFER, 14, 1}, {TASK_SET_ACTIVE, 1, 0}};
	struct item item = {0};

	for (unsigned i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		item.call = (struct call){
			SYS_INVOKE, 2,		WORDS(UNTYPED_RETYPE, 4, 1, 0),
			made[i][0], made[i][1], made[i][2],
			made[i][3], 0};
		step(&item, false);
	}
	for (unsigned i = 0; i < 12; i++) {
		item.call = (struct call){
			SYS_INVOKE,
			6 + i / 6,
			WORDS(settings[i % 6][0], 1, settings[i % 6][2], 0),
			settings[i % 6][1],
			0,
			0,
			0,
			0};
		step(&item, false);
	}
}

/* Returns how far it came; a difference is in `wrong`. */
static unsigned run(bool make, unsigned interrupts)
{
	const char *broken;
	unsigned at = 0;

	wrong[0] = '\0';
	pair_count = 0;
	fake_reset();
	caller_create(&root);
	pair(root.task,
	     model_start(root.pool->slot[2].cap.base, CALLER_UNTYPED_BYTES));
	compare_all();
	prelude();
	fake.interrupt_in = interrupts;
	while (at < LENGTH && !wrong[0]) {
		if (!program[at].dropped && !step(&program[at], make))
			break;
		at++;
	}
	fake.interrupt_in = 0;
	broken = verify();
	if (broken && !wrong[0])
		snprintf(wrong, sizeof(wrong), "verify: %s", broken);
	return at;
}

static void print_call(const struct call *c)
{
	printf("\t{%lu, %#lx, %#lx, %#lx, %#lx, %#lx, %#lx, %#lx},",
	       (unsigned long)c->rax, (unsigned long)c->rdi,
	       (unsigned long)c->rsi, (unsigned long)c->rdx,
	       (unsigned long)c->r10, (unsigned long)c->r8,
	       (unsigned long)c->r9, (unsigned long)c->r12);
#define NAME(name, label, number, ...)                             \
	if (c->rax == SYS_INVOKE && (c->rsi & 0xffff) == (number)) \
		printf(" /* " #name " */");
	ABI_CALLS(NAME)
#undef NAME
	printf("\n");
}

/* Drop what need not be there for it to go wrong. */
static void shrink(unsigned length, unsigned interrupts)
{
	for (unsigned i = length; i < LENGTH; i++)
		program[i].dropped = true;
	for (bool less = true; less;) {
		less = false;
		for (unsigned i = 0; i < length; i++) {
			if (program[i].dropped)
				continue;
			program[i].dropped = true;
			run(false, interrupts);
			program[i].dropped = wrong[0] != '\0';
			less |= program[i].dropped;
		}
	}
	run(false, interrupts);
	printf("the shortest program (rax rdi rsi rdx r10 r8 r9 r12):\n");
	for (unsigned i = 0; i < LENGTH; i++)
		if (!program[i].dropped)
			print_call(&program[i].call);
	printf("%s\n", wrong);
}

int main(int argc, char **argv)
{
	uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
	uint64_t begin = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	for (uint64_t n = begin; calls_made < calls; n++) {
		unsigned interrupts = n % 4 == 3 ? n % 7 + 1 : 0, length;

		seed = n * UINT64_C(0x9e3779b97f4a7c15);
		memset(program, 0, sizeof(program));
		length = run(true, interrupts);
		if (!wrong[0])
			continue;
		printf("seed %lu, call %u: %s\n", (unsigned long)n, length,
		       wrong);
		shrink(length < LENGTH ? length + 1 : LENGTH, interrupts);
		return 1;
	}
	printf("%lu calls, %lu of them refused: the same\n",
	       (unsigned long)calls_made, (unsigned long)refused);
	return 0;
}
