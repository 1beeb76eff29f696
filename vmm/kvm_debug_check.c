/*
 * kvm_debug_check.c: does this KVM tell us of steps, breakpoints and
 * watchpoints? Some that run kernels do not, and a guest would run past each
 * point in silence; so all are tried once.
 */
#include <errno.h>
#include <stdio.h>

#include "vmm/kvm.h"

#define MEM_LEN	    (UINT64_C(1) << 20)
#define WATCHDOG_NS UINT64_C(1000000000)
#define AT_CODE	    0x1000u
#define AT_NOP	    0x1007u /* behind the write */
#define AT_POINT    0x1008u
#define AT_DATA	    0x4000u

/* mov byte [AT_DATA], 1; nop; nop; hlt */
static const uint8_t code[] = {0xc6, 0x05, 0x00, 0x40, 0x00,
			       0x00, 0x01, 0x90, 0x90, 0xf4};

struct trial {
	struct guestmem mem;
	struct vcpu *vcpu;
	uint64_t deadline;
};

/* ---- a machine without devices ---- */

static uint64_t env_read(void *ctx, enum vcpu_space space, uint64_t addr,
			 unsigned size)
{
	return UINT64_MAX;
}

static void env_write(void *ctx, enum vcpu_space space, uint64_t addr,
		      unsigned size, uint64_t val)
{
}

static bool env_pending(void *ctx)
{
	return false;
}

static int env_acknowledge(void *ctx)
{
	return -1;
}

static uint8_t env_get_tpr(void *ctx)
{
	return 0;
}

static void env_set_tpr(void *ctx, uint8_t tpr)
{
}

static uint64_t env_now_ns(void *ctx)
{
	const struct trial *t = ctx;

	return t->vcpu->ops->elapsed_ns(t->vcpu);
}

static uint64_t env_deadline_ns(void *ctx)
{
	const struct trial *t = ctx;

	return t->deadline;
}

/* ---- trials ---- */

/* Flat, without paging; an INT3 that is not ours is a triple fault. */
static int begin(struct trial *t)
{
	struct x86_state s;

	x86_state_reset(&s);
	for (unsigned i = 0; i <= SEG_GS; i++)
		s.seg[i] = (struct x86_segment){
			.limit = UINT32_MAX,
			.selector = i == SEG_CS ? 8 : 16,
			.attr = (i == SEG_CS ? SEG_ATTR_CODE : SEG_ATTR_DATA) |
				SEG_ATTR_B | SEG_ATTR_G};
	s.idt.limit = 0;
	s.cr0 |= CR0_PE;
	s.rip = AT_CODE;
	guestmem_write(&t->mem, AT_CODE, code, sizeof(code));
	return t->vcpu->ops->set_state(t->vcpu, &s);
}

static bool comes(struct trial *t, const struct vcpu_debug *ask,
		  enum vcpu_debug_cause cause, uint64_t rip)
{
	struct vcpu_exit exit = {.reason = EXIT_ERROR};
	struct x86_state s;

	if (begin(t) < 0 || kvm_set_debug(t->vcpu, ask) < 0)
		return false;
	t->deadline = env_now_ns(t) + WATCHDOG_NS;
	/* A look again at where points lead ends a run, too. */
	do
		t->vcpu->ops->run(t->vcpu, &exit);
	while (exit.reason == EXIT_DEADLINE && env_now_ns(t) < t->deadline);
	t->vcpu->ops->get_state(t->vcpu, &s);
	kvm_set_debug(t->vcpu, NULL);
	return exit.reason == EXIT_DEBUG && exit.debug.cause == cause &&
	       s.rip == rip;
}

static unsigned try_all(struct trial *t)
{
	const struct vcpu_point stop = {AT_POINT, 1, POINT_EXEC};
	const struct vcpu_point touch = {AT_DATA, 1, POINT_WRITE};
	const struct vcpu_debug step = {.step = true};
	const struct vcpu_debug at = {.point = &stop, .count = 1};
	const struct vcpu_debug watch = {.point = &touch, .count = 1};
	struct kvm_debug *d = &kvm_cpu(t->vcpu)->debug;
	unsigned lacks = 0;

	if (!comes(t, &step, DEBUG_CAUSE_STEP, AT_NOP))
		lacks |= KVM_LACKS_STEP;
	if (!comes(t, &at, DEBUG_CAUSE_POINT, AT_POINT))
		lacks |= KVM_LACKS_BREAK;
	if (!comes(t, &watch, DEBUG_CAUSE_TOUCH, AT_NOP))
		lacks |= KVM_LACKS_WATCH;
	d->lacks = KVM_LACKS_BREAK; /* so that an INT3 is taken */
	if (!comes(t, &at, DEBUG_CAUSE_POINT, AT_POINT))
		lacks |= KVM_LACKS_INT3;
	return lacks;
}

static int run_trials(unsigned *lacks, struct reason *why)
{
	struct trial t = {.vcpu = NULL};
	struct vcpu_env env = {
		.ctx = &t,
		.mem = &t.mem,
		.read = env_read,
		.write = env_write,
		.pending = env_pending,
		.acknowledge = env_acknowledge,
		.get_tpr = env_get_tpr,
		.set_tpr = env_set_tpr,
		.now_ns = env_now_ns,
		.deadline_ns = env_deadline_ns,
	};
	int err = guestmem_init(&t.mem, MEM_LEN);

	if (err)
		return reason_set(why, err, "no memory for the self-test");
	err = kvm_create_quietly(&env, &t.vcpu, why);
	if (!err) {
		*lacks = try_all(&t);
		t.vcpu->ops->destroy(t.vcpu);
	}
	guestmem_fini(&t.mem);
	return err;
}

/* ---- in words ---- */

/* Of breakpoints some are left while one of the two ways is. */
static const struct {
	unsigned bits;
	const char *name;
} what[] = {
	{KVM_LACKS_STEP, "steps"},
	{KVM_LACKS_BREAK | KVM_LACKS_INT3, "breakpoints"},
	{KVM_LACKS_WATCH, "watchpoints"},
};

static int explain(unsigned lacks, struct reason *why)
{
	char text[80] = "";
	size_t used = 0;

	for (unsigned i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		if ((lacks & what[i].bits) == what[i].bits)
			used += snprintf(text + used, sizeof(text) - used,
					 "%s%s", used ? ", " : "",
					 what[i].name);
	if (!used && lacks & KVM_LACKS_INT3)
		used = snprintf(text, sizeof(text),
				"more than four breakpoints");
	if (!used)
		return 0;
	return reason_set(why, -ENOTSUP,
			  "%s runs guests, but does not report %s: these are "
			  "refused; debug with --accel sim",
			  kvm_device(), text);
}

static int try_once(unsigned *lacks, struct reason *why)
{
	static bool tried;
	static unsigned found;

	if (!tried) {
		int err = run_trials(&found, why);

		if (err)
			return err;
		tried = true;
	}
	*lacks = found;
	return explain(found, why);
}

int kvm_debug_usable(struct reason *why)
{
	unsigned lacks;

	return try_once(&lacks, why);
}

int kvm_debug_limits(struct vcpu *vcpu, struct reason *why)
{
	return try_once(&kvm_cpu(vcpu)->debug.lacks, why);
}
