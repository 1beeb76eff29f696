/*
 * A machine under a debugger, on the simulator: stops are told once, points
 * are logical, steps keep out of handlers, ends are put off.
 *
 * The guest is flat 32-bit code without paging.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/debug.h"
#include "vmm/x86.h"

#define CODE	0x1000u
#define DATA	0x8000u
#define IDT	0x4000u
#define GDT	0x5000u
#define HANDLER 0x6000u
#define VECTOR	0x40u

/* inc eax; mov [DATA], eax; jmp to the start */
static const uint8_t counts[] = {0x40, 0xa3, 0x00, 0x80,
				 0x00, 0x00, 0xeb, 0xf8};

struct fixture {
	struct machine *m;
	struct debug_listener listener;
	struct debug_stop stop;
	unsigned stops, resumes;
	void (*then)(struct fixture *f); /* at each stop; NULL: quit */
	bool waiting;			 /* an interrupt */
	unsigned left;
};

static void stopped(void *ctx, const struct debug_stop *stop)
{
	struct fixture *f = ctx;

	f->stop = *stop;
	f->stops++;
	if (f->then)
		f->then(f);
	else
		machine_stop(f->m, STOP_QUIT, 0, "");
}

static void resumed(void *ctx)
{
	((struct fixture *)ctx)->resumes++;
}

static bool pending(void *ctx, unsigned cpu)
{
	return ((struct fixture *)ctx)->waiting;
}

static int acknowledge(void *ctx, unsigned cpu)
{
	((struct fixture *)ctx)->waiting = false;
	return VECTOR;
}

static void put(struct fixture *f, uint64_t gpa, const void *data, size_t len)
{
	assert_true(guestmem_write(&f->m->mem, gpa, data, len));
}

static void get_state(struct fixture *f, struct x86_state *s)
{
	f->m->cpu[0]->ops->get_state(f->m->cpu[0], s);
}

static void set_state(struct fixture *f, const struct x86_state *s)
{
	assert_int_equal(f->m->cpu[0]->ops->set_state(f->m->cpu[0], s), 0);
}

static uint64_t rip(struct fixture *f)
{
	struct x86_state s;

	get_state(f, &s);
	return s.rip;
}

static void set_up_cpu(struct fixture *f)
{
	static const uint64_t gdt[] = {0, 0x00cf9b000000ffff,
				       0x00cf93000000ffff};
	static const uint8_t handler[] = {0x43, 0xcf}; /* inc ebx; iret */
	uint64_t gate = HANDLER | 0x8ull << 16 | 0x8eull << 40;
	struct x86_state s;

	put(f, GDT, gdt, sizeof(gdt));
	put(f, IDT + 8 * VECTOR, &gate, 8);
	put(f, HANDLER, handler, sizeof(handler));
	put(f, CODE, counts, sizeof(counts));
	get_state(f, &s);
	s.cr0 = CR0_PE | CR0_ET | CR0_NE;
	s.gdt = (struct x86_table){GDT, 23};
	s.idt = (struct x86_table){IDT, 0x7ff};
	for (unsigned i = 0; i <= SEG_GS; i++)
		s.seg[i] = (struct x86_segment){0, UINT32_MAX, 0x10, 0xc093};
	s.seg[SEG_CS] = (struct x86_segment){0, UINT32_MAX, 8, 0xc09b};
	s.rip = CODE;
	s.gpr[GPR_RAX] = s.gpr[GPR_RBX] = 0;
	s.gpr[GPR_RSP] = 0x3000;
	s.rflags = FLAG_FIXED;
	set_state(f, &s);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->m = machine_create(1 << 20);
	f->m->intr = (struct intr_source){
		.ctx = f, .pending = pending, .acknowledge = acknowledge};
	assert_int_equal(machine_add_cpu(f->m, ACCEL_SIM), 0);
	assert_int_equal(debug_create(f->m), 0);
	f->listener = (struct debug_listener){stopped, resumed, f, NULL};
	debug_listen(f->m->debug, &f->listener);
	f->m->limit_ns = 100000;
	set_up_cpu(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	machine_destroy(f->m);
	free(f);
	return 0;
}

static struct debug_point at(uint64_t addr)
{
	return (struct debug_point){.kind = POINT_EXEC,
				    .addr = addr,
				    .len = 1,
				    .space = DEBUG_ANY_SPACE};
}

static void add(struct fixture *f, struct debug_point point)
{
	assert_int_equal(debug_add(f->m->debug, &point), 0);
}

/* From a machine that is held. */
static void go(struct fixture *f)
{
	struct debug_stop begin = {.reason = DEBUG_INTERRUPT};

	if (!debug_held(f->m->debug)) {
		debug_unlisten(f->m->debug, &f->listener);
		debug_hold(f->m->debug, &begin);
		debug_listen(f->m->debug, &f->listener);
	}
	f->m->stop = STOP_NONE;
	assert_int_equal(debug_continue(f->m->debug), 0);
	machine_run(f->m);
}

static void step(struct fixture *f, uint64_t from, uint64_t to)
{
	struct debug_stop begin = {.reason = DEBUG_INTERRUPT};

	if (!debug_held(f->m->debug)) {
		debug_unlisten(f->m->debug, &f->listener);
		debug_hold(f->m->debug, &begin);
		debug_listen(f->m->debug, &f->listener);
	}
	f->m->stop = STOP_NONE;
	assert_int_equal(debug_step(f->m->debug, 0, from, to), 0);
	machine_run(f->m);
}

static void test_a_stop_is_told_once(void **state)
{
	struct fixture *f = *state;

	add(f, at(CODE + 1));
	go(f);
	assert_int_equal(f->stops, 1);
	assert_int_equal(f->stop.reason, DEBUG_POINT);
	assert_int_equal(f->stop.point.addr, CODE + 1);
	assert_true(debug_held(f->m->debug));
	assert_int_equal(machine_count(f->m), 1);
	go(f); /* not at the same again */
	assert_int_equal(machine_count(f->m), 4);
	assert_int_equal(debug_nth(f->m->debug, 0)->hits, 2);
}

static void test_jumping_to_a_point_stops_at_it(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	add(f, at(CODE + 1));
	go(f);
	add(f, at(CODE + 6));
	get_state(f, &s);
	s.rip = CODE + 6;
	set_state(f, &s);
	go(f);
	assert_int_equal(rip(f), CODE + 6);
	assert_int_equal(machine_count(f->m), 1);
}

static bool third(void *ctx, const struct debug_point *point, unsigned cpu)
{
	return ++*(unsigned *)ctx == 3;
}

static void test_what_a_point_asks_for_besides(void **state)
{
	struct fixture *f = *state;
	struct debug_point p = at(CODE);
	unsigned asked = 0;

	p.space = 0x7000; /* CR3 is 0 */
	add(f, p);
	p = at(CODE + 1);
	p.wanted = third;
	p.ctx = &asked;
	add(f, p);
	go(f);
	assert_int_equal(asked, 3);
	assert_int_equal(machine_count(f->m), 7);
	assert_int_equal(rip(f), CODE + 1);
}

static void test_a_watchpoint_tells_after_the_instruction(void **state)
{
	struct fixture *f = *state;
	struct debug_point p = at(DATA + 2);

	p.kind = POINT_WRITE;
	add(f, p);
	go(f);
	assert_int_equal(f->stop.reason, DEBUG_WATCH);
	assert_int_equal(f->stop.addr, DATA + 2);
	assert_int_equal(rip(f), CODE + 6);
}

static void test_points_outlive_a_new_state(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	add(f, at(CODE + 6));
	go(f);
	x86_state_reset(&s);
	set_state(f, &s);
	set_up_cpu(f);
	go(f);
	assert_int_equal(f->stops, 2);
	assert_int_equal(rip(f), CODE + 6);
}

static void test_once_is_once(void **state)
{
	struct fixture *f = *state;
	struct debug_point p = at(CODE + 1);

	p.once = true;
	add(f, p);
	go(f);
	assert_null(debug_nth(f->m->debug, 0));
	go(f);
	assert_int_equal(f->stops, 1);
	assert_int_equal(f->m->stop, STOP_TIMEOUT);
}

static void test_steps_hold_interrupts_off(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	get_state(f, &s);
	s.rflags |= FLAG_IF;
	set_state(f, &s);
	f->waiting = true;
	step(f, 0, 0);
	assert_int_equal(f->stop.reason, DEBUG_STEP);
	assert_int_equal(rip(f), CODE + 1);
	assert_true(f->waiting);
	debug_step_interrupts(f->m->debug, true);
	step(f, 0, 0);
	assert_int_equal(rip(f), HANDLER);
	assert_false(f->waiting);
}

static void test_a_range_is_one_step(void **state)
{
	struct fixture *f = *state;

	step(f, CODE, CODE + 6);
	assert_int_equal(f->stops, 1);
	assert_int_equal(rip(f), CODE + 6);
	add(f, at(CODE + 1)); /* counts inside, too */
	step(f, CODE, CODE + 8);
	assert_int_equal(f->stop.reason, DEBUG_POINT);
	assert_int_equal(rip(f), CODE + 1);
}

static void wake(struct fixture *f)
{
	f->then = NULL;
	f->waiting = true;
	assert_int_equal(debug_step(f->m->debug, 0, 0, 0), 0);
}

static void test_a_step_from_hlt_ends_behind_its_handler(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	put(f, CODE, "\xf4\x90", 2); /* hlt; nop */
	get_state(f, &s);
	s.rflags |= FLAG_IF;
	set_state(f, &s);
	f->then = wake;
	step(f, 0, 0);
	get_state(f, &s);
	assert_int_equal(f->stops, 2);
	assert_int_equal(f->stop.reason, DEBUG_STEP);
	assert_int_equal(s.rip, CODE + 1);
	assert_int_equal(s.gpr[GPR_RBX], 1);
	assert_null(debug_nth(f->m->debug, 0));
}

static void let_end(struct fixture *f)
{
	assert_int_equal(f->m->stop, STOP_NONE);
	assert_int_equal(debug_continue(f->m->debug), 0);
}

static void test_a_triple_fault_stops_first(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	put(f, CODE, "\x0f\x0b", 2);
	get_state(f, &s);
	s.idt.limit = 0;
	set_state(f, &s);
	f->then = let_end;
	go(f);
	assert_int_equal(f->stops, 1);
	assert_int_equal(f->stop.reason, DEBUG_TRIPLE);
	assert_int_equal(rip(f), CODE);
	assert_int_equal(f->m->stop, STOP_TRIPLE);
}

static void test_a_verdict_is_put_off(void **state)
{
	struct fixture *f = *state;

	put(f, CODE, "\xf4", 1); /* for ever */
	f->then = let_end;
	go(f);
	assert_int_equal(f->stop.reason, DEBUG_END);
	assert_int_equal(f->stop.verdict, STOP_STALL);
	assert_int_equal(f->m->stop, STOP_STALL);
}

static void test_without_a_listener_nothing_stops(void **state)
{
	struct fixture *f = *state;

	add(f, at(CODE + 1));
	go(f);
	debug_unlisten(f->m->debug, &f->listener);
	f->m->stop = STOP_NONE;
	assert_int_equal(debug_continue(f->m->debug), 0);
	machine_run(f->m);
	assert_int_equal(f->stops, 1);
	assert_int_equal(f->m->stop, STOP_TIMEOUT);
}

static void test_what_is_refused(void **state)
{
	struct fixture *f = *state;
	struct debug_point p = at(CODE);

	assert_int_equal(debug_continue(f->m->debug), -EBUSY);
	assert_int_equal(debug_step(f->m->debug, 0, 0, 0), -EBUSY);
	p.len = 0;
	assert_int_equal(debug_add(f->m->debug, &p), -EINVAL);
	p.addr = UINT64_MAX;
	p.len = 2;
	assert_int_equal(debug_add(f->m->debug, &p), -EINVAL);
	p.len = 1;
	assert_int_equal(debug_add(f->m->debug, &p), 0);
	assert_true(debug_remove(f->m->debug, &p));
	assert_false(debug_remove(f->m->debug, &p));
}

static void test_memory_by_pages_and_not_of_devices(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[8] = {0};

	put(f, 0xffffe, "\1\2", 2);
	assert_int_equal(debug_read(f->m, 0, 0xffffe, buf, 8), 2);
	assert_int_equal(buf[1], 2);
	assert_false(debug_write(f->m, 0, 0xffffe, "\3\4\5", 3));
	assert_int_equal(debug_read(f->m, 0, 0xffffe, buf, 1), 1);
	assert_int_equal(buf[0], 1);
	assert_int_equal(debug_read(f->m, 0, 0xfee00000, buf, 4), 0);
	assert_true(debug_write(f->m, 0, CODE, "\xf4", 1));
	f->then = let_end;
	go(f);
	assert_int_equal(machine_count(f->m), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void test_exceptions_are_refused_by_a_cpu_that_is_not_told(void **state)
{
	struct fixture *f = *state;
	struct vcpu *cpu = f->m->cpu[0];
	const struct vcpu_ops *own = cpu->ops;
	struct vcpu_ops deaf = *own;

	deaf.catches = false;
	assert_int_equal(debug_catch(f->m->debug, 1u << VEC_UD), 0);
	cpu->ops = &deaf;
	assert_int_equal(debug_catch(f->m->debug, 1u << VEC_PF), -ENOTSUP);
	assert_int_equal(debug_caught(f->m->debug), 1u << VEC_UD);
	assert_int_equal(debug_catch(f->m->debug, 0), 0);
	assert_int_equal(debug_caught(f->m->debug), 0);
	cpu->ops = own;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_stop_is_told_once),
		TEST(test_jumping_to_a_point_stops_at_it),
		TEST(test_what_a_point_asks_for_besides),
		TEST(test_a_watchpoint_tells_after_the_instruction),
		TEST(test_points_outlive_a_new_state),
		TEST(test_once_is_once),
		TEST(test_steps_hold_interrupts_off),
		TEST(test_exceptions_are_refused_by_a_cpu_that_is_not_told),
		TEST(test_a_range_is_one_step),
		TEST(test_a_step_from_hlt_ends_behind_its_handler),
		TEST(test_a_triple_fault_stops_first),
		TEST(test_a_verdict_is_put_off),
		TEST(test_without_a_listener_nothing_stops),
		TEST(test_what_is_refused),
		TEST(test_memory_by_pages_and_not_of_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
