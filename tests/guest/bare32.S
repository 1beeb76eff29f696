/*
 * bare32.S: entry, exception stubs and the way back out of an exception.
 */
#include "tests/guest/guest.inc"

	.set	SEL_CODE, 0x08
	.set	SEL_DATA, 0x10
	.set	SEL_UCODE, 0x1b
	.set	SEL_UDATA, 0x23

_start:	cld
	movl	$kernel_stack_top - 0x2000, %esp
	call	bare_init
	lgdt	gdt_pointer
	lidt	idt_pointer
	ljmp	$SEL_CODE, $1f
1:	call	reload
	movw	$0x28, %ax
	ltr	%ax
	call	test_main
	call	finish

reload:	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	ret

/* void attempt(void (*fn)(void)) */
	.globl	attempt, attempt_user, attempt_iret
attempt:
	call	save
	movl	4(%esp), %eax
	pushl	%ebp
	movl	%esp, %ebp
	call	*%eax
	int	$0x30		/* comes back by `back' */

/* void attempt_user(void (*fn)(void)) */
attempt_user:
	call	save
	movl	4(%esp), %eax
	movl	$SEL_UDATA, %ecx
	movl	%ecx, %ds
	movl	%ecx, %es
	pushl	%ecx
	pushl	$user_stack_top - 4
	pushfl
	pushl	$SEL_UCODE
	pushl	%eax
	movl	$user_done, user_stack_top - 4
	iretl
user_done:
	int	$0x30

/* void attempt_iret(const uint32_t *frame, unsigned words) */
attempt_iret:
	call	save
	movl	4(%esp), %esi
	movl	8(%esp), %ecx
	pushl	$user_done
	leal	(,%ecx,4), %eax
	subl	%eax, %esp
	movl	%esp, %edi
	rep movsl
	iretl

save:	popl	%eax
	movl	%ebx, saved
	movl	%esi, saved + 4
	movl	%edi, saved + 8
	movl	%ebp, saved + 12
	movl	%esp, saved + 16
	jmp	*%eax

back:	call	reload_keep
	movl	saved, %ebx
	movl	saved + 4, %esi
	movl	saved + 8, %edi
	movl	saved + 12, %ebp
	movl	saved + 16, %esp
	pushl	$2
	popfl
	ret

reload_keep:
	popl	%edx
	call	reload
	jmp	*%edx

/* 256 stubs of 16 bytes: vector, then the common part. */
	.balign	16
	.globl	stubs
stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	pushl	$vector
	jmp	common
	.set	vector, vector + 1
	.endr

/* Above ESP: vector, [error,] EIP, CS, EFLAGS, [ESP, SS]. */
common:	pushl	%eax
	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	4(%esp), %ecx
	movl	%ecx, trap
	movl	$-1, trap + 4
	leal	8(%esp), %ebx
	cmpl	$32, %ecx
	jae	1f
	movl	$0x27d00, %eax	/* vectors 8, 10 to 14, 17 */
	btl	%ecx, %eax
	jnc	1f
	movl	(%ebx), %eax
	movl	%eax, trap + 4
	addl	$4, %ebx
1:	movl	%ebx, trap + 28
	movl	$trap + 8, %edi
	movl	%ebx, %esi
	movl	$5, %ecx
	rep movsl
	movl	%cr2, %eax
	movl	%eax, trap + 32
	movl	$saved + 64, %esp
	jmp	back

	.globl	gdt_pointer, idt_pointer
	.balign	4
gdt_pointer:
	.word	32 * 8 - 1
	.long	gdt
	.balign	4
idt_pointer:
	.word	256 * 8 - 1
	.long	idt

	.bss
	.balign	4096
	.skip	8192
	.skip	8192
	.globl	kernel_stack_top, user_stack_top
kernel_stack_top:
	.skip	8192
user_stack_top:
	.skip	64
	.balign	16
	.globl	trap, gdt, idt, tss
gdt:	.skip	32 * 8
idt:	.skip	256 * 8
tss:	.skip	64 * 4
	.balign	16
saved:	.skip	64
trap:	.skip	64
