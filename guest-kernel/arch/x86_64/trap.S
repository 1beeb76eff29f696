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
#define CPU_STACK_TOP	16
#define CPU_FRAME_TOP	132	/* tss.rsp[0] */

/* In a frame on the stack, and (AT_) from its end. */
#define REGS_BYTES	176
#define TRAP_BYTES	56	/* of them the trap's: vector to SS */
#define REGS_VECTOR	120
#define REGS_CS		144
#define AT_RSP		-16
#define AT_RFLAGS	-24
#define AT_RIP		-40
#define AT_VECTOR	-56
#define AT_RAX		-64
#define AT_RBX		-72
#define AT_RCX		-80
#define AT_RDX		-88
#define AT_RSI		-96
#define AT_RDI		-104
#define AT_RBP		-112
#define AT_R8		-120
#define AT_R9		-128
#define AT_R10		-136
#define AT_R11		-144
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

/*
 * For debuggers: call frame information that leads from the kernel into the
 * code it interrupted. The canonical frame address is the end of struct regs,
 * on the stack or, once the stack is the kernel's, where the word at its top
 * says. The interrupted stack pointer is a register like the others then.
 */
	.cfi_sections .debug_frame
#define DWARF_RSP    7
#define DWARF_RFLAGS 49	/* clang has no name for it */
	/* DW_CFA_def_cfa_expression: breg7, deref */
	.macro cfi_frame_of_task above_rsp
	.cfi_escape 0x0f, 3, 0x70 + DWARF_RSP, \above_rsp, 0x06
	.endm

	/* What the processor has pushed; then `above` bytes of the frame. */
	.macro cfi_trap above
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa %rsp, \above
	.cfi_offset %rip, AT_RIP
	.cfi_offset DWARF_RFLAGS, AT_RFLAGS
	.cfi_offset %rsp, AT_RSP
	.endm

	/* All the others, too. */
	.macro cfi_registers
	.cfi_offset %rax, AT_RAX
	.cfi_offset %rbx, AT_RBX
	.cfi_offset %rcx, AT_RCX
	.cfi_offset %rdx, AT_RDX
	.cfi_offset %rsi, AT_RSI
	.cfi_offset %rdi, AT_RDI
	.cfi_offset %rbp, AT_RBP
	.cfi_offset %r8, AT_R8
	.cfi_offset %r9, AT_R9
	.cfi_offset %r10, AT_R10
	.cfi_offset %r11, AT_R11
	.cfi_offset %r12, AT_R12
	.cfi_offset %r13, AT_R13
	.cfi_offset %r14, AT_R14
	.cfi_offset %r15, AT_R15
	.endm

	.macro push_one register, at
	pushq \register
	.cfi_adjust_cfa_offset 8
	.cfi_offset \register, \at
	.endm

	.macro pop_one register
	popq \register
	.cfi_adjust_cfa_offset -8
	.cfi_restore \register
	.endm

	.macro push_registers
	push_one %rax, AT_RAX
	push_one %rbx, AT_RBX
	push_one %rcx, AT_RCX
	push_one %rdx, AT_RDX
	push_one %rsi, AT_RSI
	push_one %rdi, AT_RDI
	push_one %rbp, AT_RBP
	push_one %r8, AT_R8
	push_one %r9, AT_R9
	push_one %r10, AT_R10
	push_one %r11, AT_R11
	push_one %r12, AT_R12
	push_one %r13, AT_R13
	push_one %r14, AT_R14
	push_one %r15, AT_R15
	.endm

	.macro pop_registers
	pop_one %r15
	pop_one %r14
	pop_one %r13
	pop_one %r12
	pop_one %r11
	pop_one %r10
	pop_one %r9
	pop_one %r8
	pop_one %rbp
	pop_one %rdi
	pop_one %rsi
	pop_one %rdx
	pop_one %rcx
	pop_one %rbx
	pop_one %rax
	.endm

	.text
	.global syscall_entry
syscall_entry:
	.cfi_startproc
	.cfi_def_cfa %rsp, 0
	.cfi_register %rip, %rcx
	.cfi_register DWARF_RFLAGS, %r11
	swapgs
	movq %rsp, %gs:CPU_SCRATCH
	movq %gs:CPU_FRAME_TOP, %rsp
	.cfi_endproc

	/* As a signal's: the caller's stack is another one. */
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa %rsp, 0
	.cfi_register %rip, %rcx
	.cfi_register DWARF_RFLAGS, %r11
	.cfi_undefined %rsp
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
	/* RBX, RBP, R14 and R15 are C's to keep; RCX and R11 are lost. */
	.cfi_offset %rip, AT_RIP
	.cfi_offset DWARF_RFLAGS, AT_RFLAGS
	.cfi_offset %rsp, AT_RSP
	.cfi_offset %rax, AT_RAX
	.cfi_offset %rdx, AT_RDX
	.cfi_offset %rsi, AT_RSI
	.cfi_offset %rdi, AT_RDI
	.cfi_offset %r8, AT_R8
	.cfi_offset %r9, AT_R9
	.cfi_offset %r10, AT_R10
	.cfi_offset %r12, AT_R12
	.cfi_offset %r13, AT_R13
	.cfi_undefined %rcx
	.cfi_undefined %r11
	leaq AT_TASK(%rsp), %rdi
	.cfi_remember_state
	movq %gs:CPU_STACK_TOP, %rsp
	cfi_frame_of_task 0
	cmpq $SYS_CALL, %rax
	je fast_call_first
	cmpq $SYS_REPLY_RECV, %rax
	je fast_reply_receive_first
slow:	call syscall_handle
handled:
	/* Does the caller go on at once? See sched.h. */
	movq %gs:CPU_FRAME_TOP, %rsp
	.cfi_restore_state
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
	.cfi_remember_state
	.cfi_restore %rax
	.cfi_restore %rdx
	.cfi_restore %rsi
	.cfi_restore %rdi
	.cfi_restore %r8
	.cfi_restore %r9
	.cfi_restore %r10
	.cfi_restore %rsp
	.cfi_def_cfa %rsp, 0
	.cfi_register %rip, %rcx
	.cfi_register DWARF_RFLAGS, %r11
	swapgs
	sysretq
	.cfi_restore_state
1:	movq %rbx, AT_RBX(%rsp)
	movq %rbp, AT_RBP(%rsp)
	movq %r14, AT_R14(%rsp)
	movq %r15, AT_R15(%rsp)
	movq %gs:CPU_STACK_TOP, %rsp
	cfi_frame_of_task 0
	xorl %ebp, %ebp
	call resume
	ud2

	/* The common messages: kernel/fastpath.c; false is in %al. */
	.macro fast_first function
\function\()_first:
	pushq %rdi
	pushq %rdi
	cfi_frame_of_task 16
	call \function
	popq %rdi
	popq %rdi
	cfi_frame_of_task 0
	testb %al, %al
	jnz handled
	jmp slow
	.endm
	fast_first fast_call
	fast_first fast_reply_receive
	.cfi_endproc

trap_entry:
	cfi_trap TRAP_BYTES
	push_registers
	cld
	testb $3, REGS_CS(%rsp)
	jz from_kernel
	.cfi_remember_state
	swapgs
	movq %rsp, %rdi
	movq %gs:CPU_STACK_TOP, %rsp
	cfi_frame_of_task 0
	xorl %ebp, %ebp
	call trap_user
	ud2
	.cfi_restore_state

from_kernel:
	movq %rsp, %rdi
	call trap_kernel
	pop_registers
	addq $16, %rsp
	.cfi_adjust_cfa_offset -16
	iretq
	.cfi_endproc

/* NMI, double fault, machine check: on a stack of their own, to the end. */
trap_last:
	cfi_trap TRAP_BYTES
	push_registers
	cld
	movq %rsp, %rdi
	call trap_fatal
	ud2
	.cfi_endproc

/* void resume_user(struct regs *): never returns. */
	.global resume_user
resume_user:
	cfi_trap REGS_BYTES
	cfi_registers
	.cfi_def_cfa %rdi, REGS_BYTES
	movq %rdi, %rsp
	.cfi_def_cfa_register %rsp
	cmpl $VECTOR_SYSCALL, REGS_VECTOR(%rsp)
	jne 1f
	.cfi_remember_state
	pop_registers
	movq 16(%rsp), %rcx	/* RIP: always canonical, see USER_END */
	movq 32(%rsp), %r11
	movq 40(%rsp), %rsp
	.cfi_restore %rsp
	.cfi_def_cfa %rsp, 0
	.cfi_register %rip, %rcx
	.cfi_register DWARF_RFLAGS, %r11
	swapgs
	sysretq
	.cfi_restore_state
1:	pop_registers
	addq $16, %rsp
	.cfi_adjust_cfa_offset -16
	swapgs
	iretq
	.cfi_endproc

/* void idle(void): wait for an interrupt and take it. */
	.global idle
idle:
	.cfi_startproc
	sti
	hlt
	cli
	ret
	.cfi_endproc

/* void take_interrupts(void): those that are pending. */
	.global take_interrupts
take_interrupts:
	.cfi_startproc
	sti
	nop
	cli
	ret
	.cfi_endproc

	.macro gate vector
	.balign 16
	.if \vector != 8 && !(\vector >= 10 && \vector <= 14) && \vector != 17 && \
	    \vector != 21 && \vector != 29 && \vector != 30
	cfi_trap 40
	pushq $0		/* no error code from the processor */
	.cfi_adjust_cfa_offset 8
	.else
	cfi_trap 48
	.endif
	pushq $\vector
	.cfi_adjust_cfa_offset 8
	.if \vector == 2 || \vector == 8 || \vector == 18
	jmp trap_last
	.else
	jmp trap_entry
	.endif
	.cfi_endproc
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
