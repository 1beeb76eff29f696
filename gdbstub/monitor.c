/*
 * monitor.c: gdb's `monitor' commands: about the machine here, about the
 * guest's kernel by the hook.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/machine_target.h"

static void say(struct machine_target *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct machine_target *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->sink.text(t->sink.ctx, text, strlen(text));
}

/* ---- exceptions ---- */

static const struct {
	const char *name;
	unsigned vector;
} exceptions[] = {
	{"de", VEC_DE}, {"of", VEC_OF}, {"br", VEC_BR}, {"ud", VEC_UD},
	{"nm", VEC_NM}, {"ts", VEC_TS}, {"np", VEC_NP}, {"ss", VEC_SS},
	{"gp", VEC_GP}, {"pf", VEC_PF}, {"mf", VEC_MF}, {"ac", VEC_AC},
	{"xm", VEC_XM},
};

#define EXCEPTIONS (sizeof(exceptions) / sizeof(exceptions[0]))

static bool read_exceptions(char *words, uint32_t *set)
{
	char *rest = NULL;
	bool ok = true;

	*set = 0;
	for (char *w = strtok_r(words, " ,", &rest); ok && w;
	     w = strtok_r(NULL, " ,", &rest)) {
		ok = !strcmp(w, "none") || !strcmp(w, "all");
		for (size_t i = 0; i < EXCEPTIONS; i++)
			if (!strcmp(w, exceptions[i].name) ||
			    !strcmp(w, "all")) {
				*set |= 1u << exceptions[i].vector;
				ok = true;
			}
	}
	return ok;
}

static void do_catch(struct machine_target *t, char *rest)
{
	uint32_t set;

	if (strncmp(rest, "exception", 9) || !read_exceptions(rest + 9, &set)) {
		say(t, "usage: monitor catch exception "
		       "all|none|de,of,br,ud,nm,ts,np,ss,gp,pf,mf,ac,xm\n");
		return;
	}
	if (rest[9] && debug_catch(t->d, set) < 0) {
		say(t,
		    "%s does not tell of the guest's exceptions: put a "
		    "breakpoint at the handler, or debug with --accel sim\n",
		    t->m->cpu[0]->ops->name);
		return;
	}
	say(t, "stops before these exceptions:");
	for (size_t i = 0; i < EXCEPTIONS; i++)
		if (debug_caught(t->d) >> exceptions[i].vector & 1)
			say(t, " #%s", exceptions[i].name);
	say(t, "\n");
}

/* ---- why it stands ---- */

static void say_exception(struct machine_target *t, unsigned vector)
{
	for (size_t i = 0; i < EXCEPTIONS; i++)
		if (exceptions[i].vector == vector)
			say(t, "  exception #%s (vector %u)\n",
			    exceptions[i].name, vector);
}

/* What is not asked for, but happened. */
static bool led_to(enum debug_reason reason)
{
	return reason == DEBUG_TRIPLE || reason == DEBUG_END ||
	       reason == DEBUG_EXCEPTION;
}

static void do_why(struct machine_target *t, char *rest)
{
	const struct debug_stop *stop = debug_last(t->d);
	const struct x86_state *s = mt_state(t, stop->cpu);

	say(t, "cpu%u: %s%s%s\n", stop->cpu, debug_reason_text(stop->reason),
	    stop->why[0] ? ": " : "", stop->why);
	if (stop->reason == DEBUG_POINT)
		say(t, "  at %#" PRIx64 "\n", stop->point.addr);
	if (stop->reason == DEBUG_WATCH)
		say(t,
		    "  %#" PRIx64 " was touched, of %#" PRIx64 "+%" PRIu64 "\n",
		    stop->addr, stop->point.addr, stop->point.len);
	if (stop->reason == DEBUG_EXCEPTION)
		say_exception(t, stop->vector);
	say(t,
	    "  rip %#" PRIx64 " rsp %#" PRIx64 " cr2 %#" PRIx64 " cr3 %#" PRIx64
	    " idtr %#" PRIx64 "+%#" PRIx64 "%s\n",
	    s->rip, s->gpr[GPR_RSP], s->cr2, s->cr3, s->idt.base,
	    s->idt.limit & 0xffff, s->halted ? ", halted" : "");
	if (t->config->hooks.explain && led_to(stop->reason))
		t->config->hooks.explain(t->config->hooks.ctx, t->sink.text,
					 t->sink.ctx);
}

/* ---- others ---- */

/* Only of a machine without a history, which has more to say. */
static void do_when(struct machine_target *t, char *rest)
{
	if (t->m->cpu[0]->ops->counted_time)
		say(t, "%" PRIu64 " instructions have run\n",
		    machine_count(t->m));
	else
		say(t, "%s does not count instructions\n",
		    t->m->cpu[0]->ops->name);
}

/* `now': the registers are told so before gdb has read the description. */
static void do_arch(struct machine_target *t, char *rest)
{
	static const struct {
		const char *name;
		enum reg_arch arch;
	} names[] = {{"x86-64", REG_X86_64},
		     {"i386:x86-64", REG_X86_64},
		     {"auto", REG_X86_64},
		     {"i386", REG_I386},
		     {"i8086", REG_I8086}};

	size_t len = strcspn(rest, " ");
	bool now = !strcmp(rest + len, " now");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) != len ||
		    strncmp(rest, names[i].name, len) != 0 ||
		    (rest[len] && !now))
			continue;
		mt_set_arch(t, names[i].arch, now);
		say(t,
		    "gdb is told of %s when it connects again; `vmm arch "
		    "%s' changes at once\n",
		    reg_arch_name(names[i].arch), names[i].name);
		return;
	}
	say(t,
	    "usage: monitor arch x86-64|i386|i8086 [now]: what gdb takes the "
	    "code for; now it is %s\n",
	    reg_arch_name(t->arch));
}

static void do_step(struct machine_target *t, char *rest)
{
	if (!strcmp(rest, "irq on"))
		debug_step_interrupts(t->d, true);
	else if (!strcmp(rest, "irq off"))
		debug_step_interrupts(t->d, false);
	else
		say(t, "usage: monitor step irq on|off: do single steps enter "
		       "interrupt handlers? (off)\n");
}

static void do_reset(struct machine_target *t, char *rest)
{
	if (machine_target_ops.restart(t, NULL, NULL))
		say(t, "the machine is as at the start of the run\n");
	else
		say(t, "this run cannot be started again\n");
}

static void do_translate(struct machine_target *t, char *rest)
{
	struct vcpu *cpu = t->m->cpu[debug_last(t->d)->cpu];
	unsigned long long gva;
	uint64_t gpa;
	char *end;

	errno = 0;
	gva = strtoull(rest, &end, 0);
	if (!*rest || *rest == '-' || *end || errno)
		say(t, "usage: monitor translate ADDRESS\n");
	else if (cpu->ops->translate(cpu, gva, &gpa))
		say(t, "%#llx is physical %#" PRIx64 "\n", gva, gpa);
	else
		say(t, "%#llx is not mapped\n", gva);
}

static void do_points(struct machine_target *t, char *rest)
{
	static const char *const name[] = {[POINT_EXEC] = "break",
					   [POINT_WRITE] = "watch",
					   [POINT_READ] = "rwatch",
					   [POINT_ACCESS] = "awatch"};
	const struct debug_point *p;

	for (unsigned n = 0; (p = debug_nth(t->d, n)); n++) {
		say(t, "%-6s %#" PRIx64 "+%" PRIu64 " hits %" PRIu64,
		    name[p->kind], p->addr, p->len, p->hits);
		if (p->space != DEBUG_ANY_SPACE)
			say(t, " in cr3=%#" PRIx64, p->space);
		say(t, "\n");
	}
}

static void do_spaces(struct machine_target *t, char *rest)
{
	struct gdb_task task = {.number = 0};
	bool any = false;

	for (; mt_next_task(t, task.number, &task); any = true)
		say(t, "%3u  cr3=%#" PRIx64 "  %s, %s\n", mt_pid_of(t, &task),
		    task.cr3, task.name, task.state);
	say(t, any ? "`add-inferior', `inferior 2' and `attach NUMBER': "
		     "breakpoints set there hit in that address space only\n"
		   : "no tasks: not our kernel, or it has not started any\n");
}

static void do_help(struct machine_target *t, char *rest);

static const struct {
	const char *name;
	void (*fn)(struct machine_target *t, char *rest);
	const char *help;
} commands[] = {
	{"help", do_help, "this list"},
	{"why", do_why, "why the machine stands, and where"},
	{"when", do_when, "how many instructions have run"},
	{"reset", do_reset, "the machine as at the start of the run"},
	{"arch", do_arch, "x86-64|i386|i8086: what gdb is to take code for"},
	{"step", do_step, "irq on|off: let steps enter interrupt handlers"},
	{"catch", do_catch, "exception all|none|NAMES: stop before those"},
	{"translate", do_translate, "ADDRESS: where it leads"},
	{"spaces", do_spaces, "address spaces, their numbers and tasks"},
	{"points", do_points, "breakpoints and watchpoints in force"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void do_help(struct machine_target *t, char *rest)
{
	for (size_t i = 0; i < COMMANDS; i++)
		say(t, "%-10s %s\n", commands[i].name, commands[i].help);
	if (t->config->hooks.monitor_help)
		say(t, "%s", t->config->hooks.monitor_help);
}

static bool hook(struct machine_target *t, const char *line)
{
	const struct gdb_hooks *h = &t->config->hooks;

	return h->monitor &&
	       h->monitor(h->ctx, line, t->sink.text, t->sink.ctx);
}

/* Where both have the word: a past tells more of when, a kernel why it has a
 * capability. */
static bool knows_better(const char *name, const char *rest)
{
	return !strcmp(name, "when") || (!strcmp(name, "why") && *rest);
}

void machine_monitor(void *target, struct gdb_id id, const char *line)
{
	struct machine_target *t = target;
	char copy[1024], *rest;

	snprintf(copy, sizeof(copy), "%s", line + strspn(line, " "));
	rest = copy + strcspn(copy, " ");
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, " ");
	if (!*copy) {
		do_help(t, rest);
		return;
	}
	if (knows_better(copy, rest) && hook(t, line))
		return;
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(copy, commands[i].name)) {
			commands[i].fn(t, rest);
			return;
		}
	if (hook(t, line))
		return;
	say(t, "no command '%.80s'; `monitor help' lists them\n", copy);
}
