/* boot_file.c: as its header says. */
#include "tests/unit/boot_file.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

void boot_file(struct booted *b, enum boot_protocol protocol, unsigned count,
	       uint64_t mem)
{
	const char *paths[2];
	static const char *const args[2] = {"one two"};
	struct boot_request req = {.module = paths,
				   .module_args = args,
				   .module_count = count,
				   .cmdline = "a=1 b",
				   .protocol = protocol};

	said_start();
	elf_file_open(&b->kernel);
	req.kernel = b->kernel.path;
	for (unsigned i = 0; i < 2; i++) {
		b->module[i].size = i ? 5000 : 10;
		memset(b->module[i].bytes, 'a' + i, b->module[i].size);
		elf_file_open(&b->module[i]);
		paths[i] = b->module[i].path;
	}
	assert_int_equal(guestmem_init(&b->gm, mem), 0);
	memset(&b->state, 0xcc, sizeof(b->state));
	b->err = boot_load(&req, &b->gm, &b->state);
}

void boot_file_end(struct booted *b)
{
	elf_file_close(&b->kernel);
	elf_file_close(&b->module[0]);
	elf_file_close(&b->module[1]);
	guestmem_fini(&b->gm);
}

const char *boot_file_module(const struct booted *b, unsigned i)
{
	static char text[96];

	snprintf(text, sizeof(text), "%s%s",
		 strrchr(b->module[i].path, '/') + 1, i ? "" : " one two");
	return text;
}

uint32_t boot_u32(const struct booted *b, uint64_t gpa)
{
	uint32_t value = 0;

	assert_true(guestmem_read(&b->gm, gpa, &value, sizeof(value)));
	return value;
}

uint64_t boot_u64(const struct booted *b, uint64_t gpa)
{
	return boot_u32(b, gpa) | (uint64_t)boot_u32(b, gpa + 4) << 32;
}

const char *boot_string(const struct booted *b, uint64_t gpa)
{
	return guestmem_ptr(&b->gm, gpa, 64);
}

void check_protected_mode(const struct x86_state *state)
{
	assert_int_equal(state->cr0, CR0_PE | CR0_ET);
	assert_int_equal(state->cr4, 0);
	assert_int_equal(state->efer, 0);
	assert_int_equal(state->rflags, FLAG_FIXED);
	for (int i = SEG_ES; i <= SEG_GS; i++) {
		assert_int_equal(state->seg[i].base, 0);
		assert_int_equal(state->seg[i].limit, 0xffffffff);
		assert_int_equal(state->seg[i].attr,
				 i == SEG_CS ? 0xc09b : 0xc093);
	}
	assert_int_equal(state->seg[SEG_TR].limit, 0x67);
	assert_int_equal(state->seg[SEG_TR].attr, 0x8b);
	assert_int_equal(state->halted, 0);
}
