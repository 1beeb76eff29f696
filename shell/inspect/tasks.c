/* tasks.c: tasks, and the commands `tasks` and `task`. */
#include "shell/inspect/tasks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guest-kernel/abi/message.h"
#include "shell/inspect/internal.h"
#include "shell/inspect/space.h"

/* ---- queues ---- */

void queue_begin(const struct model *m, struct queue *q, uint64_t queue)
{
	*q = (struct queue){
		layout_follow(&m->layout, queue, INSPECT_QUEUE_HEAD), 0, false};
}

uint32_t queue_next(const struct model *m, struct queue *q)
{
	uint32_t task;

	if (!q->at || q->seen == QUEUE_MAX)
		return NIL;
	task = model_object(m, OBJECT_TASK, q->at);
	if (q->seen++ == m->task_count || task == NIL) {
		q->corrupt = true;
		return NIL;
	}
	q->at = layout_follow(&m->layout, q->at, INSPECT_TASK_NEXT);
	return task;
}

/* ---- states ---- */

bool task_running(const struct model *m, const struct object *task)
{
	return m->running && m->running == task->base;
}

const char *task_state_text(const struct model *m, const struct object *task)
{
	const struct layout *l = &m->layout;
	unsigned state = layout_get(l, task->base, INSPECT_TASK_STATE);

	if (task->corrupt)
		return "corrupt";
	if (task->dying)
		return "dying";
	if (state == TASK_INACTIVE &&
	    layout_get(l, task->base, INSPECT_TASK_FAULT))
		return "faulted";
	if (state == TASK_READY && task_running(m, task))
		return "running";
	return state_name(state);
}

uint64_t task_top(const struct model *m, const struct object *task)
{
	uint32_t cap = model_held(m, task, ROLE_TABLE, 0);

	return cap != NIL && m->cap[cap].type == OBJECT_PML4 ? m->cap[cap].base
							     : 0;
}

struct program *task_program(struct inspect *in, const struct object *task)
{
	uint64_t top = task_top(&in->model, task);

	for (unsigned i = 0; i < in->program_count; i++)
		if (program_runs(&in->program[i], &in->m->mem, top))
			return &in->program[i];
	return NULL;
}

struct name task_title(struct inspect *in, const struct object *task)
{
	const struct program *p = task_program(in, task);
	struct name n;

	snprintf(n.text, sizeof(n.text), "task#%" PRIu32 "%s%s%s", task->number,
		 p ? " (" : "", p ? p->name : "", p ? ")" : "");
	return n;
}

/* ---- registers ---- */

static void read_saved(const struct layout *l, uint64_t at,
		       struct inspect_task *t)
{
	static const uint16_t gpr[16] = {
		INSPECT_TASK_RAX, INSPECT_TASK_RCX, INSPECT_TASK_RDX,
		INSPECT_TASK_RBX, INSPECT_TASK_RSP, INSPECT_TASK_RBP,
		INSPECT_TASK_RSI, INSPECT_TASK_RDI, INSPECT_TASK_R8,
		INSPECT_TASK_R9,  INSPECT_TASK_R10, INSPECT_TASK_R11,
		INSPECT_TASK_R12, INSPECT_TASK_R13, INSPECT_TASK_R14,
		INSPECT_TASK_R15,
	};

	for (unsigned i = 0; i < 16; i++)
		t->gpr[i] = layout_get(l, at, gpr[i]);
	t->rip = layout_get(l, at, INSPECT_TASK_RIP);
	t->rflags = layout_get(l, at, INSPECT_TASK_RFLAGS);
	t->fs_base = layout_get(l, at, INSPECT_TASK_FS_BASE);
	t->gs_base = layout_get(l, at, INSPECT_TASK_GS_BASE);
}

#define VECTOR_SYSCALL 0x100 /* the kernel's */
#define USER_HALF      (UINT64_C(1) << 47)
#define KERNEL_FRAMES  64

/*
 * A system call leaves RBP in the processor: it is what the last frame of the
 * kernel's stack goes back to, if the kernel is still there.
 */
static void find_rbp(struct inspect *in, const struct object *task,
		     const struct x86_state *s, struct inspect_task *t)
{
	const struct layout *l = &in->model.layout;
	uint64_t rbp = s->gpr[GPR_RBP], next, pa;

	if (layout_get(l, task->base, INSPECT_TASK_VECTOR) != VECTOR_SYSCALL)
		return;
	for (unsigned i = 0; i < KERNEL_FRAMES && rbp >= USER_HALF; i++) {
		if (!layout_pointer(l, rbp, &pa) ||
		    !guestmem_read(l->mem, pa, &next, sizeof(next)) ||
		    (next >= USER_HALF && next <= rbp))
			return;
		rbp = next;
	}
	if (rbp && rbp < USER_HALF)
		t->gpr[GPR_RBP] = rbp;
}

/* In user mode the processor has its registers; it is the first one. */
static bool read_live(struct inspect *in, const struct object *task,
		      struct inspect_task *t)
{
	struct x86_state s;

	if (!in->m->cpu_count)
		return false;
	in->m->cpu[0]->ops->get_state(in->m->cpu[0], &s);
	if ((s.seg[SEG_CS].selector & 3) != 3) {
		find_rbp(in, task, &s, t);
		return false;
	}
	memcpy(t->gpr, s.gpr, sizeof(t->gpr));
	t->rip = s.rip;
	t->rflags = s.rflags;
	t->fs_base = s.seg[SEG_FS].base;
	t->gs_base = s.seg[SEG_GS].base;
	return true;
}

void task_read(struct inspect *in, const struct object *task,
	       struct inspect_task *t, bool *in_kernel)
{
	const struct model *m = &in->model;

	memset(t, 0, sizeof(*t));
	t->number = task->number;
	t->at = task->base;
	t->cr3 = task_top(m, task);
	t->state = layout_get(&m->layout, task->base, INSPECT_TASK_STATE);
	t->state_name = task_state_text(m, task);
	t->running = task_running(m, task);
	snprintf(t->name, sizeof(t->name), "%s", task_title(in, task).text);
	if (task->corrupt)
		return;
	read_saved(&m->layout, task->base, t);
	*in_kernel = t->running && !read_live(in, task, t);
}

static void symbol_of(struct inspect *in, const struct object *task,
		      uint64_t va, char *text, size_t size)
{
	struct program *p = task_program(in, task);

	*text = 0;
	if (p)
		program_symbol(p, va, text, size);
}

/* ---- tasks ---- */

static void row_of(struct request *r, struct table *t,
		   const struct object *task)
{
	const struct layout *l = &r->m->layout;
	struct program *p = task_program(r->in, task);
	struct detail wait = wait_detail(r->m, task);
	uint32_t pool = model_held(r->m, task, ROLE_CPOOL, 0);
	uint32_t space = model_held(r->m, task, ROLE_TABLE, 0);
	struct inspect_task regs;
	char symbol[80];
	bool in_kernel = false;

	task_read(r->in, task, &regs, &in_kernel);
	symbol_of(r->in, task, regs.rip, symbol, sizeof(symbol));
	table_row(t);
	table_cell(t, "task", CELL_NAME, "task#%" PRIu32, task->number);
	table_cell(t, "program", 0, "%s", p ? p->name : "");
	table_cell(t, "state", task->corrupt ? CELL_BAD : 0, "%s",
		   regs.state_name);
	table_cell(t, "prio", CELL_RIGHT | CELL_NUMBER, "%u",
		   (unsigned)layout_get(l, task->base, INSPECT_TASK_PRIORITY));
	table_cell(t, "pool", CELL_JSON, "%s",
		   pool == NIL
			   ? ""
			   : object_name(r->m, r->m->cap[pool].object).text);
	table_cell(t, "space", CELL_JSON, "%s",
		   space == NIL
			   ? ""
			   : object_name(r->m, r->m->cap[space].object).text);
	table_cell(t, "at", 0, "%" PRIx64 "%s", regs.rip, symbol);
	table_cell(t, "waits", 0, "%s",
		   task->corrupt ? task->corrupt : wait.text);
}

int cmd_tasks(struct request *r)
{
	struct table t;

	table_begin(&t, r->out, "task");
	for (uint32_t i = 0; i < r->m->task_count; i++)
		row_of(r, &t, &r->m->object[r->m->task[i]]);
	if (!table_end(&t))
		out_line(r->out, "There is no task.");
	return 0;
}

/* ---- task ---- */

static void fact(struct table *t, const char *what, const char *text)
{
	if (!*text)
		return;
	if (!t->out->json)
		table_row(t);
	table_cell(t, what, CELL_PEOPLE | CELL_DIM, "%s", what);
	table_cell(t, what, 0, "%s", text);
}

static void say_slots(struct request *r, struct table *t,
		      const struct object *task)
{
	static const struct {
		enum role role;
		const char *name;
	} slots[] = {
		{ROLE_CPOOL, "pool"},
		{ROLE_TABLE, "space"},
		{ROLE_BUFFER, "buffer"},
		{ROLE_FAULT_HANDLER, "fault handler"},
		{ROLE_NOTIFICATION, "notification"},
		{ROLE_CONTEXT, "context"},
	};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		uint32_t cap = model_held(r->m, task, slots[i].role, 0);

		if (cap != NIL)
			fact(t, slots[i].name,
			     object_name(r->m, r->m->cap[cap].object).text);
	}
	for (unsigned i = 0; i < TASK_PORTS; i++) {
		uint32_t cap = model_held(r->m, task, ROLE_PORT, i);

		if (cap != NIL)
			fact(t, "ports",
			     cap_detail(r->m, &r->m->cap[cap]).text);
	}
}

static const char *fault_text(unsigned fault)
{
	switch (fault) {
#define FAULT(name, number, text) \
	case number:              \
		return text;
		ABI_FAULTS(FAULT)
#undef FAULT
	}
	return "";
}

static void say_state(struct request *r, struct table *t,
		      const struct object *task,
		      const struct inspect_task *regs, bool in_kernel)
{
	const struct layout *l = &r->m->layout;
	struct detail wait = wait_detail(r->m, task);
	char text[200];
	unsigned fault = layout_get(l, task->base, INSPECT_TASK_FAULT);

	snprintf(text, sizeof(text), "%s%s%s%s", regs->state_name,
		 *wait.text ? " " : "", wait.text,
		 in_kernel ? ", the processor is in the kernel" : "");
	fact(t, "state", text);
	snprintf(
		text, sizeof(text), "%u (its own %u, may give %u)",
		(unsigned)layout_get(l, task->base, INSPECT_TASK_PRIORITY),
		(unsigned)layout_get(l, task->base, INSPECT_TASK_OWN_PRIORITY),
		(unsigned)layout_get(l, task->base, INSPECT_TASK_MAX_PRIORITY));
	fact(t, "priority", text);
	if (!fault)
		return;
	snprintf(text, sizeof(text), "%s, %" PRIx64, fault_text(fault),
		 layout_get(l, task->base, INSPECT_TASK_FAULT_ADDRESS));
	fact(t, "fault", text);
}

static void say_registers(struct request *r, const struct inspect_task *regs)
{
	static const char *const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	struct table t;

	table_begin(&t, r->out, "registers");
	t.no_head = true;
	for (unsigned i = 0; i < 16; i++) {
		if (i == 0 || (i % 4 == 0 && !r->out->json))
			table_row(&t);
		table_cell(&t, names[i], CELL_PEOPLE | CELL_DIM | CELL_RIGHT,
			   "%s", names[i]);
		table_cell(&t, names[i], 0, "%016" PRIx64, regs->gpr[i]);
	}
	if (!r->out->json)
		table_row(&t);
	table_cell(&t, "rip", CELL_PEOPLE | CELL_DIM | CELL_RIGHT, "rip");
	table_cell(&t, "rip", 0, "%016" PRIx64, regs->rip);
	table_cell(&t, "rflags", CELL_PEOPLE | CELL_DIM | CELL_RIGHT, "flg");
	table_cell(&t, "rflags", 0, "%016" PRIx64, regs->rflags);
	table_cell(&t, "fs_base", CELL_PEOPLE | CELL_DIM | CELL_RIGHT, "fs");
	table_cell(&t, "fs_base", 0, "%016" PRIx64, regs->fs_base);
	table_cell(&t, "gs_base", CELL_PEOPLE | CELL_DIM | CELL_RIGHT, "gs");
	table_cell(&t, "gs_base", 0, "%016" PRIx64, regs->gs_base);
	table_end(&t);
}

/* ---- who called whom ---- */

#define FRAMES_MAX 32
#define SCAN_WORDS 256

static void say_frame(struct request *r, struct table *t,
		      const struct object *task, unsigned number, uint64_t va,
		      bool guessed)
{
	struct program *p = task_program(r->in, task);
	struct source_frame line;
	const char *slash;
	char symbol[80];

	/* A return address belongs to the call before it. */
	symbol_of(r->in, task, number ? va - 1 : va, symbol, sizeof(symbol));
	table_row(t);
	table_cell(t, "frame", CELL_RIGHT | CELL_NUMBER | CELL_DIM, "%u",
		   number);
	table_cell(t, "address", 0, "%016" PRIx64, va);
	/* Without the " <" and ">" around it. */
	table_cell(t, "function", 0, "%.*s%s",
		   *symbol ? (int)strlen(symbol) - 3 : 0,
		   *symbol ? symbol + 2 : "", guessed ? " ?" : "");
	if (!p || !program_line(p, number ? va - 1 : va, &line))
		return;
	slash = strrchr(line.file, '/');
	table_cell(t, "where", CELL_PEOPLE | CELL_DIM, "%s:%u",
		   slash ? slash + 1 : line.file, line.line);
	table_cell(t, "file", CELL_JSON, "%s", line.file);
	table_cell(t, "line", CELL_JSON | CELL_NUMBER, "%u", line.line);
}

static unsigned walk_frames(struct request *r, struct table *t,
			    const struct object *task,
			    const struct inspect_task *regs)
{
	const struct guestmem *mem = &r->in->m->mem;
	uint64_t frame = regs->gpr[GPR_RBP], word[2];
	unsigned count = 1;

	while (count < FRAMES_MAX && frame % 8 == 0 && frame &&
	       space_read(mem, regs->cr3, frame, word, sizeof(word)) &&
	       word[1]) {
		say_frame(r, t, task, count++, word[1], false);
		if (word[0] <= frame)
			break;
		frame = word[0];
	}
	return count;
}

/* Without a chain of frames: what looks like the end of a call. */
static void scan_stack(struct request *r, struct table *t,
		       const struct object *task,
		       const struct inspect_task *regs)
{
	struct program *p = task_program(r->in, task);
	uint64_t sp = regs->gpr[GPR_RSP] & ~UINT64_C(7), word;
	unsigned count = 1;

	for (unsigned i = 0; p && i < SCAN_WORDS && count < FRAMES_MAX;
	     i++, sp += 8) {
		if (!space_read(&r->in->m->mem, regs->cr3, sp, &word,
				sizeof(word)))
			return;
		if (program_calls(p, word))
			say_frame(r, t, task, count++, word, true);
	}
}

static void say_backtrace(struct request *r, const struct object *task,
			  const struct inspect_task *regs)
{
	struct table t;

	table_begin(&t, r->out, "frame");
	t.no_head = true;
	say_frame(r, &t, task, 0, regs->rip, false);
	if (walk_frames(r, &t, task, regs) == 1)
		scan_stack(r, &t, task, regs);
	table_end(&t);
}

int cmd_task(struct request *r)
{
	uint32_t index = request_task(r, 1);
	const struct object *task;
	struct inspect_task regs;
	bool in_kernel = false;
	struct table t;

	if (index == NIL)
		return -ENOENT;
	task = &r->m->object[index];
	task_read(r->in, task, &regs, &in_kernel);
	table_begin(&t, r->out, "task");
	t.no_head = true;
	if (r->out->json)
		table_row(&t);
	fact(&t, "task", regs.name);
	say_state(r, &t, task, &regs, in_kernel);
	if (!task->corrupt)
		say_slots(r, &t, task);
	table_end(&t);
	if (task->corrupt) {
		out_line(r->out, "corrupt: %s", task->corrupt);
		return 0;
	}
	out_line(r->out, "%s", "");
	say_registers(r, &regs);
	out_line(r->out, "%s", "");
	say_backtrace(r, task, &regs);
	return 0;
}
