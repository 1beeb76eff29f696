/*
 * selftest_guest.S: the self-test's guest. See selftest.h.
 *
 * Each step leaves one word in the results, whose right value selftest.c
 * knows. It starts in 32-bit protected mode without paging, as a kernel does.
 * Ring 3's code is a page of its own; the kernel's pages are closed to it.
 */
#include "vmm/selftest_guest.h"

#define K(label)    (label - selftest_kernel + AT_KERNEL)
#define U(label)    (label - selftest_user + AT_USER)
#define RESULT(row) AT_RESULTS + 8 * row

	.section .rodata
	.globl selftest_kernel, selftest_kernel_end
	.balign 16
selftest_kernel:
	.code32
	mov	%cr4, %eax
	or	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$AT_PML4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER: LME, SCE */
	rdmsr
	or	$0x101, %eax
	wrmsr
	mov	%cr0, %eax
	and	$0x9fffffff, %eax	/* no CD, NW */
	or	$0x80010023, %eax	/* PG, WP, NE, MP, PE */
	mov	%eax, %cr0
	ljmp	$SEL_CODE, $K(long_mode)

	.code64
long_mode:
	mov	$SEL_DATA, %eax
	mov	%eax, %ss
	mov	%eax, %ds
	mov	%eax, %es
	mov	$AT_KERNEL_TOP, %esp
	mov	$SEL_TSS, %eax
	ltr	%ax
	mov	$0x123456789abcdef0, %rax
	mov	%rax, RESULT(ROW_LONG_MODE)

	mov	$0x3ff8000000000000, %rax	/* 1.5 */
	movq	%rax, %xmm0
	addsd	%xmm0, %xmm0
	movq	%xmm0, RESULT(ROW_SSE_0)

int3_at:
	int3
int3_return:

	movl	$1, AT_FAULT + 0x123
fault_return:

	/* syscall: STAR, LSTAR, FMASK (IF) */
	mov	$0xc0000081, %ecx
	xor	%eax, %eax
	mov	$(SEL_STAR_USER << 16 | SEL_CODE), %edx
	wrmsr
	inc	%ecx
	mov	$K(on_syscall), %eax
	xor	%edx, %edx
	wrmsr
	add	$2, %ecx
	mov	$0x200, %eax
	wrmsr

	pushq	$SEL_UDATA
	pushq	$AT_USER_TOP
	pushq	$2			/* RFLAGS */
	pushq	$SEL_UCODE
	pushq	$AT_USER
	iretq

/* Ring 3 asked to go on here; the stack is as the interrupt left it. */
ring_0_again:
	mov	%cs, %eax
	mov	%rax, RESULT(ROW_RETURN)

	mov	$PORT_RAISE, %edx
	out	%al, %dx
	sti
	hlt
	cli

	/* Three writes, the last two by one string instruction; one read. */
	mov	$PORT_DATA, %edx
	mov	$'v', %eax
	out	%al, %dx
	mov	$K(text), %esi
	mov	$2, %ecx
	rep outsb
	xor	%eax, %eax
	in	%dx, %eax
	mov	%rax, RESULT(ROW_PORT)

	mov	$0x1234567, %eax
	mov	%eax, AT_DEVICE + 0x10
	addl	$0x1000, AT_DEVICE + 0x10
	mov	AT_DEVICE + 0x10, %eax
	mov	%rax, RESULT(ROW_DEVICE)
	jmp	end

text:	.ascii	"mm"

on_unexpected:				/* the vector is on the stack */
	pop	%rax
	or	$0x100, %eax
	mov	%rax, RESULT(ROW_EXCEPTION)
end:
	mov	$PORT_END, %edx
	out	%al, %dx
	movq	$1, RESULT(ROW_RAN_ON)
	cli
	hlt

	.globl selftest_on_int3, selftest_on_fault, selftest_on_call
	.globl selftest_on_return, selftest_on_irq, selftest_on_exception
selftest_on_int3:
	mov	(%rsp), %rax
	sub	$K(int3_at), %rax
	mov	%rax, RESULT(ROW_INT3)
	iretq

selftest_on_fault:			/* the only one is ours: skip it */
	pop	%rax			/* error code */
	mov	%cr2, %rcx
	shl	$32, %rax
	or	%rcx, %rax
	mov	%rax, RESULT(ROW_FAULT)
	movq	$K(fault_return), (%rsp)
	iretq

on_syscall:
	mov	%cr4, %rax		/* ring 0 only */
	mov	%cs, %eax
	mov	%rax, RESULT(ROW_SYSCALL)
	sysretq

selftest_on_call:			/* who called, and on what stack */
	mov	%cs, %eax
	shl	$16, %rax
	or	8(%rsp), %rax
	shl	$16, %rax
	lea	40(%rsp), %rcx
	or	%rcx, %rax
	mov	%rax, RESULT(ROW_INT_80)
	iretq

selftest_on_return:
	jmp	ring_0_again

selftest_on_irq:
	movq	$VECTOR_IRQ, RESULT(ROW_IRQ)
	iretq

	.balign 8
selftest_on_exception:			/* 32 of them, 8 bytes each */
	vector = 0
	.rept 32
	.balign 8
	pushq	$vector
	jmp	on_unexpected
	vector = vector + 1
	.endr
selftest_kernel_end:

	.globl selftest_user, selftest_user_end
	.balign 16
selftest_user:
	mov	%cs, %eax
	mov	%rax, RESULT(ROW_RING_3)
	mov	$0x4008000000000000, %rax	/* 3.0 */
	movq	%rax, %xmm1
	mulsd	%xmm1, %xmm1
	movq	%xmm1, RESULT(ROW_SSE_3)

	syscall
	mov	%cs, %eax
	shl	$16, %rax
	mov	%ss, %ecx
	or	%rcx, %rax
	mov	%rax, RESULT(ROW_SYSRET)

	int	$VECTOR_CALL
	mov	%cs, %eax
	mov	%rax, RESULT(ROW_IRET)
	int	$VECTOR_RETURN
	ud2
selftest_user_end:

	.section .note.GNU-stack, "", @progbits
