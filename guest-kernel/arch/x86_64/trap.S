/*
 * trap.S: into the kernel and out of it.
 *
 * From user mode, registers are pushed straight into the running task: the
 * TSS's RSP0 is the end of its struct regs. Only then is the kernel's stack
 * taken, at its top, for the way out begins there anew (resume_user). From
 * the kernel itself (idle, or a bug) the frame is on the kernel's stack.
 * Offsets in struct cpu and struct regs are checked in trap.c.
 */
#define CPU_SCRATCH	8
#define CPU_FRAME_TOP	16
#define CPU_STACK_TOP	24

#define REGS_VECTOR	120
#define REGS_RIP	136
#define REGS_CS		144

#define USER_DATA	0x23
#define USER_CODE	0x2b
#define VECTOR_SYSCALL	0x100

	.macro push_registers
	pushq %rax
	pushq %rbx
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %rbp
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	.endm

	.macro pop_registers
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rbp
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rbx
	popq %rax
	.endm

	.text
	.global syscall_entry
syscall_entry:
	swapgs
	movq %rsp, %gs:CPU_SCRATCH
	movq %gs:CPU_FRAME_TOP, %rsp
	pushq $USER_DATA
	pushq %gs:CPU_SCRATCH
	pushq %r11
	pushq $USER_CODE
	pushq %rcx
	pushq $0
	pushq $VECTOR_SYSCALL
	push_registers
	jmp from_user

trap_entry:
	push_registers
	cld
	testb $3, REGS_CS(%rsp)
	jz from_kernel
	swapgs
from_user:
	movq %rsp, %rdi
	movq %gs:CPU_STACK_TOP, %rsp
	xorl %ebp, %ebp
	call trap_user
	ud2

from_kernel:
	movq %rsp, %rdi
	call trap_kernel
	pop_registers
	addq $16, %rsp
	iretq

/* NMI, double fault, machine check: on a stack of their own, to the end. */
trap_last:
	push_registers
	cld
	movq %rsp, %rdi
	call trap_fatal
	ud2

/* void resume_user(struct regs *): never returns. */
	.global resume_user
resume_user:
	movq %rdi, %rsp
	cmpl $VECTOR_SYSCALL, REGS_VECTOR(%rsp)
	jne 1f
	pop_registers
	movq 16(%rsp), %rcx	/* RIP: always canonical, see USER_END */
	movq 32(%rsp), %r11
	movq 40(%rsp), %rsp
	swapgs
	sysretq
1:	pop_registers
	addq $16, %rsp
	swapgs
	iretq

/* void idle(void): wait for an interrupt and take it. */
	.global idle
idle:
	sti
	hlt
	cli
	ret

/* void take_interrupts(void): those that are pending. */
	.global take_interrupts
take_interrupts:
	sti
	nop
	cli
	ret

	.macro gate vector
	.balign 16
	.if \vector != 8 && !(\vector >= 10 && \vector <= 14) && \vector != 17 && \
	    \vector != 21 && \vector != 29 && \vector != 30
	pushq $0		/* no error code from the processor */
	.endif
	pushq $\vector
	.if \vector == 2 || \vector == 8 || \vector == 18
	jmp trap_last
	.else
	jmp trap_entry
	.endif
	.endm

	.balign 16
	.global trap_gates
trap_gates:
	.altmacro
	.set vector, 0
	.rept 64
	gate %vector
	.set vector, vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
