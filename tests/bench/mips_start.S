/*
 * mips_start.S: from the PVH entry to 64-bit C: identity paging of the first
 * GiB by 2 MiB pages, then mips_main().
 */
#include "tests/guest/guest.inc"

_start:
	movl	$stack_top, %esp
	movl	$pdpt + 3, pml4
	movl	$pd + 3, pdpt
	xorl	%ecx, %ecx
1:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$0x83, %eax
	movl	%eax, pd(, %ecx, 8)
	incl	%ecx
	cmpl	$512, %ecx
	jne	1b

	movl	$0x6a0, %eax		/* PAE, PGE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER.LME */
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	$0x80000013, %eax	/* PG, ET, MP, PE */
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $start64

	.code64
start64:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	call	mips_main

	.data
	.balign	8
gdt:	.quad	0, 0x00af9b000000ffff
gdt_pointer:
	.word	15
	.long	gdt

	.bss
	.balign	4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4096
	.skip	16384
stack_top:
