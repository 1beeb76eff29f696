/* fake_cpu.c: see fake_cpu.h. */
#include "tests/unit/fake_cpu.h"

#include <stdio.h>
#include <stdlib.h>

static void fake_destroy(struct vcpu *vcpu)
{
	free(container_of(vcpu, struct fake_cpu, vcpu));
}

static void fake_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct fake_cpu *f = container_of(vcpu, struct fake_cpu, vcpu);

	f->runs++;
	exit->reason = EXIT_SHUTDOWN;
	exit->why[0] = '\0';
	if (f->step == f->end)
		return;
	f->elapsed_ns += f->step->ns;
	if (f->step->act)
		f->step->act(((struct machine_port *)vcpu->env.ctx)->m, f->ctx);
	exit->reason = f->step->reason;
	snprintf(exit->why, sizeof(exit->why), "fake");
	f->step++;
}

static void fake_kick(struct vcpu *vcpu)
{
	container_of(vcpu, struct fake_cpu, vcpu)->kicks++;
}

static void fake_get_state(struct vcpu *vcpu, struct x86_state *state)
{
	struct fake_cpu *f = container_of(vcpu, struct fake_cpu, vcpu);

	f->state.tsc_offset += f->drift;
	*state = f->state;
}

static int fake_set_state(struct vcpu *vcpu, const struct x86_state *state)
{
	struct fake_cpu *f = container_of(vcpu, struct fake_cpu, vcpu);

	f->state = *state;
	f->set_ns = vcpu->env.now_ns(vcpu->env.ctx);
	return 0;
}

static uint64_t fake_elapsed(struct vcpu *vcpu)
{
	struct fake_cpu *f = container_of(vcpu, struct fake_cpu, vcpu);

	return f->elapsed_ns += f->drift;
}

/* Paging is off. */
static bool fake_translate(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa)
{
	*gpa = gva;
	return true;
}

static const struct vcpu_ops fake_ops = {
	.name = "fake",
	.destroy = fake_destroy,
	.run = fake_run,
	.kick = fake_kick,
	.get_state = fake_get_state,
	.set_state = fake_set_state,
	.elapsed_ns = fake_elapsed,
	.translate = fake_translate,
};

static const struct vcpu_ops fake_counted_ops = {
	.name = "fake",
	.destroy = fake_destroy,
	.run = fake_run,
	.kick = fake_kick,
	.get_state = fake_get_state,
	.set_state = fake_set_state,
	.elapsed_ns = fake_elapsed,
	.translate = fake_translate,
	.counted_time = true,
};

struct fake_cpu *fake_cpu_add(struct machine *m, const struct fake_step *steps,
			      unsigned count, void *ctx, bool counted_time)
{
	struct fake_cpu *f = calloc(1, sizeof(*f));

	f->vcpu.ops = counted_time ? &fake_counted_ops : &fake_ops;
	machine_env(m, m->cpu_count, &f->vcpu.env);
	f->state.rflags = FLAG_FIXED | FLAG_IF;
	f->step = steps;
	f->end = count ? steps + count : steps;
	f->ctx = ctx;
	m->cpu[m->cpu_count++] = &f->vcpu;
	return f;
}
