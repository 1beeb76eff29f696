/* look.c: marks at counts, and the trace between two of them. */
#include "shell/look.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cli.h"
#include "shell/output.h"
#include "vmm/log.h"
#include "vmm/snapshot.h"

#define TRACE_ALL UINT64_MAX

/* ---- at the marks ---- */

static void save(void *ctx)
{
	struct look *l = ctx;
	struct snapshot_extra input = {LOOK_INPUT, FEEDER_VERSION, NULL, 0};
	uint8_t *bytes = feeder_save(l->feeder, &input.len);

	input.data = bytes;
	if (!bytes || snapshot_save(l->m, &input, 1, l->options->snapshot) < 0)
		machine_stop(l->m, STOP_HOST, 0, "");
	else
		l->saved = true;
	free(bytes);
}

static void stop(void *ctx)
{
	struct look *l = ctx;
	char why[80];

	snprintf(why, sizeof(why), "%" PRIu64 " instructions have run",
		 machine_count(l->m));
	machine_stop(l->m, STOP_BREAK, 0, why);
}

static void say_hash(void *ctx)
{
	struct look *l = ctx;

	log_warn("state hash %016" PRIx64 " at %" PRIu64, machine_hash(l->m),
		 l->hash.count);
	l->hash.count += l->options->hash_every;
	machine_mark(l->m, &l->hash);
}

static void trace_on(void *ctx)
{
	struct look *l = ctx;

	machine_trace(l->m, &l->trace);
}

static void trace_off(void *ctx)
{
	struct look *l = ctx;

	machine_trace(l->m, NULL);
}

/* ---- names in the trace ---- */

/* User programs have the init program's names, the rest the kernel's. */
static void name_address(void *ctx, uint64_t va, unsigned cpl, char *text,
			 size_t size)
{
	const struct look *l = ctx;

	symbols_name(cpl == 3 ? &l->init : &l->kernel, va, text, size);
}

static void on_call(void *ctx, const struct trace_event *event)
{
	struct look *l = ctx;

	inspect_call(l->inspect, event, l->trace.out);
}

static int begin_trace(struct look *l)
{
	const struct options *o = l->options;
	FILE *out = stderr;

	if (o->trace_file) {
		out = l->trace_out = output_open_stream(o->trace_file);
		if (!out)
			return -EIO;
	}
	trace_init(&l->trace, out, o->trace.what);
	l->trace.symbol = name_address;
	l->trace.call = on_call;
	l->trace.ctx = l;
	symbols_load(&l->kernel, o->kernel);
	symbols_load(&l->init, o->module_count ? o->module[0] : NULL);
	if (machine_trace(l->m, &l->trace) < 0)
		return fail(-ENOTSUP,
			    "--trace: %s can only tell of io; exec, int, "
			    "mmu and caps need --accel sim",
			    l->m->cpu[0]->ops->name);
	return 0;
}

/* ---- the kernel's objects ---- */

struct inspect *look_inspector(struct look *l)
{
	const struct options *o = l->options;
	struct inspect_config config = {l->m, o->kernel, o->module,
					o->module_count};

	if (!l->inspect)
		l->inspect = inspect_create(&config);
	return l->inspect;
}

static void print_look(void *ctx, const char *text, size_t len)
{
	output_write(ctx, text, len);
}

static void look_now(struct look *l, const struct look_option *o)
{
	struct inspect_out out = {.write = print_look,
				  .ctx = l->out,
				  .colour = cli_colour(stdout)};
	char line[512];

	if (l->out->midline)
		output_write(l->out, "\n", 1);
	snprintf(line, sizeof(line), "%.*s", (int)o->len, o->text);
	if (!inspect_run(l->inspect, line, &out))
		return;
	log_warn("--look: %s%s%s", out.error, *out.hint ? "; " : "", out.hint);
	l->refused = true;
}

static void look_at_mark(void *ctx)
{
	struct look_mark *at = ctx;

	at->met = true;
	look_now(at->look, at->option);
}

static void set_look_marks(struct look *l)
{
	for (unsigned i = 0; i < l->options->look_count; i++) {
		const struct look_option *o = &l->options->look[i];
		struct look_mark *at = &l->at[i];

		if (!o->has_count)
			continue;
		*at = (struct look_mark){l, o, {.count = o->count}};
		at->mark.reached = look_at_mark;
		at->mark.ctx = at;
		machine_mark(l->m, &at->mark);
	}
}

bool look_around(struct look *l)
{
	for (unsigned i = 0; i < l->options->look_count; i++) {
		const struct look_option *o = &l->options->look[i];

		if (!o->has_count) {
			look_now(l, o);
		} else if (!l->at[i].met) {
			log_warn("--look: %.*s @%" PRIu64 ": not done: the run "
				 "ended after %" PRIu64 " instructions",
				 (int)o->len, o->text, o->count,
				 machine_count(l->m));
			l->refused = true;
		}
	}
	return !l->refused;
}

static bool looks_at_count(const struct options *o)
{
	for (unsigned i = 0; i < o->look_count; i++)
		if (o->look[i].has_count)
			return true;
	return false;
}

/* ---- all together ---- */

bool look_needs_count(const struct options *o)
{
	return o->snapshot || o->has_break || o->hash_every ||
	       o->trace.what & ~TRACE_IO ||
	       (o->trace.what &&
		(o->trace.from > 0 || o->trace.to != TRACE_ALL)) ||
	       o->reference || o->branches || looks_at_count(o);
}

bool look_needs_files(const struct options *o)
{
	for (unsigned i = 0; i < o->look_count; i++)
		if (!strncmp(o->look[i].text, "caps ", 5))
			return true;
	return o->snapshot != NULL;
}

static void set_mark(struct look *l, struct mark *mark, uint64_t count,
		     void (*reached)(void *ctx))
{
	*mark = (struct mark){.count = count, .reached = reached, .ctx = l};
	machine_mark(l->m, mark);
}

/* The first mark of an --hash-every that has not passed yet. */
static uint64_t first_hash(const struct look *l)
{
	uint64_t every = l->options->hash_every;

	return (machine_count(l->m) / every + 1) * every;
}

static void set_trace_marks(struct look *l)
{
	const struct trace_option *t = &l->options->trace;

	if (t->from > machine_count(l->m)) {
		machine_trace(l->m, NULL);
		set_mark(l, &l->trace_on, t->from, trace_on);
	}
	if (t->to != TRACE_ALL)
		set_mark(l, &l->trace_off, t->to, trace_off);
}

int look_begin(struct look *l, const struct options *o, struct machine *m,
	       const struct feeder *feeder, struct output *out)
{
	struct vcpu *cpu = m->cpu[0];
	int err;

	l->options = o;
	l->m = m;
	l->feeder = feeder;
	l->out = out;
	if (look_needs_count(o) && !cpu->ops->counted_time)
		return fail(-ENOTSUP,
			    "%s does not count instructions; what is asked "
			    "for needs --accel sim",
			    cpu->ops->name);
	if (o->reference && !cpu->ops->set_reference)
		return fail(-ENOTSUP, "--engine: %s has one core only",
			    cpu->ops->name);
	if (o->reference)
		cpu->ops->set_reference(cpu, true);
	for (unsigned i = 0; o->branches && i < m->cpu_count; i++)
		m->cpu[i]->ops->keep_branches(m->cpu[i], true);
	/* At one count: the hash, the snapshot, the looks, then the end. */
	if (o->hash_every)
		set_mark(l, &l->hash, first_hash(l), say_hash);
	if (o->snapshot)
		set_mark(l, &l->snapshot, o->snapshot_at, save);
	set_look_marks(l);
	if (o->has_break)
		set_mark(l, &l->stop, o->break_at, stop);
	if ((o->look_count || o->trace.what & TRACE_CALL) && !look_inspector(l))
		return -ENOMEM;
	if (!o->trace.what)
		return 0;
	err = begin_trace(l);
	if (!err)
		set_trace_marks(l);
	return err;
}

bool look_end(struct look *l)
{
	bool ok = true;

	if (l->trace.out) {
		machine_trace(l->m, NULL);
		ok = fflush(l->trace.out) == 0 && !ferror(l->trace.out);
		if (!ok)
			fail(-EIO, "--trace: %s: it could not all be written",
			     l->options->trace_file ? l->options->trace_file
						    : "standard error");
	}
	if (l->options->snapshot && !l->saved && l->m->stop != STOP_HOST) {
		log_warn("snapshot: %s: not written: the run ended after "
			 "%" PRIu64 " instructions",
			 l->options->snapshot, machine_count(l->m));
		ok = false;
	}
	return ok;
}

void look_fini(struct look *l)
{
	if (l->trace_out)
		fclose(l->trace_out);
	l->trace_out = NULL;
	inspect_destroy(l->inspect);
	l->inspect = NULL;
	symbols_free(&l->kernel);
	symbols_free(&l->init);
}
