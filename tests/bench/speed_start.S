/*
 * speed_start.S: from the PVH entry to 64-bit C, and what needs assembly: the
 * entries of the events and the loops in ring 3.
 */
#include "tests/bench/speed.h"
#include "tests/guest/guest.inc"

_start:
	movl	$stack_top, %esp
	movl	%ebx, %esi		/* start info */
	movl	$pdpt + 7, pml4
	movl	$pdpt + 7, pml4_other
	movl	$pd + 7, pdpt
	movl	$pd_window + 7, pdpt + 8
	movl	$pd_devices + 7, pdpt + 24
	movl	$window_table + 7, pd_window
	xorl	%ecx, %ecx
1:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$0x87, %eax
	movl	%eax, pd(, %ecx, 8)
	addl	$0xc0000000, %eax
	movl	%eax, pd_devices(, %ecx, 8)
	movl	%ecx, %eax
	shll	$12, %eax
	orl	$7, %eax
	movl	%eax, window_table(, %ecx, 8)
	incl	%ecx
	cmpl	$512, %ecx
	jne	1b

	movl	$0x6a0, %eax		/* PAE, PGE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER.LME, SCE */
	rdmsr
	orl	$0x101, %eax
	wrmsr
	movl	$0x80010013, %eax	/* PG, WP, ET, MP, PE */
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$SPEED_CODE, $start64

	.code64
start64:
	movl	$SPEED_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$tss, %eax
	movw	%ax, tss_low + 2
	shrl	$16, %eax
	movb	%al, tss_low + 4
	movl	$SPEED_TSS, %eax
	ltr	%ax
	lidt	idt_pointer

	movl	$0xc0000081, %ecx	/* STAR: SYSRET's and SYSCALL's bases */
	xorl	%eax, %eax
	movl	$(SPEED_UDATA - 8) << 16 | SPEED_CODE, %edx
	wrmsr
	movl	$0xc0000082, %ecx	/* LSTAR */
	movl	$speed_syscall_entry, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$0xc0000084, %ecx	/* FMASK: IF */
	movl	$0x200, %eax
	wrmsr

	movl	%esi, %edi
	call	speed_main

/* The least that a kernel does: its own GS and stack, and back. */
	.globl	speed_syscall_entry
speed_syscall_entry:
	swapgs
	movq	%rsp, user_rsp
	movq	$trap_stack_top, %rsp
	pushq	%r11
	pushq	%rcx
	popq	%rcx
	popq	%r11
	movq	user_rsp, %rsp
	swapgs
	sysretq

	.globl	speed_int_entry
speed_int_entry:
	iretq

/* Skip the two bytes of the load, forget the error code. */
	.globl	speed_fault_entry
speed_fault_entry:
	pushq	%rax
	movq	%cr2, %rax
	addq	$2, 16(%rsp)
	popq	%rax
	addq	$8, %rsp
	iretq

/* The same for what has no error code, and for #GP. */
	.globl	speed_ud_entry
speed_ud_entry:
	addq	$2, (%rsp)
	iretq

	.globl	speed_gp_entry
speed_gp_entry:
	addq	$2, 8(%rsp)
	addq	$8, %rsp
	iretq

/* Map the page that speed_guest.c took away. */
	.globl	speed_map_entry
speed_map_entry:
	movq	$SPEED_MAPPED << 12 | 7, window_table + 8 * SPEED_MAPPED
	addq	$8, %rsp
	iretq

/* speed_user(loop, rounds): what the caller keeps is pushed. */
	.globl	speed_user
speed_user:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	movq	%rsp, kernel_rsp
	movq	%rsi, %rbx
	pushq	$SPEED_UDATA
	pushq	$user_stack_top
	pushq	$2
	pushq	$SPEED_UCODE
	pushq	%rdi
	iretq

	.globl	speed_done_entry
speed_done_entry:
	movq	kernel_rsp, %rsp
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.globl	speed_user_syscall
speed_user_syscall:
1:	syscall
	decq	%rbx
	jnz	1b
	int	$0x81

	.globl	speed_user_int
speed_user_int:
1:	int	$0x80
	decq	%rbx
	jnz	1b
	int	$0x81

	.globl	speed_fault
speed_fault:
	movl	$SPEED_HOLE, %esi
1:	movb	(%rsi), %al
	decq	%rdi
	jnz	1b
	ret

	.globl	speed_gp
speed_gp:
	movabsq	$1 << 63, %rsi		/* not canonical */
1:	movb	(%rsi), %al
	decq	%rdi
	jnz	1b
	ret

	.globl	speed_ud
speed_ud:
1:	ud2
	decq	%rdi
	jnz	1b
	ret

	.globl	speed_call
speed_call:
1:	call	2f
	decq	%rdi
	jnz	1b
2:	ret

/* 64 bytes and 16 instructions of the usual kinds, to be run elsewhere. */
	.globl	speed_function
	.balign	8
speed_function:
	movq	%rsp, %r8
	leaq	-32(%rsp), %r9
	movl	$0x12345678, %eax
	movq	%rdi, -8(%r8)
	addq	-8(%r8), %rax
	movzbl	%al, %ecx
	xorl	%edx, %edx
	testl	%ecx, %ecx
	sete	%dl
	shll	$3, %ecx
	leal	4(%rcx, %rdx, 2), %ecx
	andl	$0xff, %ecx
	movl	%ecx, (%r9)
	imull	$17, (%r9), %ecx
	addl	%ecx, %eax
	ret
	.balign	64, 0xcc

	.data
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* code */
	.quad	0x00cf93000000ffff	/* data */
	.quad	0x00cff3000000ffff	/* user's data */
	.quad	0x00affb000000ffff	/* user's code */
tss_low:
	.quad	0x0000890000000067, 0
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt
	.long	0
idt_pointer:
	.word	4095
	.quad	idt
tss:	.long	0
	.quad	trap_stack_top
	.skip	104 - 12 - 2
	.word	104

	.bss
	.balign	4096
	.globl	pml4, pml4_other, window_table, idt
pml4:	.skip	4096
pml4_other:
	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4096
pd_window:
	.skip	4096
pd_devices:
	.skip	4096
window_table:
	.skip	4096
idt:	.skip	4096
	.skip	16384
stack_top:
	.skip	4096
trap_stack_top:
	.skip	4096
user_stack_top:
user_rsp:
	.skip	8
kernel_rsp:
	.skip	8
