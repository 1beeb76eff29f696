/*
 * bare64.S: entry and page tables, exception stubs, and the way into an
 * attempt and back out of it.
 */
#include "tests/guest/guest.inc"

	.set	SEL_CODE, 0x08
	.set	SEL_DATA, 0x10
	.set	DONE, 0x30
	.set	TRAP_RIP, 16
	.set	TRAP_FRAME, 56
	.set	TRAP_CR2, 64
	.set	TRAP_DR6, 72
	.set	TRAP_R, 80

_start:	cld
	movl	%ebx, start_info
	/* 4 GiB by 2 MiB pages of the supervisor's, but the third. */
	movl	$pd, %edi
	movl	$0x83, %eax
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
	orl	$4, pd + 16
	movl	$pdpt, %edi
	movl	$pd + 7, %eax
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	1b
	movl	$pdpt + 7, pml4

	movl	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	movl	$0x901, %eax		/* NXE, LME, SCE */
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
	movl	$main_stack_top, %esp
	call	bare_init
	lidt	idt_pointer
	movl	$0x30, %eax
	ltr	%ax
	call	test_main
	call	finish

/* void attempt_frame(const struct frame *frame) */
	.globl	attempt_frame
attempt_frame:
	movq	%rbx, saved
	movq	%rbp, saved + 8
	movq	%r12, saved + 16
	movq	%r13, saved + 24
	movq	%r14, saved + 32
	movq	%r15, saved + 40
	movq	%rsp, saved + 48
	pushq	32(%rdi)
	pushq	24(%rdi)
	pushq	16(%rdi)
	pushq	8(%rdi)
	pushq	(%rdi)
	movq	enter, %rax
	movq	enter + 8, %rcx
	movq	enter + 16, %rdx
	movq	enter + 24, %rbx
	movq	enter + 40, %rbp
	movq	enter + 48, %rsi
	movq	enter + 56, %rdi
	movq	enter + 96, %r12
	movq	enter + 104, %r13
	movq	enter + 112, %r14
	movq	enter + 120, %r15
	.globl	attempt_iretq
attempt_iretq:
	iretq

	.globl	kernel_done, user_done
kernel_done:
	int	$DONE
	.section .user, "awx"
user_done:
	int	$DONE
	.text

/* 256 stubs of 16 bytes: vector, then the common part. */
	.balign	16
	.globl	stubs
stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	pushq	$vector
	jmp	common
	.set	vector, vector + 1
	.endr

/* Above RSP: vector, [error,] RIP, CS, RFLAGS, RSP, SS. */
common:	cld
	movq	%rax, trap + TRAP_R
	movq	%rcx, trap + TRAP_R + 8
	movq	%rdx, trap + TRAP_R + 16
	movq	%rbx, trap + TRAP_R + 24
	movq	%rbp, trap + TRAP_R + 40
	movq	%rsi, trap + TRAP_R + 48
	movq	%rdi, trap + TRAP_R + 56
	movq	%r8, trap + TRAP_R + 64
	movq	%r9, trap + TRAP_R + 72
	movq	%r10, trap + TRAP_R + 80
	movq	%r11, trap + TRAP_R + 88
	movq	%r12, trap + TRAP_R + 96
	movq	%r13, trap + TRAP_R + 104
	movq	%r14, trap + TRAP_R + 112
	movq	%r15, trap + TRAP_R + 120
	popq	%rcx
	movq	%rcx, trap
	movq	$-1, trap + 8
	cmpl	$32, %ecx
	jae	1f
	movl	$0x27d00, %eax	/* vectors 8, 10 to 14, 17 */
	btl	%ecx, %eax
	jnc	1f
	popq	trap + 8
1:	movq	%rsp, trap + TRAP_FRAME
	movq	%rsp, %rsi
	movl	$trap + TRAP_RIP, %edi
	movl	$5, %ecx
	rep movsq
	movq	%cr2, %rax
	movq	%rax, trap + TRAP_CR2
	movq	%dr6, %rax
	movq	%rax, trap + TRAP_DR6
	movl	$0x400, %eax	/* no breakpoints in what follows */
	movq	%rax, %dr7
	movl	$SEL_DATA, %eax
	movl	%eax, %ss
	movl	%eax, %ds
	movl	%eax, %es
	movq	saved + 48, %rsp
	pushq	$2
	popfq
	movq	saved, %rbx
	movq	saved + 8, %rbp
	movq	saved + 16, %r12
	movq	saved + 24, %r13
	movq	saved + 32, %r14
	movq	saved + 40, %r15
	ret

	.globl	gdt_pointer, idt_pointer, main_stack_top
	.data
	.balign	8
	.skip	6
gdt_pointer:
	.word	32 * 8 - 1
	.quad	gdt
	.skip	4
	.balign	8
	.skip	6
idt_pointer:
	.word	256 * 16 - 1
	.quad	idt
	.globl	gdt
	.balign	16
	/* The first of them are used before bare_init(). */
gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
	.skip	29 * 8

	.bss
	.balign	4096
	.globl	pml4, pdpt, pd
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4 * 4096
	.skip	16384
main_stack_top:
	.globl	attempt_stack_top, tss_stack_top, ist_stack_top
	.skip	16384
attempt_stack_top:
	.skip	16384
tss_stack_top:
	.skip	16384
ist_stack_top:
	.globl	trap, idt, tss, start_info, enter
idt:	.skip	256 * 16
	.balign	16
	.skip	4
tss:	.skip	124		/* its quadwords are at 4 mod 8 */
	.balign	16
saved:	.skip	64
trap:	.skip	256
enter:	.skip	128
start_info:
	.skip	4

	.section .user, "awx"
	.balign	4096
	.skip	16384
	.globl	user_stack_top
user_stack_top:
	.skip	64
