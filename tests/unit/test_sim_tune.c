/*
 * The quick functions against the plain ones: random programs, on the fast
 * core and on the reference core, stopped at every count on the way.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

struct insn_bytes {
	uint8_t len, byte[9];
};

/* rDI points to data, rSI is an index into it, R9 to the end of the mapped. */
static const struct insn_bytes insns[] = {
	{2, {0x01, 0xd8}},	       /* add eax, ebx */
	{3, {0x48, 0x01, 0xd8}},       /* add rax, rbx */
	{2, {0x29, 0xd9}},	       /* sub ecx, ebx */
	{3, {0x48, 0x31, 0xc2}},       /* xor rdx, rax */
	{2, {0x21, 0xd1}},	       /* and ecx, edx */
	{3, {0x48, 0x09, 0xcb}},       /* or rbx, rcx */
	{2, {0x11, 0xd8}},	       /* adc eax, ebx */
	{3, {0x48, 0x19, 0xca}},       /* sbb rdx, rcx */
	{4, {0x48, 0x83, 0xc0, 0xfb}}, /* add rax, -5 */
	{3, {0x83, 0xe9, 0x03}},       /* sub ecx, 3 */
	{2, {0x03, 0x07}},	       /* add eax, [rdi] */
	{4, {0x48, 0x2b, 0x5f, 0x08}}, /* sub rbx, [rdi + 8] */
	{3, {0x33, 0x04, 0xb7}},       /* xor eax, [rdi + rsi * 4] */
	{3, {0x01, 0x47, 0x10}},       /* add [rdi + 16], eax */
	{4, {0x48, 0x29, 0x14, 0xf7}}, /* sub [rdi + rsi * 8], rdx */
	{3, {0x83, 0x07, 0x01}},       /* add dword [rdi], 1 */
	{3, {0x83, 0xe6, 0x3f}},       /* and esi, 63 */
	{2, {0x01, 0xc6}},	       /* add esi, eax */
	{2, {0x89, 0xd8}},	       /* mov eax, ebx */
	{3, {0x8b, 0x4f, 0x04}},       /* mov ecx, [rdi + 4] */
	{3, {0x88, 0x6f, 0x21}},       /* mov [rdi + 33], ch */
	{4, {0x66, 0x89, 0x57, 0x22}}, /* mov [rdi + 34], dx */
	{4, {0x48, 0x89, 0x5f, 0x18}}, /* mov [rdi + 24], rbx */
	{4, {0xc6, 0x47, 0x09, 0x80}}, /* mov byte [rdi + 9], 80h */
	{3, {0x0f, 0xb6, 0x0f}},       /* movzx ecx, byte [rdi] */
	{3, {0x0f, 0xb6, 0xdc}},       /* movzx ebx, ah */
	{4, {0x48, 0x0f, 0xbf, 0xd0}}, /* movsx rdx, ax */
	{3, {0x48, 0x63, 0xd0}},       /* movsxd rdx, eax */
	{4, {0x8d, 0x44, 0x9b, 0x07}}, /* lea eax, [rbx + rbx * 4 + 7] */
	{3, {0xc1, 0xe0, 0x03}},       /* shl eax, 3 */
	{4, {0x48, 0xc1, 0xea, 0x21}}, /* shr rdx, 33 */
	{4, {0x48, 0xc1, 0xfb, 0x20}}, /* sar rbx, 32 */
	{3, {0xc1, 0xc8, 0x05}},       /* ror eax, 5 */
	{3, {0x48, 0xd3, 0xc2}},       /* rol rdx, cl */
	{2, {0xd3, 0xe8}},	       /* shr eax, cl */
	{3, {0x0f, 0xaf, 0xc3}},       /* imul eax, ebx */
	{3, {0x6b, 0xd1, 0x7f}},       /* imul edx, ecx, 127 */
	{3, {0x48, 0xf7, 0x27}},       /* mul qword [rdi] */
	{2, {0xf7, 0xd8}},	       /* neg eax */
	{2, {0xff, 0xc0}},	       /* inc eax */
	{3, {0x48, 0xff, 0xc9}},       /* dec rcx */
	{3, {0x48, 0xf7, 0xd2}},       /* not rdx */
	{3, {0x0f, 0x92, 0xc1}},       /* setb cl */
	{3, {0x0f, 0x44, 0xc3}},       /* cmove eax, ebx */
	{4, {0x48, 0x0f, 0x4c, 0xd8}}, /* cmovl rbx, rax */
	{2, {0x0f, 0xc9}},	       /* bswap ecx */
	{1, {0x50}},		       /* push rax */
	{1, {0x5a}},		       /* pop rdx */
	{1, {0x9c}},		       /* pushf */
	{1, {0xf5}},		       /* cmc */
	{1, {0x9f}},		       /* lahf */
	{2, {0x39, 0xd8}},	       /* cmp eax, ebx */
	{3, {0x48, 0x3b, 0x17}},       /* cmp rdx, [rdi] */
	{3, {0x80, 0x3f, 0x40}},       /* cmp byte [rdi], 40h */
	{6, {0x48, 0x83, 0x7c, 0xf7, 8, 0x11}}, /* cmp qword [.. + 8], 11h */
	{2, {0x38, 0xe0}},			/* cmp al, ah */
	{3, {0x48, 0x85, 0xd2}},		/* test rdx, rdx */
	{2, {0xa8, 0x81}},			/* test al, 81h */
	{4, {0x41, 0x03, 0x41, 0x08}},		/* add eax, [r9 + 8]: #PF */
	{3, {0x41, 0x89, 0x11}},		/* mov [r9], edx: a device */
};

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Forty instructions and branches over nothing or a NOP, eight times over. */
static void write_program(uint8_t *code, uint32_t seed)
{
	const size_t count = sizeof(insns) / sizeof(*insns);
	uint8_t *at = code;
	int32_t back;

	for (unsigned n = 0; n < 40; n++) {
		uint32_t r = next_random(&seed) % (count * 5 / 4);
		/* What ends the program or its blocks is rare. */
		bool rare = r >= count - 2 && r < count;

		if (r >= count || (rare && next_random(&seed) % 8)) {
			unsigned skip = next_random(&seed) & 1;

			*at++ = 0x70 | (next_random(&seed) & 15);
			*at++ = skip;
			*at++ = 0x90;
			continue;
		}
		memcpy(at, insns[r].byte, insns[r].len);
		at += insns[r].len;
	}
	memcpy(at, (uint8_t[]){0xff, 0xcd, 0x0f, 0x85}, 4);
	at += 4;
	back = code - (at + 4);
	memcpy(at, &back, 4);
	at[4] = 0xf4; /* hlt */
}

static void start(struct guest *g, const uint8_t *code, bool reference)
{
	guest_init(g);
	guest_put64(g, GUEST_PD + 8, 0); /* 2 to 4 MiB: nothing there */
	guest_put(g, GUEST_CODE, code, 512);
	for (unsigned i = 0; i < 128; i++)
		guest_put64(g, GUEST_DATA + 8 * i, i * 0x0123456789abcdefu);
	for (unsigned i = 0; i < 4; i++)
		g->state.gpr[i] = 0x9e3779b97f4a7c15u * (i + 1);
	g->state.gpr[GPR_RBP] = 8;
	g->state.gpr[GPR_RSI] = 5;
	g->state.gpr[GPR_RDI] = GUEST_DATA;
	g->state.gpr[9] = 0x1ffff8;
	g->deadline = 0;
	g->cpu->ops->set_reference(g->cpu, reference);
	if (g->cpu->ops->set_state(g->cpu, &g->state))
		abort();
}

static void compare(uint32_t seed)
{
	static uint8_t code[512];
	static struct guest fast, plain;

	write_program(code, seed);
	start(&fast, code, false);
	start(&plain, code, true);
	for (unsigned n = 1; n < 500; n++) {
		/* Each count, or steps that leave blocks whole. */
		fast.deadline += seed % 4 ? seed % 61 + n % 37 : 1;
		plain.deadline = fast.deadline;
		guest_go_on(&fast);
		guest_go_on(&plain);
		if (memcmp(&fast.state, &plain.state, sizeof(fast.state)))
			fail_msg("seed %u differs at count %llu", seed,
				 (unsigned long long)fast.deadline);
		if (plain.state.halted)
			break;
	}
	assert_memory_equal(guestmem_ptr(&fast.mem, 0, GUEST_RAM),
			    guestmem_ptr(&plain.mem, 0, GUEST_RAM), GUEST_RAM);
	guest_fini(&fast);
	guest_fini(&plain);
}

static void test_both_cores_agree_at_every_count(void **state)
{
	for (uint32_t seed = 1; seed <= 400; seed++)
		compare(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_cores_agree_at_every_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
