/*
 * start.S: from the loader to C.
 *
 * Both loaders leave a 32-bit processor, paging off, flat segments, and the
 * address of what they have to say in EBX: by PVH's note (Xen's x86/HVM
 * direct boot ABI) or by Multiboot 1, whose magic number is in EAX. The
 * Multiboot header gives all addresses itself (flag 16): loaders that know
 * only ELF32 then take this ELF64 file as it is.
 *
 * The first 4 GiB are mapped three times: where they are, for the next few
 * instructions; at the direct map; and 1 GiB of them at -2 GiB. paging.c
 * makes the real tables.
 */
#define KERNEL_VMA  0xffffffff80000000
#define PHYS(x)	    ((x) - KERNEL_VMA)

#define MB_MAGIC    0x1badb002
#define MB_FLAGS    0x00010003 /* addresses below, memory map, aligned modules */

	.section .boot, "ax"
	.code32
	.balign 4
multiboot_header:
	.long MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)
	.long multiboot_header, load_start, load_end, PHYS(bss_end)
	.long start_multiboot

	.global start_multiboot, start_pvh
start_pvh:
	xorl %eax, %eax
start_multiboot:
	cli
	cld
	movl %eax, %esi		/* kept: magic number and information */
	movl %ebx, %ebp

	movl $PHYS(bss_start), %edi
	movl $PHYS(bss_end), %ecx
	subl %edi, %ecx
	shrl $2, %ecx
	xorl %eax, %eax
	rep stosl

	movl $0x80000000, %eax
	cpuid
	cmpl $0x80000001, %eax
	jb no_long_mode
	movl $0x80000001, %eax
	cpuid
	andl $(1 << 29 | 1 << 20), %edx
	cmpl $(1 << 29 | 1 << 20), %edx
	jne no_long_mode

	/* 2048 pages of 2 MiB: present, writable, large */
	movl $PHYS(boot_pd), %edi
	movl $0x83, %eax
	xorl %ecx, %ecx
1:	movl %eax, (%edi, %ecx, 8)
	addl $0x200000, %eax
	incl %ecx
	cmpl $2048, %ecx
	jb 1b

	/* ... in four directories */
	movl $PHYS(boot_pdpt), %edi
	movl $PHYS(boot_pd) + 3, %eax
	movl %eax, (%edi)
	addl $0x1000, %eax
	movl %eax, 8(%edi)
	addl $0x1000, %eax
	movl %eax, 16(%edi)
	addl $0x1000, %eax
	movl %eax, 24(%edi)
	movl $PHYS(boot_pd) + 3, PHYS(boot_pdpt_high) + 510 * 8

	movl $PHYS(boot_pdpt) + 3, PHYS(boot_pml4)
	movl $PHYS(boot_pdpt) + 3, PHYS(boot_pml4) + 256 * 8
	movl $PHYS(boot_pdpt_high) + 3, PHYS(boot_pml4) + 511 * 8

	movl $0x20, %eax		/* CR4.PAE */
	movl %eax, %cr4
	movl $PHYS(boot_pml4), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx		/* EFER: LME, NXE */
	rdmsr
	orl $(1 << 8 | 1 << 11), %eax
	wrmsr
	movl $0x80010023, %eax		/* CR0: PG, WP, NE, MP, PE */
	movl %eax, %cr0
	lgdt boot_gdtr
	ljmp $8, $start64

/* No EFER.LMA, no kernel. Say so and stop. */
no_long_mode:
	movl $no_long_mode_text, %esi
	movw $0x3f8, %dx
2:	lodsb
	testb %al, %al
	jz 3f
	outb %al, %dx
	outb %al, $0xe9
	jmp 2b
3:	movw $0x501, %dx
	movb $0x30, %al
	outb %al, %dx
4:	cli
	hlt
	jmp 4b
no_long_mode_text:
	.asciz "[kernel] panic: no 64-bit mode with execute-disable\n"

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 64-bit code, ring 0 */
boot_gdtr:
	.word . - boot_gdt - 1
	.long boot_gdt

	.code64
start64:
	movabsq $start_high, %rax
	jmp *%rax

	.text
	.cfi_sections .debug_frame
start_high:
	.cfi_startproc
	.cfi_undefined %rip	/* nobody called */
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	leaq kernel_stack_top(%rip), %rsp
	movl %esi, %edi
	movl %ebp, %esi
	xorl %ebp, %ebp
	call arch_start
	ud2
	.cfi_endproc

	/* The page below the stack is never mapped. */
	.section .bss.stack, "aw", @nobits
	.balign 4096
	.global kernel_stack_guard, kernel_stack_top
kernel_stack_guard:
	.skip 4096
	.skip 16384 - 16
kernel_stack_top:		/* and a word in it: struct cpu */
	.skip 16

	.section .boot_tables, "aw", @nobits
	.balign 4096
boot_pml4:
	.skip 4096
boot_pdpt:
	.skip 4096
boot_pdpt_high:
	.skip 4096
boot_pd:
	.skip 4 * 4096

	.section .note.xen, "a", @note
	.balign 4
	.long 4, 8, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad start_pvh

	.section .note.GNU-stack, "", @progbits
