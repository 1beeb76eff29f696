/*
 * fixture.h: a CPU on KVM whose machine writes down what it does, for small
 * guests (guests.S) of one exit each.
 */
#ifndef TESTS_KVM_FIXTURE_H
#define TESTS_KVM_FIXTURE_H

#include "tests/unit/unit.h"

#undef fail /* cmocka's; vmm/log.h has a function of that name */
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

/* A guest of guests.S. */
#define GUEST(name) extern const uint8_t guest_##name[], guest_##name##_end[]

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

int setup(void **state);
int teardown(void **state);
uint64_t now_of(struct fixture *f); /* the guest's time */

void put64(struct fixture *f, uint64_t gpa, uint64_t val);
/* 32-bit code without paging, at AT_CODE; 64-bit, the first GiB as it is. */
void flat_state(struct x86_state *s);
void long_state(struct fixture *f, struct x86_state *s);
/* Code, and the tables that both states lead to. */
void load_at(struct fixture *f, const uint8_t *code, const uint8_t *end);
void run(struct fixture *f, enum vcpu_exit_reason want);
uint64_t gpr(struct fixture *f, enum x86_gpr reg);
void expect_accesses(struct fixture *f, const struct access *want,
		     unsigned count);

#define LOAD(f, name)                                                        \
	do {                                                                 \
		struct x86_state first;                                      \
                                                                             \
		flat_state(&first);                                          \
		load_at(f, guest_##name, guest_##name##_end);                \
		assert_int_equal((f)->cpu->ops->set_state((f)->cpu, &first), \
				 0);                                         \
	} while (0)

#define EXPECT(f, ...)                                                    \
	do {                                                              \
		static const struct access want[] = {__VA_ARGS__};        \
                                                                          \
		expect_accesses(f, want, sizeof(want) / sizeof(want[0])); \
	} while (0)

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* The groups: how many failed. */
int run_group(void);
int back_group(void);
int state_group(void);
int debug_group(void);

#endif
