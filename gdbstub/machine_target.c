/*
 * machine_target.c: registers, memory, points and stops of a machine, as the
 * stub asks for them.
 */
#include "gdbstub/machine_target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/registers.h"
#include "vmm/log.h"

/* ---- stops ---- */

static unsigned signal_of(unsigned vector)
{
	switch (vector) {
	case VEC_UD:
		return GDB_SIGILL;
	case VEC_DE:
	case VEC_MF:
	case VEC_XM:
		return GDB_SIGFPE;
	case VEC_DB:
	case VEC_BP:
	case VEC_NMI:
		return GDB_SIGTRAP;
	}
	return GDB_SIGSEGV;
}

static void take_end(struct machine_target *t, const struct debug_stop *stop,
		     struct gdb_event *event)
{
	static const char *const text[] = {
		[STOP_RESET] = "the guest asks for a reset",
		[STOP_TRIPLE] = "triple fault",
		[STOP_PANIC] = "the guest's kernel has panicked",
		[STOP_STALL] = "stall",
		[STOP_CRASH] = "the processor cannot go on",
		[STOP_BREAK] = "--break-at",
	};
	const struct gdb_hooks *h = &t->config->hooks;

	if (stop->verdict == STOP_EXIT || stop->verdict == STOP_POWEROFF) {
		event->kind = GDB_EXITED;
		if (h->exit_status)
			event->status = h->exit_status(h->ctx, stop->verdict,
						       stop->code);
		return;
	}
	event->signal = stop->verdict == STOP_PANIC   ? GDB_SIGABRT
			: stop->verdict == STOP_STALL ? GDB_SIGINT
			: stop->verdict == STOP_RESET ? GDB_SIGTRAP
						      : GDB_SIGSEGV;
	snprintf(event->note, sizeof(event->note),
		 "vmm: %s%s%.200s; `monitor why' says more, `continue' ends "
		 "the run\n",
		 text[stop->verdict] ? text[stop->verdict] : "end",
		 stop->why[0] && stop->why[0] != ';' ? ": " : "", stop->why);
}

static enum gdb_why why_of(const struct machine_target *t,
			   const struct debug_stop *stop)
{
	static const enum gdb_why watch[] = {[POINT_WRITE] = GDB_WHY_WRITE,
					     [POINT_READ] = GDB_WHY_READ,
					     [POINT_ACCESS] = GDB_WHY_ACCESS};

	/* gdb would take a point of others for one that it has removed. */
	if (!t->met_now && stop->reason != DEBUG_BEGIN)
		return GDB_WHY_NONE;
	switch (stop->reason) {
	case DEBUG_POINT:
		return t->met.kind == GDB_HW_BREAK ? GDB_WHY_HW_BREAK
						   : GDB_WHY_SW_BREAK;
	case DEBUG_WATCH:
		return watch[stop->point.kind];
	case DEBUG_BEGIN:
		return GDB_WHY_BEGIN;
	default:
		return GDB_WHY_NONE;
	}
}

void machine_target_event(struct machine_target *t,
			  const struct debug_stop *stop,
			  struct gdb_event *event)
{
	bool point = stop->reason == DEBUG_POINT || stop->reason == DEBUG_WATCH;

	*event = (struct gdb_event){.kind = GDB_STOPPED,
				    .signal = GDB_SIGTRAP,
				    .why = why_of(t, stop),
				    .addr = stop->addr};
	event->id = mt_runner(t, point ? t->met.pid : 1, stop->cpu);
	switch (stop->reason) {
	case DEBUG_POINT:
		if (t->awaited && !t->met_now)
			event->id = t->stepper;
		break;
	case DEBUG_STEP:
		if (mt_cpu_of(t, t->stepper) == (int)stop->cpu)
			event->id = t->stepper;
		break;
	case DEBUG_INTERRUPT:
		event->signal = GDB_SIGINT;
		break;
	case DEBUG_EXCEPTION:
		event->signal = signal_of(stop->vector);
		break;
	case DEBUG_TRIPLE:
	case DEBUG_END:
		take_end(t, stop, event);
		break;
	default:
		break;
	}
}

/* gdb is made to take code for what it is not. */
static void note_mode(struct machine_target *t, unsigned cpu,
		      struct gdb_event *event)
{
	size_t used = strlen(event->note);

	if (t->arch != REG_X86_64 && mt_state(t, cpu)->efer & EFER_LMA)
		snprintf(event->note + used, sizeof(event->note) - used,
			 "vmm: this is in long mode, and gdb is told of %s: "
			 "`vmm arch x86-64'\n",
			 reg_arch_name(t->arch));
}

static void stopped(void *ctx, const struct debug_stop *stop)
{
	struct machine_target *t = ctx;
	const struct gdb_hooks *h = &t->config->hooks;
	struct gdb_event event;

	mt_forget_state(t);
	machine_target_event(t, stop, &event);
	note_mode(t, stop->cpu, &event);
	debug_remove_all(t->d, &t->awaited);
	t->awaited = 0;
	if (h->stopped)
		h->stopped(h->ctx);
	if (t->attached)
		t->sink.event(t->sink.ctx, &event);
}

static void resumed(void *ctx)
{
	struct machine_target *t = ctx;

	t->met_now = false;
	for (struct mt_point *p = t->points; p; p = p->next)
		p->fresh = false;
}

static void mt_stopped(void *target, struct gdb_event *event)
{
	struct machine_target *t = target;

	machine_target_event(t, debug_last(t->d), event);
}

/* ---- a client ---- */

static void use_arch(struct machine_target *t, enum reg_arch arch)
{
	if (t->arch == arch)
		return;
	free(t->description);
	t->description = NULL;
	t->arch = arch;
}

void mt_set_arch(struct machine_target *t, enum reg_arch arch, bool now)
{
	t->next_arch = arch;
	if (now)
		use_arch(t, arch);
}

static void mt_attach(void *target, const struct gdb_sink *sink)
{
	struct machine_target *t = target;

	t->sink = *sink;
	memset(t->adopted, 0, sizeof(t->adopted));
	/* Who reads no description means this one. */
	use_arch(t, REG_X86_64);
	mt_forget_state(t);
	debug_listen(t->d, &t->listener);
	debug_interrupt(t->d);
	t->attached = true;
}

static void mt_detach(void *target, bool go_on)
{
	struct machine_target *t = target;

	if (!t->attached)
		return;
	t->attached = false;
	for (unsigned i = 0; i < GDB_POINT_KINDS; i++)
		debug_remove_all(t->d, &t->owner[i]);
	debug_remove_all(t->d, &t->awaited);
	debug_catch(t->d, 0);
	debug_unlisten(t->d, &t->listener);
	mt_forget_state(t);
	/* One that is over has nothing to wait for. */
	if (go_on || debug_last(t->d)->reason == DEBUG_END ||
	    debug_last(t->d)->reason == DEBUG_TRIPLE)
		debug_continue(t->d);
}

/* ---- what it is ---- */

static const char *mt_describe(void *target, const char *annex)
{
	struct machine_target *t = target;
	const struct x86_state *s;

	if (strcmp(annex, "target.xml") != 0)
		return NULL;
	use_arch(t, t->next_arch);
	if (!t->description) {
		s = mt_state(t, 0);
		t->description = reg_describe(t->arch, t->m->level >= CPU_V3 ||
							       s->xcr0 & 4);
	}
	return t->description;
}

static const struct gdb_layout *mt_layout(void *target)
{
	static const struct gdb_layout wide = {
		REG_CORE, REG_RIP, {6, 7, REG_RIP, REG_EFLAGS, REG_CS}};
	static const struct gdb_layout low = {
		REG_LOW_CORE,
		REG_EIP,
		{REG_EBP, REG_ESP, REG_EIP, REG_LOW_EFLAGS, REG_LOW_CS}};
	const struct machine_target *t = target;

	return t->arch == REG_X86_64 ? &wide : &low;
}

static const char *mt_exec_file(void *target, uint32_t pid)
{
	struct machine_target *t = target;
	uint64_t space;

	if (!mt_space(t, pid, &space))
		return NULL;
	return pid == 1 ? t->config->kernel : t->config->init;
}

/* ---- registers ---- */

static unsigned mt_reg_size(void *target, unsigned n)
{
	return reg_size(((const struct machine_target *)target)->arch, n);
}

/* What is kept of a task that does not run. */
static bool task_reg(const struct gdb_task *task, unsigned n, uint8_t *buf)
{
	struct x86_state s = {.rip = task->rip, .rflags = task->rflags};

	if (n > REG_EFLAGS && n != REG_CORE - 2 && n != REG_CORE - 1)
		return false;
	memcpy(s.gpr, task->gpr, sizeof(s.gpr));
	s.seg[SEG_FS].base = task->fs_base;
	s.seg[SEG_GS].base = task->gs_base;
	reg_get(REG_X86_64, &s, n, buf);
	return true;
}

static bool mt_read_reg(void *target, struct gdb_id id, unsigned n,
			uint8_t *buf)
{
	struct machine_target *t = target;
	int cpu = mt_cpu_of(t, id);
	struct gdb_task task;

	if (cpu >= 0) {
		reg_get(t->arch, mt_state(t, cpu), n, buf);
		return true;
	}
	return t->arch == REG_X86_64 && mt_task_of(t, id, &task) &&
	       task_reg(&task, n, buf);
}

static bool set_state(struct machine_target *t, unsigned cpu,
		      const struct x86_state *s)
{
	mt_forget_state(t);
	return debug_set_state(t->m, cpu, s) == 0;
}

static bool mt_write_reg(void *target, struct gdb_id id, unsigned n,
			 const uint8_t *buf)
{
	struct machine_target *t = target;
	int cpu = mt_cpu_of(t, id);
	struct x86_state s;

	if (cpu < 0)
		return false;
	s = *mt_state(t, cpu);
	reg_set(t->arch, &s, n, buf);
	return set_state(t, cpu, &s);
}

static bool mt_write_regs(void *target, struct gdb_id id, const uint8_t *buf,
			  size_t len)
{
	struct machine_target *t = target;
	int cpu = mt_cpu_of(t, id);
	struct x86_state s;

	if (cpu < 0)
		return false;
	s = *mt_state(t, cpu);
	for (unsigned n = 0, size; (size = reg_size(t->arch, n)) && len >= size;
	     n++) {
		reg_set(t->arch, &s, n, buf);
		buf += size;
		len -= size;
	}
	return set_state(t, cpu, &s);
}

/* ---- memory ---- */

/* As the thread sees it: by its address space, and its CPU's mode. */
static bool translate(struct machine_target *t, struct gdb_id id, uint64_t gva,
		      uint64_t *gpa)
{
	int cpu = mt_cpu_of(t, id);
	struct gdb_task task;
	struct x86_state s;

	if (cpu >= 0)
		return t->m->cpu[cpu]->ops->translate(t->m->cpu[cpu], gva, gpa);
	if (!mt_task_of(t, id, &task))
		return false;
	s = *mt_state(t, 0);
	s.cr3 = task.cr3;
	return x86_translate(&t->m->mem, &s, gva, gpa);
}

static uint64_t page_rest(uint64_t gva, uint64_t len)
{
	uint64_t rest = GUEST_PAGE_SIZE - gva % GUEST_PAGE_SIZE;

	return len < rest ? len : rest;
}

static uint64_t mt_read_mem(void *target, struct gdb_id id, uint64_t addr,
			    void *buf, uint64_t len)
{
	struct machine_target *t = target;
	uint64_t done = 0, gpa, n;

	for (; done < len; done += n) {
		n = page_rest(addr + done, len - done);
		if (!translate(t, id, addr + done, &gpa) ||
		    !guestmem_read(&t->m->mem, gpa, (char *)buf + done, n))
			break;
	}
	return done;
}

/* As an input, since the run goes on with it; not in the past. */
static bool poke(struct machine_target *t, uint64_t gpa, const void *buf,
		 uint64_t len)
{
	uint8_t bytes[sizeof(gpa) + GUEST_PAGE_SIZE];

	memcpy(bytes, &gpa, sizeof(gpa));
	memcpy(bytes + sizeof(gpa), buf, len);
	return input_poke(t->m, INPUT_OF_MEMORY, bytes, sizeof(gpa) + len) == 0;
}

static bool mt_write_mem(void *target, struct gdb_id id, uint64_t addr,
			 const void *buf, uint64_t len)
{
	struct machine_target *t = target;
	uint64_t done, gpa, n;

	for (done = 0; done < len; done += n) {
		n = page_rest(addr + done, len - done);
		if (!translate(t, id, addr + done, &gpa) ||
		    !guestmem_ptr(&t->m->mem, gpa, n))
			return false;
	}
	for (done = 0; done < len; done += n) {
		n = page_rest(addr + done, len - done);
		if (!translate(t, id, addr + done, &gpa) ||
		    !poke(t, gpa, (const char *)buf + done, n))
			return false;
	}
	mt_forget_state(t);
	return true;
}

/* ---- points ---- */

static const enum vcpu_point_kind kinds[] = {
	[GDB_SW_BREAK] = POINT_EXEC, [GDB_HW_BREAK] = POINT_EXEC,
	[GDB_WRITE] = POINT_WRITE,   [GDB_READ] = POINT_READ,
	[GDB_ACCESS] = POINT_ACCESS,
};

static bool point_wanted(void *ctx, const struct debug_point *point,
			 unsigned cpu)
{
	struct mt_point *p = ctx;

	mt_forget_state(p->target);
	if (p->wanted && !p->wanted(p->ctx, (struct gdb_id){1, cpu + 1}))
		return false;
	/* Of several at one place the one of the task's own process tells. */
	if (p->target->met_now && p->at.pid == 1)
		return true;
	p->target->met = p->at;
	p->target->met_now = true;
	return true;
}

static struct mt_point **find(struct machine_target *t,
			      const struct gdb_point *at)
{
	struct mt_point **p = &t->points;

	while (*p && ((*p)->at.kind != at->kind || (*p)->at.pid != at->pid ||
		      (*p)->at.addr != at->addr || (*p)->at.len != at->len))
		p = &(*p)->next;
	return p;
}

static bool fill_point(struct machine_target *t, const struct gdb_point *at,
		       struct debug_point *p)
{
	*p = (struct debug_point){.kind = kinds[at->kind],
				  .addr = at->addr,
				  .len = at->len,
				  .owner = &t->owner[at->kind],
				  .wanted = point_wanted};
	return mt_space(t, at->pid, &p->space);
}

static int mt_remove_point(void *target, const struct gdb_point *at)
{
	struct machine_target *t = target;
	struct mt_point **p = find(t, at), *gone = *p;
	struct debug_point point;

	if (!gone)
		return -ENOENT;
	if (fill_point(t, at, &point))
		debug_remove(t->d, &point);
	*p = gone->next;
	free(gone);
	return 0;
}

static int mt_set_point(void *target, const struct gdb_point *at,
			bool (*wanted)(void *ctx, struct gdb_id id), void *ctx)
{
	struct machine_target *t = target;
	struct mt_point *p = *find(t, at);
	struct debug_point point;
	int err;

	if (!fill_point(t, at, &point))
		return -ESRCH;
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		p->fresh = true;
		p->next = t->points;
		t->points = p;
	}
	p->at = *at;
	p->target = t;
	p->wanted = wanted;
	p->ctx = ctx;
	point.ctx = p;
	err = debug_add(t->d, &point);
	if (err)
		mt_remove_point(t, at);
	return err;
}

/* ---- going on ---- */

static const char *mt_refusal(void *target)
{
	struct machine_target *t = target;
	const char *limits = debug_limits(t->d);

	if (!t->too_much)
		return "";
	snprintf(t->refusal, sizeof(t->refusal), "vmm: %s\n",
		 limits[0] ? limits
			   : "this processor cannot watch all that: remove "
			     "some watchpoints");
	return t->refusal;
}

static bool mt_can_reverse(void *target)
{
	const struct gdb_hooks *h =
		&((struct machine_target *)target)->config->hooks;

	return h->reverse && h->can_reverse && h->can_reverse(h->ctx);
}

static bool mt_reverse(void *target, struct gdb_id id, bool step)
{
	struct machine_target *t = target;
	const struct gdb_hooks *h = &t->config->hooks;
	int cpu = mt_cpu_of(t, id);

	t->stepper = id;
	mt_forget_state(t);
	return h->reverse(h->ctx, cpu < 0 ? 0 : cpu, step);
}

static void mt_interrupt(void *target)
{
	debug_interrupt(((struct machine_target *)target)->d);
}

/* By its path, or the file's name alone. */
static bool is_kernel(const struct machine_target *t, const char *program)
{
	const char *kernel = t->config->kernel;
	const char *slash = kernel ? strrchr(kernel, '/') : NULL;

	return kernel && (!strcmp(program, kernel) ||
			  (slash && !strcmp(program, slash + 1)));
}

static bool mt_restart(void *target, const char *program, const char *args)
{
	struct machine_target *t = target;
	const struct gdb_hooks *h = &t->config->hooks;
	struct debug_stop stop = {.reason = DEBUG_RESTART};

	if (program && !is_kernel(t, program)) {
		log_warn("gdb: run: there is no '%.200s' here, but the kernel "
			 "that vmm was started with; `set remote exec-file' "
			 "takes the name away",
			 program);
		return false;
	}
	if (!h->restart || !h->restart(h->ctx, args))
		return false;
	debug_hold(t->d, &stop);
	return true;
}

static void mt_kill(void *target)
{
	struct machine_target *t = target;

	machine_stop(t->m, STOP_QUIT, 0, "gdb");
}

/* ---- life ---- */

const struct gdb_target_ops machine_target_ops = {
	.attach = mt_attach,
	.detach = mt_detach,
	.stopped = mt_stopped,
	.thread = mt_thread,
	.alive = mt_alive,
	.adopt = mt_adopt,
	.describe = mt_describe,
	.exec_file = mt_exec_file,
	.layout = mt_layout,
	.reg_size = mt_reg_size,
	.read_reg = mt_read_reg,
	.write_reg = mt_write_reg,
	.write_regs = mt_write_regs,
	.read_mem = mt_read_mem,
	.write_mem = mt_write_mem,
	.set_point = mt_set_point,
	.remove_point = mt_remove_point,
	.resume = mt_resume,
	.refusal = mt_refusal,
	.can_reverse = mt_can_reverse,
	.reverse = mt_reverse,
	.interrupt = mt_interrupt,
	.restart = mt_restart,
	.kill = mt_kill,
	.monitor = machine_monitor,
};

int machine_target_init(struct machine_target *t,
			const struct gdb_config *config)
{
	memset(t, 0, sizeof(*t));
	t->config = config;
	t->m = config->m;
	t->d = config->m->debug;
	t->listener = (struct debug_listener){
		.stopped = stopped, .resumed = resumed, .ctx = t};
	t->cached_cpu = -1;
	t->met.pid = 1;
	return 0;
}

void machine_target_fini(struct machine_target *t)
{
	mt_detach(t, false);
	while (t->points) {
		struct mt_point *next = t->points->next;

		free(t->points);
		t->points = next;
	}
	free(t->description);
	free(t->task);
	t->description = NULL;
	t->task = NULL;
}
