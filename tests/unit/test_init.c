/* test_init.c: the init image is checked, and set up as documented. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

/* An ELF64 header and two segments, as the file has them. */
struct elf {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
	struct {
		uint32_t type, flags;
		uint64_t offset, vaddr, paddr, filesz, memsz, align;
	} segment[2];
	uint8_t bytes[0x100];
};

static struct elf good(void)
{
	struct elf e = {
		.ident = "\177ELF\2\1\1",
		.type = 2,
		.machine = 62,
		.version = 1,
		.entry = 0x8010,
		.phoff = 64,
		.ehsize = 64,
		.phentsize = 56,
		.phnum = 2,
		.segment = {{.type = 1,
			     .flags = 5,
			     .offset = 0xb0,
			     .vaddr = 0x8010,
			     .filesz = 0x80,
			     .memsz = 0x80},
			    {.type = 1,
			     .flags = 6,
			     .offset = 0x130,
			     .vaddr = 0x9ff0,
			     .filesz = 0x20,
			     .memsz = 0x3000}},
	};

	memset(e.bytes, 'c', 0x80);
	memset(e.bytes + 0x80, 'd', 0x80);
	return e;
}

static const char *parse(const struct elf *e, size_t size)
{
	struct elf_image image;

	return elf_parse((const uint8_t *)e, size, INIT_IMAGE_END, &image);
}

static void test_a_good_image_is_described(void **state)
{
	struct elf e = good();
	struct elf_image image;

	assert_null(
		elf_parse((uint8_t *)&e, sizeof(e), INIT_IMAGE_END, &image));
	assert_int_equal(image.count, 2);
	assert_int_equal(image.pages, 1 + 4);
	assert_int_equal(image.base, 0x8000);
	assert_int_equal(image.end, 0xd000);
	assert_int_equal(image.segment[0].rights,
			 RIGHT_READ | RIGHT_EXEC | RIGHT_GRANT);
	assert_int_equal(image.segment[1].rights,
			 RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT);
}

#define BAD(change, why)                                            \
	do {                                                        \
		struct elf e = good();                              \
		change;                                             \
		assert_non_null(parse(&e, sizeof(e)));              \
		assert_non_null(strstr(parse(&e, sizeof(e)), why)); \
	} while (0)

static void test_bad_images_are_named(void **state)
{
	BAD(e.ident[0] = 0, "ELF64");
	BAD(e.ident[4] = 1, "ELF64");
	BAD(e.ident[5] = 2, "ELF64");
	BAD(e.machine = 183, "another processor");
	BAD(e.type = 3, "fixed addresses");
	BAD(e.phentsize = 32, "program headers");
	BAD(e.phnum = 0, "program headers");
	BAD(e.phnum = 0xffff, "cut off");
	BAD(e.phoff = UINT64_MAX, "cut off");
	BAD(e.phoff = sizeof(e) - 111, "cut off");
	BAD(e.segment[0].type = 3, "dynamic linker");
	BAD(e.segment[1].filesz = 0x81, "cut off in a segment");
	BAD(e.segment[1].offset = UINT64_MAX, "cut off in a segment");
	BAD(e.segment[1].memsz = 0x1f, "more bytes than memory");
	BAD(e.segment[1].vaddr = UINT64_MAX, "outside");
	BAD(e.segment[1].memsz = UINT64_MAX, "outside");
	BAD(e.segment[1].memsz = 0x70000000 - 0x9ff0 + 1, "outside");
	BAD(e.segment[1].memsz = 0x70000000 - 0x9ff0, "256 MiB");
	BAD(e.segment[0].vaddr = 0xfff, "outside");
	BAD(e.segment[1].flags = 2, "not readable");
	BAD(e.segment[1].flags = 7, "writable and executable");
	BAD(e.segment[1].vaddr = 0x8f00, "share a page");
	BAD(e.segment[1].vaddr = 0x2000, "out of order");
	BAD(e.entry = 0x800f, "entry");
	BAD(e.entry = 0x8090, "entry");
	BAD(e.entry = 0x9ff0, "entry"); /* not executable */
	BAD(e.segment[0].type = 0; e.segment[1].type = 0, "entry");
}

static void test_no_prefix_of_an_image_is_good_but_the_whole(void **state)
{
	struct elf e = good();

	for (size_t size = 0; size < 0x150; size++)
		assert_non_null(parse(&e, size));
	assert_null(parse(&e, 0x150));
}

static struct boot boot;

static void describe(uint64_t size)
{
	struct elf e = good();

	fake_reset();
	memset(&boot, 0, sizeof(boot));
	memset(arch_ptr(PAGE_SIZE * 2), 0xee, 15 << 20);
	memcpy(arch_ptr(0x200000), &e, sizeof(e));
	strcpy(boot.cmdline, "one two");
	ranges_add(&boot.memory, 0x2000, 0x9f000);
	ranges_add(&boot.memory, 0x300000, 0xf00000);
	arena_init(&boot, UINT64_MAX);
	boot.module = (struct range){0x200000, 0x200000 + size};
}

static uint64_t translate(const struct task *task, uint64_t va, uint64_t *flags)
{
	uint64_t *entry;

	assert_int_equal(
		vspace_walk(task->table.cap.base, va & ~PAGE_MASK, 1, &entry),
		ERR_OK);
	assert_true(*entry & PTE_P);
	*flags = *entry & ~PTE_ADDR;
	return (*entry & PTE_ADDR) + (va & PAGE_MASK);
}

static void test_the_image_is_mapped_with_its_rights(void **state)
{
	struct task *task;
	uint64_t flags;
	const uint8_t *at;

	describe(sizeof(struct elf));
	kernel_start(&boot);
	task = sched_current();
	assert_int_equal(task->regs.rip, 0x8010);
	assert_int_equal(task->regs.rsp, BOOT_STACK_TOP);
	assert_int_equal(task->regs.rdi, BOOT_INFO);
	at = arch_ptr(translate(task, 0x8000, &flags));
	assert_int_equal(flags, PTE_P | PTE_U);
	assert_int_equal(at[0x0f], 0);
	assert_int_equal(at[0x10], 'c');
	assert_int_equal(at[0x8f], 'c');
	assert_int_equal(at[0x90], 0);
	at = arch_ptr(translate(task, 0x9ff0, &flags));
	assert_int_equal(flags, PTE_P | PTE_U | PTE_W | PTE_NX);
	assert_int_equal(at[0], 'd');
	at = arch_ptr(translate(task, 0xa000, &flags));
	assert_int_equal(at[0x0f], 'd');
	assert_int_equal(at[0x10], 0);
	at = arch_ptr(translate(task, BOOT_STACK, &flags));
	assert_int_equal(*(const uint64_t *)at, BOOT_BUFFER);
	at = arch_ptr(translate(task, BOOT_CHILD_STACK, &flags));
	assert_int_equal(*(const uint64_t *)at, BOOT_CHILD_BUFFER);
	assert_int_equal(translate(task, BOOT_VGA, &flags), 0xb8000);
	assert_ptr_equal(arch_ptr(translate(task, BOOT_BUFFER, &flags)),
			 task_buffer(task));
	assert_null(verify());
}

static void test_slots_and_boot_info_are_as_documented(void **state)
{
	static const struct {
		unsigned slot, type;
	} rows[] = {
		{0, OBJECT_CPOOL},     {1, OBJECT_UNTYPED},
		{2, OBJECT_UNTYPED},   {3, OBJECT_PML4},
		{4, OBJECT_CPOOL},     {5, OBJECT_CPOOL},
		{249, OBJECT_NULL},    {250, OBJECT_TASK_BUFFER},
		{251, OBJECT_IO_PORT}, {252, OBJECT_IO_PORT},
		{253, OBJECT_TASK},    {254, OBJECT_CHANNEL},
		{255, OBJECT_CHANNEL},
	};
	const struct boot_info *info;
	const struct slot *slot;
	uint64_t flags;

	describe(sizeof(struct elf));
	kernel_start(&boot);
	slot = cpool_of(&sched_current()->cpool.cap)->slot;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(slot[rows[i].slot].cap.type, rows[i].type);
	info = arch_ptr(translate(sched_current(), BOOT_INFO, &flags));
	assert_int_equal(flags, PTE_P | PTE_U | PTE_NX);
	assert_int_equal(info->magic, BOOT_INFO_MAGIC);
	assert_string_equal(info->cmdline, "one two");
	assert_int_equal(info->frame_count, 5 + 8 + 3);
	assert_int_equal(info->untyped_count, 3); /* with the module's page */
	assert_int_equal(info->untyped[0].slot, 1);
	assert_int_equal(info->untyped[0].base, 0x2000);
	assert_int_equal(info->untyped[0].bytes, 0x9d000);
	assert_int_equal(info->untyped[1].slot, 2);
	assert_int_equal(info->untyped[1].base + info->untyped[1].bytes,
			 0xf00000);
	assert_int_equal(info->untyped[2].slot, 6);
	assert_int_equal(info->untyped[2].base, 0x200000);
	assert_int_equal(info->untyped[2].bytes, 0x1000);
	assert_int_equal(slot[254].cap.rights, RIGHT_ALL);
}

static void test_many_frames_go_to_pools_of_pools(void **state)
{
	const struct slot *frames;
	struct elf *e;

	describe(sizeof(struct elf));
	e = arch_ptr(0x200000);
	e->segment[1].memsz = 0x200000;
	kernel_start(&boot);
	frames = &cpool_of(&sched_current()->cpool.cap)->slot[4];
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(cpool_of(&frames->cap)->slot[i].cap.type,
				 OBJECT_CPOOL);
	assert_true(slot_empty(&cpool_of(&frames->cap)->slot[3]));
	assert_null(verify());
}

/* Two further ones: from the middle of a page, and of a page and a byte. */
static void test_further_modules_are_mapped_to_be_read(void **state)
{
	const struct boot_info *info;
	struct task *task;
	uint64_t flags;
	uint8_t *at;

	describe(sizeof(struct elf));
	boot.further[0] = (struct module){{0x210010, 0x210030}, "one"};
	boot.further[1] = (struct module){{0x220000, 0x221001}, "two.elf"};
	boot.further_count = 2;
	memset(arch_ptr(0x210010), '1', 0x20);
	memset(arch_ptr(0x220000), '2', 0x1001);
	kernel_start(&boot);
	task = sched_current();
	info = arch_ptr(translate(task, BOOT_INFO, &flags));
	assert_int_equal(info->module_count, 2);
	assert_int_equal(info->module[0].va, BOOT_MODULE_BASE);
	assert_int_equal(info->module[0].bytes, 0x20);
	assert_string_equal(info->module[1].name, "two.elf");
	assert_int_equal(info->module[1].va, BOOT_MODULE_BASE + PAGE_SIZE);
	assert_int_equal(info->module[1].bytes, 0x1001);
	at = arch_ptr(translate(task, info->module[0].va, &flags));
	assert_int_equal(flags, PTE_P | PTE_U | PTE_NX);
	assert_int_equal(at[0x1f], '1');
	assert_int_equal(at[0x20], 0); /* nothing of what lay beside it */
	at = arch_ptr(translate(task, info->module[1].va + PAGE_SIZE, &flags));
	assert_int_equal(at[0], '2');
	assert_int_equal(at[1], 0);
	assert_int_equal(info->frame_count, 5 + 8 + 3 + 3);
	assert_null(verify());
}

static void test_more_ranges_than_boot_info_holds(void **state)
{
	const struct boot_info *info;
	uint64_t flags;

	describe(sizeof(struct elf));
	for (unsigned i = 0; i < 40; i++)
		ranges_add(&boot.memory, 0xf80000 + 2 * i * PAGE_SIZE,
			   0xf80000 + (2 * i + 1) * PAGE_SIZE);
	kernel_start(&boot);
	info = arch_ptr(translate(sched_current(), BOOT_INFO, &flags));
	assert_int_equal(info->untyped_count, BOOT_UNTYPEDS);
	assert_int_equal(info->untyped[BOOT_UNTYPEDS - 1].slot,
			 BOOT_SLOT_UNTYPED_MORE + BOOT_UNTYPEDS - 3);
	assert_null(verify());
}

static void test_a_bad_init_ends_with_its_reason(void **state)
{
	static const struct {
		uint64_t size;
		const char *why;
	} rows[] = {
		{0, "panic: init: no module was loaded"},
		{100, "panic: init: it is cut off in its program headers"},
	};

	for (volatile unsigned i = 0; i < 2; i++) {
		int end;

		describe(rows[i].size);
		end = setjmp(fake.exit);
		if (end == 0)
			kernel_start(&boot);
		assert_int_equal(end, 1 + 0x30);
		assert_non_null(strstr(fake.log, rows[i].why));
	}
}

static void test_too_little_memory_ends_with_its_reason(void **state)
{
	volatile int end;

	describe(sizeof(struct elf));
	boot.arena.end = boot.arena.base + 8 * PAGE_SIZE;
	end = setjmp(fake.exit);
	if (end == 0)
		kernel_start(&boot);
	assert_int_equal(end, 1 + 0x30);
	assert_non_null(strstr(fake.log, "panic: boot: out of memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_image_is_described),
		cmocka_unit_test(test_bad_images_are_named),
		cmocka_unit_test(
			test_no_prefix_of_an_image_is_good_but_the_whole),
		cmocka_unit_test(test_the_image_is_mapped_with_its_rights),
		cmocka_unit_test(test_slots_and_boot_info_are_as_documented),
		cmocka_unit_test(test_many_frames_go_to_pools_of_pools),
		cmocka_unit_test(test_further_modules_are_mapped_to_be_read),
		cmocka_unit_test(test_more_ranges_than_boot_info_holds),
		cmocka_unit_test(test_a_bad_init_ends_with_its_reason),
		cmocka_unit_test(test_too_little_memory_ends_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
