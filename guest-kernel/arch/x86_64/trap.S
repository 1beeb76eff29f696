/*
 * trap.S: into the kernel and out of it.
 *
 * From user mode, registers go straight into the running task: the TSS's RSP0
 * is the end of its struct regs. Then the kernel's stack is taken, at its top,
 * for the way out begins there anew (resume_user). From the kernel itself
 * (idle, or a bug) the frame is on the kernel's stack. Offsets in struct cpu
 * and struct regs are checked in trap.c.
 *
 * A system call leaves RBX, RBP, R14 and R15 where they are, for C keeps
 * them. They go into the frame only if another task is to run then. So while
 * a call is handled its caller's frame has old values of these.
 */
#define CPU_SCRATCH	8
#define CPU_FRAME_TOP	16
#define CPU_STACK_TOP	24

/* In a frame on the stack, and (AT_) from its end. */
#define REGS_VECTOR	120
#define REGS_CS		144
#define AT_RSP		-16
#define AT_RFLAGS	-24
#define AT_RIP		-40
#define AT_VECTOR	-56
#define AT_RAX		-64
#define AT_RBX		-72
#define AT_RDX		-88
#define AT_RSI		-96
#define AT_RDI		-104
#define AT_RBP		-112
#define AT_R8		-120
#define AT_R9		-128
#define AT_R10		-136
#define AT_R12		-152
#define AT_R13		-160
#define AT_R14		-168
#define AT_R15		-176
#define AT_TASK		-256 /* the struct task that the frame is in */

#define KERNEL_RUNNING	   80
#define KERNEL_RESCHEDULE  88

#define VECTOR_SYSCALL	0x100

/* abi/syscall.h, checked in trap.c */
#define SYS_CALL	8
#define SYS_REPLY_RECV	9

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
	movq %rax, AT_RAX(%rsp)
	movq %rdx, AT_RDX(%rsp)
	movq %rsi, AT_RSI(%rsp)
	movq %rdi, AT_RDI(%rsp)
	movq %r8, AT_R8(%rsp)
	movq %r9, AT_R9(%rsp)
	movq %r10, AT_R10(%rsp)
	movq %r12, AT_R12(%rsp)
	movq %r13, AT_R13(%rsp)
	movq %r11, AT_RFLAGS(%rsp)
	movq %rcx, AT_RIP(%rsp)
	movq $VECTOR_SYSCALL, AT_VECTOR(%rsp)	/* CS and SS never change */
	movq %gs:CPU_SCRATCH, %rcx
	movq %rcx, AT_RSP(%rsp)
	leaq AT_TASK(%rsp), %rdi
	movq %gs:CPU_STACK_TOP, %rsp
	cmpq $SYS_CALL, %rax
	je fast_call_first
	cmpq $SYS_REPLY_RECV, %rax
	je fast_reply_receive_first
slow:	call syscall_handle
handled:
	/* Does the caller go on at once? See sched.h. */
	movq %gs:CPU_FRAME_TOP, %rsp
	leaq AT_TASK(%rsp), %rax
	cmpq %rax, kernel+KERNEL_RUNNING(%rip)
	jne 1f
	cmpb $0, kernel+KERNEL_RESCHEDULE(%rip)
	jne 1f
	cmpb $0, verify_always(%rip)
	jne 1f
	movq AT_RAX(%rsp), %rax
	movq AT_RDX(%rsp), %rdx
	movq AT_RSI(%rsp), %rsi
	movq AT_RDI(%rsp), %rdi
	movq AT_R8(%rsp), %r8
	movq AT_R9(%rsp), %r9
	movq AT_R10(%rsp), %r10
	movq AT_RIP(%rsp), %rcx		/* always canonical, see USER_END */
	movq AT_RFLAGS(%rsp), %r11
	movq AT_RSP(%rsp), %rsp
	swapgs
	sysretq
1:	movq %rbx, AT_RBX(%rsp)
	movq %rbp, AT_RBP(%rsp)
	movq %r14, AT_R14(%rsp)
	movq %r15, AT_R15(%rsp)
	movq %gs:CPU_STACK_TOP, %rsp
	xorl %ebp, %ebp
	call resume
	ud2

	/* The common messages: kernel/fastpath.c; false is in %al. */
	.macro fast_first function
\function\()_first:
	pushq %rdi
	pushq %rdi
	call \function
	popq %rdi
	popq %rdi
	testb %al, %al
	jnz handled
	jmp slow
	.endm
	fast_first fast_call
	fast_first fast_reply_receive

trap_entry:
	push_registers
	cld
	testb $3, REGS_CS(%rsp)
	jz from_kernel
	swapgs
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
	.rept 96
	gate %vector
	.set vector, vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
