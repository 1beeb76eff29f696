/*
 * crt.S: from the PVH note to main() in 64-bit mode, and out by the debug
 * exit. The first 64 MiB are mapped one to one, but for page 0: a null
 * pointer is an error here, as it is to the tests. System calls and INT3 do
 * nothing and come back.
 */
#include "tests/guest/guest.inc"

	.set	SEL_CODE, 0x08
	.set	SEL_DATA, 0x10

_start:	cld
	movl	$pd, %edi
	movl	$0x83, %eax
	movl	$32, %ecx
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
	movl	$pt + 8, %edi
	movl	$0x1003, %eax
	movl	$511, %ecx
1:	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	1b
	movl	$pt + 3, pd
	movl	$pd + 3, pdpt
	movl	$pdpt + 3, pml4

	movl	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	movl	$0x101, %eax		/* LME, SCE */
	xorl	%edx, %edx
	wrmsr
	movl	$0xc0000081, %ecx	/* STAR: CS and SS of SYSCALL */
	xorl	%eax, %eax
	movl	$SEL_CODE, %edx
	wrmsr
	incl	%ecx			/* LSTAR */
	movl	$system_call, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$0x80010033, %eax	/* PG, WP, NE, ET, MP, PE */
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$SEL_CODE, $long_mode

	.code64
long_mode:
	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$stack_top, %esp
	movl	$breakpoint, %eax
	movw	%ax, idt + 3 * 16
	shrl	$16, %eax
	movw	%ax, idt + 3 * 16 + 6
	lidt	idt_pointer
	fninit
	movl	$1, %eax
	cpuid
	btl	$26, %ecx		/* XSAVE */
	jnc	1f
	movq	%cr4, %rax
	btsl	$18, %eax		/* OSXSAVE */
	movq	%rax, %cr4
	andl	$1 << 28, %ecx		/* AVX */
	shrl	$26, %ecx
	leal	3(%rcx), %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xsetbv
1:	xorl	%ebp, %ebp
	movl	$__init_array_start, %ebx
2:	cmpl	$__init_array_end, %ebx
	jae	3f
	call	*(%rbx)
	addl	$8, %ebx
	jmp	2b
3:	movl	$1, %edi
	movl	$arguments, %esi
	movl	$environment, %edx
	movq	%rdx, environ
	call	main
	movl	%eax, %edi
	call	exit

system_call:
	pushq	%r11
	popfq
	jmp	*%rcx

breakpoint:
	iretq

	.data
	.globl	environ
	.balign	8
environ:
	.quad	0
arguments:
	.quad	name, 0
environment:
	.quad	0
name:	.asciz	"program"
	.balign	8
gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.quad	gdt

	.balign	16
idt:	.skip	3 * 16
	.word	0, SEL_CODE, 0x8e00, 0
	.quad	0
idt_pointer:
	.word	. - idt - 1
	.quad	idt

	.bss
	.balign	4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4096
pt:	.skip	4096
	.skip	1 << 20
stack_top:

	.section .note.GNU-stack, "", @progbits
