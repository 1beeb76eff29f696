/*
 * The inspector on a kernel that has booted, and on the same memory with one
 * thing in it changed.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-kernel/abi/bootinfo.h"
#include "shell/inspect/inspect.h"
#include "shell/inspect/model.h"
#include "tests/unit/booted.h"

#define MEM (UINT64_C(4) << 20)

struct fixture {
	struct booted b;
	struct inspect *in;
	struct model model; /* where things are */
	char *text;	    /* what the last command printed */
	size_t len, room;
	struct inspect_out out;
};

static void write_text(void *ctx, const char *text, size_t len)
{
	struct fixture *f = ctx;

	if (f->len + len >= f->room) {
		f->room = 2 * (f->len + len + 1);
		f->text = realloc(f->text, f->room);
	}
	memcpy(f->text + f->len, text, len);
	f->len += len;
	f->text[f->len] = 0;
}

static int run(struct fixture *f, const char *line)
{
	f->len = 0;
	write_text(f, "", 0);
	f->out.write = write_text;
	f->out.ctx = f;
	return inspect_run(f->in, line, &f->out);
}

static void expect(struct fixture *f, const char *line, const char *what)
{
	assert_int_equal(run(f, line), 0);
	if (!strstr(f->text, what))
		fail_msg("%s: no '%s' in:\n%s", line, what, f->text);
}

static void expect_not(struct fixture *f, const char *line, const char *what)
{
	assert_int_equal(run(f, line), 0);
	if (strstr(f->text, what))
		fail_msg("%s: '%s' in:\n%s", line, what, f->text);
}

static void expect_refused(struct fixture *f, const char *line, int err,
			   const char *what)
{
	assert_int_equal(run(f, line), err);
	assert_int_equal(f->len, 0);
	if (!strstr(f->out.error, what))
		fail_msg("%s: no '%s' in: %s", line, what, f->out.error);
}

/* One boot serves all tests: each gets its memory back as it was. */
static struct booted shared;
static uint8_t *memory;

static int boot(void **state)
{
	booted_begin(&shared, MEM, "start child\n");
	memory = malloc(MEM);
	assert_true(guestmem_read(&shared.m->mem, 0, memory, MEM));
	return 0;
}

static int unboot(void **state)
{
	free(memory);
	booted_end(&shared);
	return 0;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct inspect_config config = {shared.m, shared.kernel, &shared.init,
					1};
	char why[256];

	guestmem_write(&shared.m->mem, 0, memory, MEM);
	f->b = shared;
	f->in = inspect_create(&config);
	assert_non_null(f->in);
	assert_int_equal(
		model_capture(&f->model, &shared.m->mem, -1, why, sizeof(why)),
		0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	model_free(&f->model);
	inspect_destroy(f->in);
	free(f->text);
	free(f);
	return 0;
}

/* ---- where things are ---- */

static uint64_t kernel_va(const struct fixture *f, uint64_t gpa)
{
	return f->model.layout.head.direct_map + gpa;
}

/* What slot `index` of the first task's pool holds. */
static const struct cap *cap_in(const struct fixture *f, unsigned index)
{
	const struct model *m = &f->model;
	uint32_t pool =
		m->cap[model_held(m, &m->object[m->task[0]], ROLE_CPOOL, 0)]
			.object;
	uint32_t cap = model_held(m, &m->object[pool], ROLE_POOL, index);

	assert_int_not_equal(cap, NIL);
	return &m->cap[cap];
}

static void set_field(const struct fixture *f, uint64_t at,
		      enum inspect_field_number field, uint64_t value)
{
	const struct layout *l = &f->model.layout;

	assert_true(guestmem_write(l->mem, layout_at(l, at, field), &value,
				   l->field[field].size));
}

/* ---- a sound kernel ---- */

static void test_lists_what_the_boot_promises(void **state)
{
	struct fixture *f = *state;

	expect(f, "list", "0           CPOOL");
	expect(f, "list", "2           UNTYPED");
	expect(f, "list", "3           PML4");
	expect(f, "list", "253         TASK");
	expect(f, "list", "254         CHANNEL");
	expect(f, "list", "245/0");
	expect(f, "check", "All fits together");
	expect_not(f, "list", "corrupt");
}

static void test_lists_a_pool_that_holds_itself_once(void **state)
{
	struct fixture *f = *state;

	expect_not(f, "list", "0/0");
}

static void test_tells_frames_one_by_one_when_asked(void **state)
{
	struct fixture *f = *state;

	expect(f, "list", "4/0..");
	expect_not(f, "list -a", "4/0..");
	expect(f, "list -a", "4/1 ");
	expect_not(f, "list --json", "..");
}

static void test_tells_tasks_and_what_they_wait_for(void **state)
{
	struct fixture *f = *state;

	expect(f, "tasks", "task#1  rinit");
	expect(f, "tasks", "for an entry of channel@");
	expect(f, "task", " sys_channel_take_entry+0x");
	expect(f, "task task#1", "user_main");
	expect(f, "task 2", "driver");
	expect(f, "chan", "task#1 to take");
}

static void test_tells_address_spaces(void **state)
{
	struct fixture *f = *state;

	expect(f, "maps", "80000000  80003fff  16 KiB  rw-");
	expect(f, "maps", "screen");
	expect(f, "maps", "r-x");
	expect_not(f, "maps", "no capability");
	expect(f, "mem", "#.....");
}

static void test_tells_where_a_capability_came_from(void **state)
{
	struct fixture *f = *state;

	expect(f, "why 249", "made by the boot");
	expect(f, "why 249", "made from its memory");
	expect(f, "why irq#0.notification", "a copy with fewer rights");
	expect_refused(f, "why 248", -ENOENT, "248");
	expect(f, "why task#2", "made from its memory");
	expect(f, "tree 2", "245/0");
	expect(f, "tree", "irq#0");
}

static void test_draws_the_graph(void **state)
{
	struct fixture *f = *state;

	expect(f, "caps --svg", "</svg>\n");
	expect(f, "caps --svg", ">task#1</text>");
	expect(f, "caps --dot", "digraph");
	expect(f, "caps --capdl", "cspace: cpool@");
	expect(f, "caps --capdl", "0xfe: channel@");
	expect_refused(f, "caps", -EINVAL, "picture");
	expect_refused(f, "caps --svg /nowhere/at/all", -ENOENT, "/nowhere");
}

static void test_gives_objects_of_json(void **state)
{
	static const char *const lines[] = {
		"list --json", "tree --json", "tasks --json", "task --json",
		"maps --json", "mem --json",  "chan --json",  "why 0 --json"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *line, *rest;

		assert_int_equal(run(f, lines[i]), 0);
		assert_true(f->len > 0);
		line = strtok_r(f->text, "\n", &rest);
		for (; line; line = strtok_r(NULL, "\n", &rest)) {
			assert_memory_equal(line, "{\"kind\":\"", 9);
			assert_int_equal(line[strlen(line) - 1], '}');
		}
	}
}

static void test_tells_what_changed_since_a_mark(void **state)
{
	struct fixture *f = *state;

	expect_refused(f, "diff", -ENOENT, "no moment");
	assert_int_equal(run(f, "mark"), 0);
	expect(f, "diff", "Nothing has changed");
	assert_int_equal(run(f, "mark a"), 0);
	set_field(f, cap_in(f, BOOT_SLOT_INPUT)->base, INSPECT_CHANNEL_COUNT,
		  3);
	expect(f, "diff a", "3/256");
	expect(f, "diff", "3/256");
	expect_refused(f, "diff b", -ENOENT, "'b'");
}

static void test_refuses_what_it_does_not_know(void **state)
{
	struct fixture *f = *state;

	expect_refused(f, "", -EINVAL, "empty");
	expect_refused(f, "lits", -EINVAL, "'lits'");
	assert_string_equal(f->out.hint, "did you mean 'list'?");
	expect_refused(f, "tasks 1", -EINVAL, "'1' is too much");
	expect_refused(f, "list --jsn", -ENOENT, "no option '--jsn'");
	expect_refused(f, "list task#99", -ENOENT, "task#99");
	expect_refused(f, "maps channel", -ENOENT, "channel");
	expect_refused(f, "why", -EINVAL, "which");
	expect_refused(f,
		       "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 "
		       "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0",
		       -EINVAL, "unknown command '1'");
	expect_refused(f,
		       "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 "
		       "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1",
		       -EINVAL, "words");
	expect_refused(f, "list 'a", -EINVAL, "quote");
	expect_refused(f, "list; tasks", -EINVAL, "one command");
}

/* ---- whose kernel it is ---- */

static void test_needs_no_file(void **state)
{
	struct fixture *f = *state;
	struct inspect_config config = {shared.m, NULL, NULL, 0};

	inspect_destroy(f->in);
	f->in = inspect_create(&config);
	expect(f, "list", "254         CHANNEL");
	expect(f, "tasks", "waiting");
	expect_not(f, "tasks", "rinit");
}

/* The note as it lies in memory. */
static uint64_t note_at(void)
{
	static const char magic[] = "vinspect";
	const uint8_t *base = guestmem_ptr(&shared.m->mem, 0, MEM);
	const uint8_t *hit = memmem(base + 0x100000, MEM - 0x100000, magic, 8);

	assert_non_null(hit);
	return hit - base;
}

static void test_says_that_a_kernel_is_not_ours(void **state)
{
	struct fixture *f = *state;
	struct inspect_config config = {shared.m, NULL, NULL, 0};
	uint32_t version = 7, fields = 3;
	char why[256];

	inspect_destroy(f->in);
	f->in = inspect_create(&config);
	guestmem_write(&shared.m->mem,
		       note_at() + offsetof(struct inspect_head, version),
		       &version, 4);
	expect_refused(f, "list", -ENOEXEC, "version 7");
	assert_int_equal(inspect_check(f->in, why, sizeof(why)), -ENOEXEC);
	guestmem_write(&shared.m->mem, 0, memory, MEM);
	guestmem_write(&shared.m->mem,
		       note_at() + offsetof(struct inspect_head, field_count),
		       &fields, 4);
	expect_refused(f, "list", -ENOEXEC, "older than this vmm");
	guestmem_clear(&shared.m->mem);
	expect_refused(f, "list", -ENOEXEC, "no description");
}

static void test_says_that_a_file_is_not_our_kernel(void **state)
{
	struct fixture *f = *state;
	struct inspect_config config = {shared.m, shared.init, NULL, 0};

	inspect_destroy(f->in);
	f->in = inspect_create(&config);
	expect_refused(f, "list", -ENOEXEC, "does not describe itself");
}

static void test_says_that_a_kernel_has_not_begun(void **state)
{
	struct fixture *f = *state;
	const struct layout *l = &f->model.layout;

	set_field(f, layout_at(l, l->kernel, INSPECT_KERNEL_CAPS),
		  INSPECT_SLOT_CHILD, 0);
	set_field(f, l->kernel, INSPECT_KERNEL_RUNNING, 0);
	expect_refused(f, "list", -ENOEXEC, "no objects yet");
}

/* ---- a kernel that lies ---- */

static void test_ends_where_siblings_go_in_a_circle(void **state)
{
	struct fixture *f = *state;
	const struct cap *cap = cap_in(f, BOOT_SLOT_CHANNEL);

	set_field(f, cap->at, INSPECT_SLOT_NEXT, kernel_va(f, cap->at));
	expect(f, "check", "circle");
	expect(f, "check", "not met along the tree");
	expect(f, "list", "254         CHANNEL");
	expect_not(f, "list", "corrupt:");
}

static void test_ends_where_a_child_is_its_own_ancestor(void **state)
{
	struct fixture *f = *state;
	const struct cap *cap = cap_in(f, BOOT_SLOT_CHILD);
	const struct cap *untyped = &f->model.cap[cap->parent];

	set_field(f, cap->at, INSPECT_SLOT_CHILD, kernel_va(f, untyped->at));
	expect(f, "check", "circle");
	expect(f, "check", "249");
	expect(f, "why 249", "untyped@");
}

static void test_shows_links_that_lead_nowhere(void **state)
{
	static const uint64_t wild[] = {1, 0x1000, UINT64_C(0xffff880000000000),
					UINT64_MAX & ~7,
					UINT64_C(0xffff800000000000) + MEM};
	struct fixture *f = *state;
	const struct cap *cap = cap_in(f, BOOT_SLOT_INPUT);

	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		set_field(f, cap->at, INSPECT_SLOT_CHILD, wild[i]);
		expect(f, "check", "leads nowhere");
		expect(f, "check", "254");
	}
}

static void test_shows_objects_that_cannot_be(void **state)
{
	struct fixture *f = *state;
	const struct cap *cap = cap_in(f, BOOT_SLOT_CHANNEL);

	set_field(f, cap->at, INSPECT_CAP_BASE, MEM - 64);
	expect(f, "list", "corrupt: no object can be there");
	set_field(f, cap->at, INSPECT_CAP_BASE, UINT64_MAX - 63);
	expect(f, "list", "corrupt: no object can be there");
	set_field(f, cap->at, INSPECT_CAP_BASE,
		  cap_in(f, BOOT_SLOT_TASK)->base);
	expect(f, "list", "corrupt: the object there is of another type");
	set_field(f, cap->at, INSPECT_CAP_TYPE, 77);
	expect(f, "check", "its type is none");
	expect(f, "caps --svg", "</svg>");
}

static void test_shows_counts_that_are_too_high(void **state)
{
	struct fixture *f = *state;
	const struct cap *channel = cap_in(f, BOOT_SLOT_CHANNEL);
	const struct cap *untyped = cap_in(f, BOOT_SLOT_UNTYPED);

	set_field(f, channel->base, INSPECT_CHANNEL_COUNT, UINT32_MAX);
	expect(f, "list", "corrupt: it has more entries than room");
	set_field(f, untyped->at, INSPECT_CAP_USED, UINT64_MAX);
	expect(f, "mem", "it has used more than it has");
	set_field(f, channel->base, INSPECT_OBJECT_COUNT, 12);
	expect(f, "check", "channel@");
}

static void test_shows_slots_outside_of_the_tree(void **state)
{
	struct fixture *f = *state;
	const struct layout *l = &f->model.layout;

	set_field(f, layout_at(l, l->kernel, INSPECT_KERNEL_CAPS),
		  INSPECT_SLOT_CHILD,
		  kernel_va(f, cap_in(f, BOOT_SLOT_UNTYPED)->at));
	expect(f, "check", "it is not in the derivation tree");
	expect(f, "tasks", "task#1");
}

static void test_ends_where_a_queue_is_a_circle(void **state)
{
	struct fixture *f = *state;
	const struct cap *channel = cap_in(f, BOOT_SLOT_INPUT);
	uint64_t task = cap_in(f, BOOT_SLOT_TASK)->base;

	set_field(f, task, INSPECT_TASK_NEXT, kernel_va(f, task));
	expect(f, "chan", "corrupt: the queue leads elsewhere");
	set_field(f, task, INSPECT_TASK_NEXT, kernel_va(f, channel->base));
	expect(f, "chan", "corrupt: the queue leads elsewhere");
}

static void test_ends_where_page_tables_are_a_circle(void **state)
{
	struct fixture *f = *state;
	uint64_t top = cap_in(f, BOOT_SLOT_PML4)->base, entry = top | 7;

	for (unsigned i = 0; i < 256; i++)
		guestmem_write(&shared.m->mem, top + 8 * i, &entry, 8);
	expect(f, "maps", "corrupt: page tables");
	expect(f, "maps", "no capability");
	entry = UINT64_C(0xffffffff000) | 7;
	guestmem_write(&shared.m->mem, top, &entry, 8);
	expect(f, "maps", "corrupt: page tables");
}

static void test_follows_no_frame_out_of_memory(void **state)
{
	struct fixture *f = *state;
	uint64_t task = cap_in(f, BOOT_SLOT_TASK)->base;

	set_field(f, task, INSPECT_TASK_RBP, UINT64_MAX - 7);
	expect(f, "task", " sys_channel_take_entry+0x");
	set_field(f, task, INSPECT_TASK_RSP, UINT64_MAX);
	expect(f, "task", "state");
	set_field(f, task, INSPECT_TASK_STATE, 200);
	expect(f, "tasks", "?");
}

/* ---- a kernel that answers no more ---- */

/* The processor goes on with these bytes, in the kernel, interrupts off. */
static void wedge(struct fixture *f, const uint8_t *code, size_t len)
{
	static struct mark end;
	struct vcpu *cpu = shared.m->cpu[0];
	struct x86_state state;

	assert_true(guestmem_write(&shared.m->mem, 0x101000, code, len));
	cpu->ops->get_state(cpu, &state);
	assert_int_equal(state.seg[SEG_CS].selector & 3, 0);
	state.rip = f->model.layout.head.image_offset + 0x101000;
	state.rflags &= ~FLAG_IF;
	state.idt.limit = 0;
	state.halted = HALT_NONE;
	assert_int_equal(cpu->ops->set_state(cpu, &state), 0);
	shared.m->stop = STOP_NONE;
	shared.m->sleep[0].asleep = false;
	end = (struct mark){machine_count(shared.m) + 100000,
			    shared.end.reached, &shared, NULL};
	machine_mark(shared.m, &end);
	machine_run(shared.m);
}

static void test_looks_at_a_kernel_that_loops(void **state)
{
	static const uint8_t loop[] = {0xeb, 0xfe};
	struct fixture *f = *state;

	wedge(f, loop, sizeof(loop));
	assert_int_equal(shared.m->stop, STOP_BREAK);
	expect(f, "list", "254         CHANNEL");
	expect(f, "tasks", "for an entry of channel@");
	expect(f, "check", "All fits together");
}

static void test_looks_at_a_kernel_that_crashed(void **state)
{
	static const uint8_t ud2[] = {0x0f, 0x0b};
	struct fixture *f = *state;

	wedge(f, ud2, sizeof(ud2));
	assert_int_equal(shared.m->stop, STOP_TRIPLE);
	expect(f, "list", "254         CHANNEL");
	expect(f, "tree", "irq#0");
	expect(f, "maps", "stack");
}

/* ---- what is there, for prompts and debuggers ---- */

struct words {
	char text[4096];
	unsigned count;
};

static void add_word(void *ctx, const char *word, const char *about)
{
	struct words *w = ctx;
	size_t len = strlen(w->text);

	w->count++;
	snprintf(w->text + len, sizeof(w->text) - len, "%s(%s)\n", word, about);
}

static void test_offers_slots_and_tasks(void **state)
{
	struct fixture *f = *state;
	struct words w = {"", 0};

	inspect_slots(f->in, "25", add_word, &w);
	assert_non_null(strstr(w.text, "254(CHANNEL, "));
	assert_null(strstr(w.text, "245"));
	w = (struct words){"", 0};
	inspect_slots_of(f->in, TYPES_UNTYPED, "", add_word, &w);
	assert_non_null(strstr(w.text, "2(UNTYPED, "));
	assert_null(strstr(w.text, "CHANNEL"));
	w = (struct words){"", 0};
	inspect_free_slots(f->in, "24", add_word, &w);
	assert_string_equal(w.text, "24(free)\n240(free)\n241(free)\n"
				    "242(free)\n248(free)\n");
	w = (struct words){"", 0};
	inspect_slots(f->in, "245/", add_word, &w);
	assert_non_null(strstr(w.text, "245/0(TASK, "));
	w = (struct words){"", 0};
	inspect_task_names(f->in, "", add_word, &w);
	assert_non_null(strstr(w.text, "task#1(rinit, waiting)"));
	w = (struct words){"", 0};
	inspect_complete(f->in, "caps ", "--", add_word, &w);
	assert_int_equal(w.count, 3);
}

static void test_tells_of_a_slot(void **state)
{
	struct fixture *f = *state;
	struct inspect_slot slot;

	assert_int_equal(inspect_slot(f->in, "253", &slot), 0);
	assert_int_equal(slot.type, OBJECT_TASK);
	assert_string_equal(slot.name, "task#1");
	assert_int_equal(inspect_slot(f->in, "248", &slot), 0);
	assert_int_equal(slot.type, OBJECT_NULL);
	assert_int_equal(inspect_slot(f->in, "245/0", &slot), 0);
	assert_int_equal(slot.type, OBJECT_TASK);
	assert_int_equal(inspect_slot(f->in, "254/0", &slot), -ENOENT);
	assert_int_equal(inspect_slot(f->in, "256", &slot), -ENOENT);
	assert_int_equal(inspect_slot(f->in, "", &slot), -ENOENT);
	assert_int_equal(inspect_slot(f->in, "0/0/0/0/0/0/0/0", &slot), 0);
	assert_int_equal(inspect_slot(f->in, "0/0/0/0/0/0/0/0/0", &slot),
			 -ENOENT);
}

static void test_gives_tasks_to_debuggers(void **state)
{
	struct fixture *f = *state;
	struct inspect_task task = {.number = 0};
	unsigned count = 0;

	while (!inspect_next_task(f->in, task.number, &task)) {
		assert_true(task.cr3 != 0);
		assert_true(task.rip != 0);
		count++;
	}
	assert_true(count >= 3);
	assert_int_equal(inspect_next_task(f->in, 0, &task), 0);
	assert_string_equal(task.name, "task#1 (rinit)");
	assert_string_equal(task.state_name, "waiting");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lists_what_the_boot_promises),
		TEST(test_lists_a_pool_that_holds_itself_once),
		TEST(test_tells_frames_one_by_one_when_asked),
		TEST(test_tells_tasks_and_what_they_wait_for),
		TEST(test_tells_address_spaces),
		TEST(test_tells_where_a_capability_came_from),
		TEST(test_draws_the_graph),
		TEST(test_gives_objects_of_json),
		TEST(test_tells_what_changed_since_a_mark),
		TEST(test_refuses_what_it_does_not_know),
		TEST(test_needs_no_file),
		TEST(test_says_that_a_kernel_is_not_ours),
		TEST(test_says_that_a_file_is_not_our_kernel),
		TEST(test_says_that_a_kernel_has_not_begun),
		TEST(test_ends_where_siblings_go_in_a_circle),
		TEST(test_ends_where_a_child_is_its_own_ancestor),
		TEST(test_shows_links_that_lead_nowhere),
		TEST(test_shows_objects_that_cannot_be),
		TEST(test_shows_counts_that_are_too_high),
		TEST(test_shows_slots_outside_of_the_tree),
		TEST(test_ends_where_a_queue_is_a_circle),
		TEST(test_ends_where_page_tables_are_a_circle),
		TEST(test_follows_no_frame_out_of_memory),
		TEST(test_offers_slots_and_tasks),
		TEST(test_tells_of_a_slot),
		TEST(test_gives_tasks_to_debuggers),
		/* These leave the processor where it is of no more use. */
		TEST(test_looks_at_a_kernel_that_loops),
		TEST(test_looks_at_a_kernel_that_crashed),
	};

	return cmocka_run_group_tests(tests, boot, unboot);
}
