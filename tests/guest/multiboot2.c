/*
 * multiboot2.c: what a kernel finds that Multiboot 2 started: its header asks
 * for information, gives an entry point of its own, says that it may be moved
 * (and is where it is linked to), and has tags for firmware that is not there.
 *
 * On sim: --boot multiboot2 --append hello
 * On kvm: --boot multiboot2 --append hello
 * Not on qemu: its loader knows Multiboot 1 alone
 * Prints:
 *	magic: ok
 *	command line: hello
 *	loader: vmm
 *	memory: 27f fc00
 *	map: 0+9fc00=1 9fc00+60400=2 100000+3f00000=1
 *	screen: b8000 a0 50x19 16 bits, type 2
 *	section names: ok
 *	ACPI 1: ok
 *	ACPI 2: ok
 *	load base: 100000
 *	tags: ok
 *	end
 */
#include <stdbool.h>

#include "tests/guest/bare32.h"

/* Sections 3.1.3 to 3.1.13; each tag is padded to eight bytes. */
__asm__(".section .text\n"
	".balign 8\n"
	"header: .long 0xe85250d6, 0, header_end - header\n"
	".long -(0xe85250d6 + header_end - header)\n"
	".word 1, 0\n .long 36, 1, 2, 4, 6, 8, 9, 15\n .balign 8\n"
	".word 3, 0\n .long 12, multiboot2_start\n .balign 8\n"
	".word 4, 0\n .long 12, 3\n .balign 8\n"
	".word 6, 0\n .long 8\n"
	".word 7, 0\n .long 8\n"		 /* EFI's boot services */
	".word 9, 0\n .long 12, 0\n .balign 8\n" /* and entry point */
	".word 10, 0\n .long 24, 0x100000, 0x2000000, 0x1000, 0\n"
	".word 99, 1\n .long 9\n .byte 0\n .balign 8\n" /* optional */
	".word 0, 0\n .long 8\n"
	"header_end:\n"
	"multiboot2_start: movl %eax, loader\n"
	"movl %ebx, loader + 4\n"
	"jmp _start\n");

struct tag {
	uint32_t type, size;
	uint32_t word[];
};

/* Not in .bss, which is cleared by nobody, but may be one day. */
uint32_t loader[2] __attribute__((section(".data"))) = {1, 1};

static void number(uint32_t val)
{
	unsigned digits = 1;

	while (digits < 8 && val >> 4 * digits)
		digits++;
	hex(val, digits);
}

static void line(const char *name)
{
	print(name);
	print(": ");
}

static void print_map(const struct tag *tag)
{
	line("map");
	for (const uint32_t *e = tag->word + 2;
	     (const char *)e < (const char *)tag + tag->size;
	     e += tag->word[0] / 4) {
		if (e != tag->word + 2)
			put(' ');
		number(e[0]);
		put('+');
		number(e[2]);
		put('=');
		number(e[4]);
	}
	put('\n');
}

static void print_screen(const struct tag *tag)
{
	const uint8_t *depth = (const uint8_t *)(tag->word + 5);

	line("screen");
	number(tag->word[0]);
	put(' ');
	number(tag->word[2]);
	put(' ');
	number(tag->word[3]);
	put('x');
	number(tag->word[4]);
	print(depth[0] == 16 ? " 16 bits, type " : " ? bits, type ");
	number(depth[1]);
	put('\n');
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The table of their names is among them, was put somewhere, and names
 * itself. */
static void print_sections(const struct tag *tag)
{
	const uint32_t *header =
		tag->word + 3 + tag->word[2] * tag->word[1] / 4;
	const char *names = (const char *)header[3];

	line("section names");
	print(tag->word[1] == 40 && names &&
			      same(names + header[0], ".shstrtab")
		      ? "ok\n"
		      : "wrong\n");
}

static void print_rsdp(const struct tag *tag, const char *name)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < tag->size - 8; i++)
		sum += ((const uint8_t *)tag->word)[i];
	line(name);
	print(sum == 0 && tag->word[0] == 0x20445352 ? "ok\n" : "wrong\n");
}

static void print_tag(const struct tag *tag)
{
	switch (tag->type) {
	case 1:
		line("command line");
		print((const char *)tag->word);
		put('\n');
		break;
	case 2:
		line("loader");
		print((const char *)tag->word);
		put('\n');
		break;
	case 4:
		line("memory");
		number(tag->word[0]);
		put(' ');
		number(tag->word[1]);
		put('\n');
		break;
	case 6:
		print_map(tag);
		break;
	case 8:
		print_screen(tag);
		break;
	case 9:
		print_sections(tag);
		break;
	case 14:
		print_rsdp(tag, "ACPI 1");
		break;
	case 15:
		print_rsdp(tag, "ACPI 2");
		break;
	case 21:
		line("load base");
		number(tag->word[0]);
		put('\n');
		break;
	default:
		line("another tag");
		number(tag->type);
		put('\n');
	}
}

int test_main(void)
{
	uint32_t at = loader[1] + 8, end;

	line("magic");
	print(loader[0] == 0x36d76289 && loader[1] % 8 == 0 ? "ok\n"
							    : "wrong\n");
	if (loader[0] != 0x36d76289)
		return 0;
	end = loader[1] + *(const uint32_t *)loader[1];
	for (;;) {
		const struct tag *tag = (const struct tag *)at;

		if (at + 8 > end || tag->type == 0)
			break;
		print_tag(tag);
		at += (tag->size + 7) & ~7u;
	}
	line("tags");
	print(at + 8 == end ? "ok\n" : "wrong\n");
	return 0;
}
