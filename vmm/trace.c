/* trace.c: the lines of a trace. */
#include "vmm/trace.h"

#include <inttypes.h>
#include <string.h>

static const char *const exceptions[] = {
	[VEC_DE] = "#DE", [VEC_DB] = "#DB", [VEC_NMI] = "NMI", [VEC_BP] = "#BP",
	[VEC_OF] = "#OF", [VEC_BR] = "#BR", [VEC_UD] = "#UD",  [VEC_NM] = "#NM",
	[VEC_DF] = "#DF", [VEC_TS] = "#TS", [VEC_NP] = "#NP",  [VEC_SS] = "#SS",
	[VEC_GP] = "#GP", [VEC_PF] = "#PF", [VEC_MF] = "#MF",  [VEC_AC] = "#AC",
	[VEC_MC] = "#MC", [VEC_XM] = "#XM",
};

#define EXCEPTIONS (sizeof(exceptions) / sizeof(exceptions[0]))

const char *trace_vector(unsigned vector)
{
	if (vector < EXCEPTIONS && exceptions[vector])
		return exceptions[vector];
	return "";
}

/* The boot CPU goes without saying. */
static void print_head(const struct trace *t, uint64_t count, unsigned cpu,
		       const char *kind)
{
	fprintf(t->out, "%" PRIu64 " ", count);
	if (cpu)
		fprintf(t->out, "cpu%u ", cpu);
	fprintf(t->out, "%s ", kind);
}

static void print_where(const struct trace *t, const struct trace_event *e)
{
	char name[128] = "";

	if (t->symbol)
		t->symbol(t->ctx, e->rip, e->cpl, name, sizeof(name));
	fprintf(t->out, "%016" PRIx64 "%s", e->rip, name);
}

static void print_exec(const struct trace *t, const struct trace_event *e)
{
	char bytes[3 * 15 + 1] = "";

	print_head(t, e->count, e->cpu, "exec");
	print_where(t, e);
	for (unsigned i = 0; i < e->len; i++)
		snprintf(bytes + 3 * i, 4, " %02x", e->byte[i]);
	fprintf(t->out, ":%s%s%s\n", e->len ? bytes : " not mapped",
		e->text[0] ? "  " : "", e->text);
}

static void print_interrupt(const struct trace *t, const struct trace_event *e)
{
	const char *name = NULL;

	if (!e->external && !e->soft && e->vector < EXCEPTIONS)
		name = exceptions[e->vector];
	print_head(t, e->count, e->cpu, "int");
	fprintf(t->out, "%s %u",
		e->external ? "interrupt"
		: e->soft   ? "software"
			    : "exception",
		e->vector);
	if (name)
		fprintf(t->out, " %s", name);
	if (e->has_error)
		fprintf(t->out, " error %#" PRIx32, e->error);
	if (name && e->vector == VEC_PF)
		fprintf(t->out, " cr2 %016" PRIx64, e->gva);
	fprintf(t->out, " from ring %u ", e->cpl);
	print_where(t, e);
	fputc('\n', t->out);
}

static void print_mmu(const struct trace *t, const struct trace_event *e)
{
	print_head(t, e->count, e->cpu, "mmu");
	if (e->has_error)
		fprintf(t->out, "fault %016" PRIx64 " error %#" PRIx32, e->gva,
			e->error);
	else
		fprintf(t->out,
			"fill %016" PRIx64 " -> %010" PRIx64 " page %" PRIu64
			"K r%c%c%c",
			e->gva, e->gpa, e->page_len >> 10,
			e->writable ? 'w' : '-', e->executable ? 'x' : '-',
			e->user ? 'u' : '-');
	fputs(" by ", t->out);
	print_where(t, e);
	fputc('\n', t->out);
}

static void on_event(void *ctx, const struct trace_event *e)
{
	const struct trace *t = ctx;

	switch (e->kind) {
	case TRACE_EXEC:
		print_exec(t, e);
		break;
	case TRACE_INT:
		print_interrupt(t, e);
		break;
	case TRACE_MMU:
		print_mmu(t, e);
		break;
	case TRACE_CALL:
		if (t->call)
			t->call(t->ctx, e);
		break;
	}
}

void trace_init(struct trace *trace, FILE *out, unsigned what)
{
	*trace = (struct trace){.out = out,
				.cpu = {.what = what, .event = on_event}};
	trace->cpu.ctx = trace;
}

void trace_access(struct trace *t, struct machine *m, enum vcpu_space space,
		  uint64_t addr, unsigned size, uint64_t val, bool write)
{
	bool port = space == SPACE_PORT;
	const struct device *dev =
		bus_device(port ? &m->ports : &m->mmio, addr);

	if (size < 8)
		val &= (UINT64_C(1) << 8 * size) - 1;
	print_head(t, machine_count(m), m->current, "io");
	fprintf(t->out, "%s %#" PRIx64 " %s size %u %s %#" PRIx64 "\n",
		port ? (write ? "out" : "in") : (write ? "write" : "read"),
		addr, dev ? dev->ops->name : "nobody", size,
		write ? "value" : "gives", val);
}
