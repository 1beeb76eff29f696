/*
 * The KVM backend on a KVM that runs kernels; skipped where there is none.
 * Small guests, one exit each: what the machine sees and what the CPU keeps.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/unit/host_features.h"

#undef fail /* cmocka's; vmm/log.h has a function of that name */
#include "vmm/clock.h"
#include "vmm/kvm.h"

#define AT_CODE	    0x8000
#define AT_IDT	    0x2000
#define AT_HANDLER  0x3000
#define AT_TOP	    0x7000
#define AT_GDT	    0x1000
#define VECTOR	    0x41
#define PORT	    0x510
#define PORT_RAISE  0x512
#define PORT_STOP   0x514
#define ACCESSES    32
#define SEL_CODE    0x08
#define SEL_DATA    0x10
#define SEL_CODE64  0x18
#define LONG_NS	    UINT64_C(10000000000)

#define GUEST(name) extern const uint8_t guest_##name[], guest_##name##_end[]
GUEST(outs);
GUEST(ins);
GUEST(mmio);
GUEST(window);
GUEST(handler);
GUEST(halts);
GUEST(spin);
GUEST(triple);
GUEST(leaves);
GUEST(stop);
GUEST(cr8);
GUEST(cpuid);

struct access {
	uint64_t addr;
	unsigned size;
	uint64_t val;
	bool write;
};

struct fixture {
	struct guestmem mem;
	struct vcpu *cpu;
	struct vcpu_exit exit;
	struct access access[ACCESSES];
	unsigned count;
	uint64_t next; /* what reads give, counting up */
	bool raised;
	uint8_t tpr, tpr_at_access[ACCESSES];
	uint64_t deadline;
	unsigned came; /* kicks that ended a run */
};

/* ---- a machine that writes down ---- */

static void note(struct fixture *f, uint64_t addr, unsigned size, uint64_t val,
		 bool write)
{
	if (f->count == ACCESSES)
		return;
	f->tpr_at_access[f->count] = f->tpr;
	f->access[f->count++] = (struct access){addr, size, val, write};
}

static uint64_t on_read(void *ctx, enum vcpu_space space, uint64_t addr,
			unsigned size)
{
	struct fixture *f = ctx;

	note(f, addr, size, f->next, false);
	if (addr == PORT_STOP)
		f->cpu->ops->kick(f->cpu);
	return f->next++;
}

static void on_write(void *ctx, enum vcpu_space space, uint64_t addr,
		     unsigned size, uint64_t val)
{
	struct fixture *f = ctx;

	note(f, addr, size, val, true);
	if (addr == PORT_RAISE)
		f->raised = true;
	if (addr == PORT_STOP)
		f->cpu->ops->kick(f->cpu);
}

static bool on_pending(void *ctx)
{
	return ((struct fixture *)ctx)->raised;
}

static int on_acknowledge(void *ctx)
{
	((struct fixture *)ctx)->raised = false;
	return VECTOR;
}

static uint8_t on_get_tpr(void *ctx)
{
	return ((struct fixture *)ctx)->tpr;
}

static void on_set_tpr(void *ctx, uint8_t tpr)
{
	((struct fixture *)ctx)->tpr = tpr;
}

static uint64_t on_now(void *ctx)
{
	struct fixture *f = ctx;

	return f->cpu->ops->elapsed_ns(f->cpu);
}

static uint64_t on_deadline(void *ctx)
{
	return ((struct fixture *)ctx)->deadline;
}

static int setup(void **state)
{
	static struct fixture f;
	struct vcpu_env env = {
		.ctx = &f,
		.mem = &f.mem,
		.read = on_read,
		.write = on_write,
		.pending = on_pending,
		.acknowledge = on_acknowledge,
		.get_tpr = on_get_tpr,
		.set_tpr = on_set_tpr,
		.now_ns = on_now,
		.deadline_ns = on_deadline,
	};

	memset(&f, 0, sizeof(f));
	f.next = 0xa1;
	f.deadline = LONG_NS;
	*state = &f;
	return guestmem_init(&f.mem, UINT64_C(1) << 20) ||
	       kvm_create(&env, &f.cpu);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	f->cpu->ops->destroy(f->cpu);
	guestmem_fini(&f->mem);
	return 0;
}

/* ---- loading and running ---- */

static void put64(struct fixture *f, uint64_t gpa, uint64_t val)
{
	assert_true(guestmem_write(&f->mem, gpa, &val, sizeof(val)));
}

static void put_tables(struct fixture *f)
{
	put64(f, AT_GDT + SEL_CODE, UINT64_C(0x00cf9b000000ffff));
	put64(f, AT_GDT + SEL_DATA, UINT64_C(0x00cf93000000ffff));
	put64(f, AT_GDT + SEL_CODE64, UINT64_C(0x00af9b000000ffff));
	put64(f, AT_IDT + 8 * VECTOR,
	      AT_HANDLER | SEL_CODE << 16 | UINT64_C(0x8e) << 40);
	guestmem_write(&f->mem, AT_HANDLER, guest_handler,
		       guest_handler_end - guest_handler);
}

static void flat_state(struct x86_state *s)
{
	const struct x86_segment data = {0, UINT32_MAX, SEL_DATA,
					 SEG_ATTR_DATA | SEG_ATTR_B |
						 SEG_ATTR_G};

	x86_state_reset(s);
	for (int i = 0; i <= SEG_GS; i++)
		s->seg[i] = data;
	s->seg[SEG_CS].selector = SEL_CODE;
	s->seg[SEG_CS].attr = SEG_ATTR_CODE | SEG_ATTR_B | SEG_ATTR_G;
	s->gdt = (struct x86_table){AT_GDT, 0x1f};
	s->idt = (struct x86_table){AT_IDT, 8 * VECTOR + 7};
	s->cr0 = CR0_PE | CR0_ET | CR0_NE;
	s->rip = AT_CODE;
	s->gpr[GPR_RSP] = AT_TOP;
}

static void long_state(struct fixture *f, struct x86_state *s)
{
	flat_state(s);
	put64(f, 0x4000, 0x5000 | PTE_P | PTE_W);
	put64(f, 0x5000, PTE_PS | PTE_P | PTE_W);
	s->cr3 = 0x4000;
	s->cr4 = CR4_PAE;
	s->efer = EFER_LME | EFER_LMA;
	s->cr0 |= CR0_PG;
	s->seg[SEG_CS].selector = SEL_CODE64;
	s->seg[SEG_CS].attr = SEG_ATTR_CODE | SEG_ATTR_L | SEG_ATTR_G;
}

static void load_at(struct fixture *f, const uint8_t *code, const uint8_t *end)
{
	put_tables(f);
	assert_true(guestmem_write(&f->mem, AT_CODE, code, end - code));
}

static void run(struct fixture *f, enum vcpu_exit_reason want)
{
	f->cpu->ops->run(f->cpu, &f->exit);
	if (f->exit.reason != want)
		print_message("exit %d: %s\n", f->exit.reason, f->exit.why);
	assert_int_equal(f->exit.reason, want);
}

#define LOAD(f, name)                                                        \
	do {                                                                 \
		struct x86_state first;                                      \
                                                                             \
		flat_state(&first);                                          \
		load_at(f, guest_##name, guest_##name##_end);                \
		assert_int_equal((f)->cpu->ops->set_state((f)->cpu, &first), \
				 0);                                         \
	} while (0)

static uint64_t gpr(struct fixture *f, enum x86_gpr reg)
{
	struct x86_state s;

	f->cpu->ops->get_state(f->cpu, &s);
	return s.gpr[reg];
}

static void expect_accesses(struct fixture *f, const struct access *want,
			    unsigned count)
{
	assert_int_equal(f->count, count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(f->access[i].addr, want[i].addr);
		assert_int_equal(f->access[i].size, want[i].size);
		assert_int_equal(f->access[i].val, want[i].val);
		assert_int_equal(f->access[i].write, want[i].write);
	}
}

#define EXPECT(f, ...)                                                    \
	do {                                                              \
		static const struct access want[] = {__VA_ARGS__};        \
                                                                          \
		expect_accesses(f, want, sizeof(want) / sizeof(want[0])); \
	} while (0)

/* ---- accesses ---- */

static void test_string_output_comes_in_order(void **state)
{
	struct fixture *f = *state;

	LOAD(f, outs);
	run(f, EXIT_HALT);
	EXPECT(f, {PORT, 1, 'h', true}, {PORT, 1, 'e', true},
	       {PORT, 1, 'l', true}, {PORT, 1, 'l', true}, {PORT, 1, 'o', true},
	       {PORT, 2, 0x6568, true}, {PORT, 2, 0x6c6c, true});
}

static void test_string_input_fills_memory(void **state)
{
	struct fixture *f = *state;
	uint16_t got[3];

	LOAD(f, ins);
	run(f, EXIT_HALT);
	EXPECT(f, {PORT, 2, 0xa1, false}, {PORT, 2, 0xa2, false},
	       {PORT, 2, 0xa3, false}, {PORT, 1, 0xa4, false});
	assert_true(guestmem_read(&f->mem, 0x4000, got, sizeof(got)));
	assert_int_equal(got[0], 0xa1);
	assert_int_equal(got[2], 0xa3);
	assert_int_equal(gpr(f, GPR_RAX) & 0xff, 0xa4);
}

static void test_device_registers_of_every_width(void **state)
{
	struct fixture *f = *state;
	struct vcpu_stats stats;

	LOAD(f, mmio);
	run(f, EXIT_HALT);
	EXPECT(f, {0xd0000000, 4, 0x11223344, true},
	       {0xd0000004, 1, 0x55, true}, {0xd0000ffd, 2, 0xccdd, true},
	       {0xd0000fff, 1, 0xbb, true}, {0xd0001000, 1, 0xaa, true},
	       {0xd0000010, 4, 0xa1, false}, {0xd0000020, 2, 0xa2, false},
	       {0xd0000020, 2, 0xa3, true});
	assert_int_equal(gpr(f, GPR_RBX), 0xa1);
	f->cpu->ops->get_stats(f->cpu, &stats);
	assert_int_equal(stats.mmio_writes, 6);
	assert_int_equal(stats.mmio_reads, 2);
}

static void test_a_stop_in_an_access_lets_nothing_more_run(void **state)
{
	struct fixture *f = *state;

	LOAD(f, stop);
	run(f, EXIT_KICK);
	assert_int_equal(f->count, 2);
	assert_int_equal(gpr(f, GPR_RAX), 0xa2); /* the read is complete */
	assert_int_equal(gpr(f, GPR_RBX), 0);
	run(f, EXIT_KICK);
	assert_int_equal(f->count, 3);
	assert_int_equal(gpr(f, GPR_RBX), 1);
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBX), 2);
}

/* ---- interrupts ---- */

static void test_an_interrupt_waits_for_its_window(void **state)
{
	struct fixture *f = *state;
	struct vcpu_stats stats;

	LOAD(f, window);
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBP), 1);
	assert_int_equal(gpr(f, GPR_RDI), 2); /* after sti's shadow */
	assert_false(f->raised);
	f->cpu->ops->get_stats(f->cpu, &stats);
	assert_int_equal(stats.interrupts, 1);
}

static void test_halt_ends_with_an_interrupt_only(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	LOAD(f, halts);
	run(f, EXIT_HALT);
	run(f, EXIT_HALT);
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.halted, 1);
	assert_int_equal(s.gpr[GPR_RBX], 0);
	f->raised = true;
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBP), 1);
	assert_int_equal(gpr(f, GPR_RBX), 1);
	f->raised = true; /* cli; hlt: it cannot come */
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBX), 1);
	assert_true(f->raised);
}

static void test_cr8_is_the_apics_priority(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	long_state(f, &s);
	load_at(f, guest_cr8, guest_cr8_end);
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	run(f, EXIT_HALT);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->tpr_at_access[0], 0x50);
	assert_int_equal(f->tpr_at_access[1], 0x20);
	assert_int_equal(gpr(f, GPR_RBX), 2);
}

/* ---- coming back ---- */

static uint64_t ms_since(uint64_t start)
{
	return (kvm_host_ns() - start) / 1000000;
}

static void *kick_soon(void *ctx)
{
	struct fixture *f = ctx;
	struct timespec ms = {0, 5000000};

	nanosleep(&ms, NULL);
	f->cpu->ops->kick(f->cpu);
	return NULL;
}

static void test_another_thread_kicks(void **state)
{
	struct fixture *f = *state;
	uint64_t start = kvm_host_ns();
	pthread_t thread;

	LOAD(f, spin);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&thread, NULL, kick_soon, f),
				 0);
		run(f, EXIT_KICK);
		pthread_join(thread, NULL);
	}
	assert_true(gpr(f, GPR_RAX) > 0);
	assert_true(ms_since(start) < 2000);
}

#define STORM 300

static void *kick_many(void *ctx)
{
	struct fixture *f = ctx;

	for (unsigned i = 1; i <= STORM; i++) {
		f->cpu->ops->kick(f->cpu);
		while (__atomic_load_n(&f->came, __ATOMIC_SEQ_CST) < i)
			sched_yield();
	}
	return NULL;
}

/* Whenever it comes, before, in or after KVM_RUN: a lost one would hang. */
static void test_no_kick_is_lost(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	LOAD(f, spin);
	assert_int_equal(pthread_create(&thread, NULL, kick_many, f), 0);
	for (unsigned i = 0; i < STORM; i++) {
		f->deadline = on_now(f) + LONG_NS; /* for this kick alone */
		run(f, EXIT_KICK);
		__atomic_add_fetch(&f->came, 1, __ATOMIC_SEQ_CST);
	}
	pthread_join(thread, NULL);
}

static void test_a_kick_before_the_run_counts(void **state)
{
	struct fixture *f = *state;

	LOAD(f, spin);
	f->cpu->ops->kick(f->cpu);
	f->cpu->ops->kick(f->cpu);
	run(f, EXIT_KICK);
	assert_int_equal(gpr(f, GPR_RAX), 0);
	f->deadline = on_now(f) + 1000000;
	run(f, EXIT_DEADLINE); /* two kicks are one */
}

static void test_the_deadline_ends_a_run(void **state)
{
	struct fixture *f = *state;
	uint64_t start = kvm_host_ns();

	LOAD(f, spin);
	for (int i = 1; i <= 5; i++) {
		f->deadline = on_now(f) + 2000000;
		run(f, EXIT_DEADLINE);
		assert_true(on_now(f) >= f->deadline);
	}
	run(f, EXIT_DEADLINE); /* past: at once */
	assert_true(ms_since(start) < 2000);
}

/* A signal that is not ours, and a timer of an older deadline. */
static void test_what_wakes_it_too_early_changes_nothing(void **state)
{
	struct fixture *f = *state;

	LOAD(f, spin);
	f->deadline = on_now(f) + 3000000;
	run(f, EXIT_DEADLINE);
	raise(SIGUSR1);
	f->deadline = on_now(f) + 5000000;
	run(f, EXIT_DEADLINE);
	assert_true(on_now(f) >= f->deadline);
}

static void *run_there(void *ctx)
{
	struct fixture *f = ctx;

	f->deadline = on_now(f) + 2000000;
	f->cpu->ops->run(f->cpu, &f->exit);
	return NULL;
}

static void test_another_thread_may_run_it(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	LOAD(f, spin);
	f->deadline = on_now(f) + 2000000;
	run(f, EXIT_DEADLINE);
	assert_int_equal(pthread_create(&thread, NULL, run_there, f), 0);
	pthread_join(thread, NULL);
	assert_int_equal(f->exit.reason, EXIT_DEADLINE);
}

/* ---- what the guest is told ---- */

static void test_cpuid_is_a_plain_machine_of_one_cpu(void **state)
{
	struct fixture *f = *state;
	uint32_t got[5];

	LOAD(f, cpuid);
	run(f, EXIT_HALT);
	assert_true(guestmem_read(&f->mem, 0x4000, got, sizeof(got)));
	assert_int_equal(got[0] >> 16, 1);	       /* APIC 0; one CPU */
	assert_int_equal(got[1] & (1u << 21), 0);      /* x2APIC */
	assert_int_equal(got[1] & (1u << 24), 0);      /* TSC deadline */
	assert_int_equal(got[1] & (1u << 31), 0);      /* hypervisor */
	assert_int_equal(got[2] & (1u << 9), 1u << 9); /* local APIC */
	assert_int_equal(got[2] & (1u << 28), 0);      /* threads */
	assert_true(got[3] >= 0x80000008);
	assert_int_equal(got[4] & (1u << 2), 0); /* SVM */
}

/* ---- ends ---- */

static void test_triple_fault_is_a_shutdown(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	LOAD(f, triple);
	flat_state(&s);
	s.idt.limit = 0;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	run(f, EXIT_SHUTDOWN);
}

static void test_code_outside_ram_is_an_error_with_a_reason(void **state)
{
	struct fixture *f = *state;

	LOAD(f, leaves);
	run(f, EXIT_ERROR);
	assert_non_null(strstr(f->exit.why, "kvm: "));
	assert_non_null(strstr(f->exit.why, "0008:0xd0000000"));
	assert_non_null(strstr(f->exit.why, "bytes unreadable"));
}

/* ---- registers ---- */

static void test_state_goes_in_and_out(void **state)
{
	struct fixture *f = *state;
	struct x86_state in, out;

	long_state(f, &in);
	for (int i = 0; i < GPR_COUNT; i++)
		in.gpr[i] = UINT64_C(0x1111111111111111) * i;
	in.rflags = FLAG_FIXED | FLAG_CF | FLAG_OF | FLAG_IF;
	in.seg[SEG_FS].base = UINT64_C(0xffff800012345678);
	in.seg[SEG_GS].base = 0x1234;
	in.seg[SEG_LDTR] = (struct x86_segment){.attr = 0};
	in.seg[SEG_TR] = (struct x86_segment){0x6000, 0x67, 0x20, SEG_ATTR_TSS};
	in.cr2 = 0xdeadb000;
	in.cr8 = 3;
	f->tpr = 0x30;
	in.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	in.dr[0] = 0x1000;
	in.dr[3] = 0x4000;
	in.efer |= EFER_SCE | EFER_NXE;
	in.star = UINT64_C(0x0018000800000000);
	in.lstar = UINT64_C(0xffffffff80001000);
	in.cstar = 0x77;
	in.fmask = 0x47700;
	in.kernel_gs_base = UINT64_C(0xffff800000000000);
	in.sysenter_esp = 0x5555;
	in.pat = UINT64_C(0x0007010600070106);
	in.fxsave[0] = 0x7f;
	in.fxsave[1] = 0x03;
	for (int i = 0; i < 256; i++)
		in.fxsave[160 + i] = i;
	in.event = UINT64_C(0x80000000) | VECTOR;
	in.shadow = 1; /* kept; the rig's emulated CPU ignores it, though */
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &in), 0);
	f->cpu->ops->get_state(f->cpu, &out);
	out.tsc_offset = in.tsc_offset; /* time passes */
	assert_memory_equal(in.gpr, out.gpr, sizeof(in.gpr));
	assert_memory_equal(in.seg, out.seg, sizeof(in.seg));
	assert_memory_equal(in.dr, out.dr, sizeof(in.dr));
	assert_memory_equal(in.fxsave, out.fxsave, sizeof(in.fxsave));
	assert_memory_equal(&in, &out, sizeof(in));
}

static void test_the_upper_halves_come_back(void **state)
{
	struct fixture *f = *state;
	struct x86_state in, out;

	if (!host_has(FEATURE_AVX))
		skip();
	long_state(f, &in);
	in.xcr0 = 7;
	in.cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
	for (int i = 0; i < 256; i++)
		in.ymm_high[i] = ~i;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &in), 0);
	f->cpu->ops->get_state(f->cpu, &out);
	assert_int_equal(out.xcr0, 7);
	assert_memory_equal(in.ymm_high, out.ymm_high, sizeof(in.ymm_high));
	memset(in.ymm_high, 0, sizeof(in.ymm_high));
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &in), 0);
	f->cpu->ops->get_state(f->cpu, &out);
	assert_memory_equal(in.ymm_high, out.ymm_high, sizeof(in.ymm_high));
}

static void test_a_saved_event_is_delivered(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	LOAD(f, halts);
	flat_state(&s);
	s.rflags |= FLAG_IF;
	s.event = UINT64_C(0x80000000) | VECTOR;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	run(f, EXIT_HALT);
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.gpr[GPR_RBP], 1);
	assert_int_equal(s.event, 0);
}

static void test_an_impossible_state_is_refused(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	long_state(f, &s);
	s.cr4 &= ~CR4_PAE;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), -EINVAL);
	long_state(f, &s);
	s.efer &= ~EFER_LMA;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), -EINVAL);
	long_state(f, &s);
	s.xcr0 = 0;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), -EINVAL);
}

static void test_addresses_translate_without_a_trace(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;
	uint64_t gpa = 0, entry = 0;

	long_state(f, &s);
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	assert_true(f->cpu->ops->translate(f->cpu, 0x3fffffff, &gpa));
	assert_int_equal(gpa, 0x3fffffff);
	assert_false(f->cpu->ops->translate(f->cpu, 0x40000000, &gpa));
	assert_true(guestmem_read(&f->mem, 0x5000, &entry, 8));
	assert_int_equal(entry, PTE_PS | PTE_P | PTE_W);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_string_output_comes_in_order),
		CASE(test_string_input_fills_memory),
		CASE(test_device_registers_of_every_width),
		CASE(test_a_stop_in_an_access_lets_nothing_more_run),
		CASE(test_an_interrupt_waits_for_its_window),
		CASE(test_halt_ends_with_an_interrupt_only),
		CASE(test_cr8_is_the_apics_priority),
		CASE(test_another_thread_kicks),
		CASE(test_no_kick_is_lost),
		CASE(test_a_kick_before_the_run_counts),
		CASE(test_the_deadline_ends_a_run),
		CASE(test_what_wakes_it_too_early_changes_nothing),
		CASE(test_another_thread_may_run_it),
		CASE(test_cpuid_is_a_plain_machine_of_one_cpu),
		CASE(test_triple_fault_is_a_shutdown),
		CASE(test_code_outside_ram_is_an_error_with_a_reason),
		CASE(test_state_goes_in_and_out),
		CASE(test_the_upper_halves_come_back),
		CASE(test_a_saved_event_is_delivered),
		CASE(test_an_impossible_state_is_refused),
		CASE(test_addresses_translate_without_a_trace),
	};
	uint64_t start = kvm_host_ns();
	struct reason why;

	if (kvm_usable(&why)) {
		printf("skipped: %s (in %llu us)\n", why.text,
		       (unsigned long long)(kvm_host_ns() - start) / 1000);
		return 77;
	}
	printf("self-test passed in %llu us\n",
	       (unsigned long long)(kvm_host_ns() - start) / 1000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
