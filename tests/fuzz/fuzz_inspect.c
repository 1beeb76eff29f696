/*
 * fuzz_inspect.c: the inspector against a kernel that corrupts its own
 * objects. A booted kernel's memory is changed, eight bytes of input a change:
 * which structure, which word of it, and what comes there: a pointer to
 * another structure, perhaps with its tag, a number, all ones. Then
 * commands look. Nothing crashes or hangs, what is printed is bounded, and
 * the guest's memory is as it was.
 *
 * With the libraries of a build by clang with -Db_sanitize=address,undefined:
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *		tests/fuzz/fuzz_inspect.c tests/unit/booted.c \
 *		-Wl,--start-group $B/shell/libshell.a $B/devices/libdevices.a \
 *		$B/vmm/lib*.a $B/vmm/sim/libsim.a -Wl,--end-group \
 *		-lelf -ldw -lZydis -pthread -o fuzz_inspect
 *	KERNEL=build/kernel.elf INIT=build/rinit.elf ./fuzz_inspect
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/inspect.h"
#include "shell/inspect/model.h"
#include "tests/unit/booted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEM	   (UINT64_C(4) << 20)
#define CHANGES	   6
#define OUTPUT_MAX (UINT64_C(64) << 20)
#define COMPARED   64 /* after so many inputs all memory is looked at */
#define PLACES_MAX 4096

struct change {
	uint16_t place;
	uint8_t word, kind;
	uint32_t value;
};

struct undo {
	uint64_t at, word;
};

static struct undo undo[CHANGES];
static struct booted booted;
static struct inspect *inspector;
static uint8_t *memory;
static uint64_t place[PLACES_MAX], length[PLACES_MAX];
static unsigned places;
static uint64_t direct_map, printed;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void add_place(uint64_t at, uint64_t bytes)
{
	if (places < PLACES_MAX && bytes >= 8 && at < MEM && bytes < MEM) {
		place[places] = at;
		length[places++] = bytes;
	}
}

/* Slots, objects, page tables, the kernel's own state and its note. */
static void find_places(void)
{
	struct model m;
	char why[256];

	check(!model_capture(&m, &booted.m->mem, -1, why, sizeof(why)));
	direct_map = m.layout.head.direct_map;
	add_place(m.layout.kernel, 512);
	for (uint32_t i = 0; i < m.cap_count; i++)
		add_place(m.cap[i].at, 64);
	for (uint32_t i = 0; i < m.object_count; i++) {
		const struct object *o = &m.object[i];

		if (object_has_header(o->type) ||
		    (TYPES_PML4 | TYPES_TABLE) >> o->type & 1)
			add_place(o->base, o->bytes);
	}
	model_free(&m);
}

static void start(void)
{
	struct inspect_config config;

	booted_begin(&booted, MEM, "start child\n");
	config = (struct inspect_config){booted.m, NULL, &booted.init, 1};
	inspector = inspect_create(&config);
	memory = malloc(MEM);
	check(inspector && memory);
	check(guestmem_read(&booted.m->mem, 0, memory, MEM));
	find_places();
	check(places > 100);
}

static uint64_t new_word(const struct change *c, uint64_t old)
{
	uint64_t target = place[c->value % places];

	switch (c->kind % 8) {
	case 0:
		return direct_map + target;
	case 1:
		return (direct_map + target) | 1;
	case 2:
		return target | 0x67; /* a page-table entry */
	case 3:
		return UINT64_MAX;
	case 4:
		return old ^ UINT64_C(1) << c->value % 64;
	case 5:
		return (old & ~UINT64_C(0xff)) | (c->value & 0xff);
	case 6:
		return direct_map + (c->value << 3);
	default:
		return c->value;
	}
}

static void apply(struct undo *u, const struct change *c)
{
	unsigned n = c->place % places;
	uint64_t word;

	u->at = place[n] + c->word * UINT64_C(8) % (length[n] & ~7);
	check(guestmem_read(&booted.m->mem, u->at, &u->word, 8));
	word = new_word(c, u->word);
	guestmem_write(&booted.m->mem, u->at, &word, 8);
}

static void count(void *ctx, const char *text, size_t len)
{
	printed += len;
	check(printed < OUTPUT_MAX);
}

/* A third of the commands, in turn. */
static void look(unsigned turn)
{
	static const char *const lines[] = {
		"list",	      "list -a --json", "tree",	   "tree --json",
		"tasks",      "task",		"task 2",  "maps",
		"mem",	      "chan",		"why 249", "caps --svg",
		"caps --dot", "caps --capdl",	"mark",	   "diff",
		"check"};
	struct inspect_out out = {.write = count};
	struct inspect_task task = {.number = 0};
	struct inspect_slot slot;

	for (size_t i = turn % 3; i < sizeof(lines) / sizeof(lines[0]);
	     i += 3) {
		printed = 0;
		if (inspect_run(inspector, lines[i], &out))
			check(*out.error != 0);
	}
	for (unsigned i = 0;
	     i < 64 && !inspect_next_task(inspector, task.number, &task); i++)
		continue;
	inspect_slot(inspector, "245/0", &slot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned inputs;
	struct change c;
	unsigned n;

	if (!memory)
		start();
	for (n = 0; n < CHANGES && (n + 1) * sizeof(c) <= size; n++) {
		memcpy(&c, data + n * sizeof(c), sizeof(c));
		apply(&undo[n], &c);
	}
	look(inputs);
	while (n-- > 0)
		guestmem_write(&booted.m->mem, undo[n].at, &undo[n].word, 8);
	if (inputs++ % COMPARED == 0)
		check(!memcmp(memory, guestmem_ptr(&booted.m->mem, 0, MEM),
			      MEM));
	return 0;
}
