/*
 * hold_state.S: void hold_state_N(void) loads all registers from before[N],
 * spins HOLD_SPINS times and stores all into after[N], which are struct state
 * of sched.c. Everything is at a fixed place: no register is left to point to
 * it. rcx counts, and is 0 at the end; the flags are those of its last step,
 * and DF.
 */
#define STATE_SIZE 640
#define FLAGS	   120
#define FX	   128
#define HOLD_SPINS 2000000 /* some ticks long */

	/* op is load or store; rsp and rcx are left out. */
	.macro	general op, base
	\op	%rax, \base + 0
	\op	%rdx, \base + 16
	\op	%rbx, \base + 24
	\op	%rsi, \base + 32
	\op	%rdi, \base + 40
	\op	%rbp, \base + 48
	\op	%r8, \base + 56
	\op	%r9, \base + 64
	\op	%r10, \base + 72
	\op	%r11, \base + 80
	\op	%r12, \base + 88
	\op	%r13, \base + 96
	\op	%r14, \base + 104
	\op	%r15, \base + 112
	.endm

	.macro	load reg, from
	mov	\from, \reg
	.endm

	.macro	store reg, to
	mov	\reg, \to
	.endm

	.macro	hold_state n
	.globl	hold_state_\n
	.type	hold_state_\n, @function
hold_state_\n:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	fxrstor64 before + STATE_SIZE * \n + FX
	general	load, (before + STATE_SIZE * \n)
	mov	$HOLD_SPINS, %rcx
	std
1:	dec	%rcx
	jnz	1b
	general	store, (after + STATE_SIZE * \n)
	mov	%rcx, after + STATE_SIZE * \n + 8
	pushfq
	pop	after + STATE_SIZE * \n + FLAGS
	cld
	fxsave64 after + STATE_SIZE * \n + FX
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	hold_state_\n, . - hold_state_\n
	.endm

	.text
	hold_state 0
	hold_state 1

	.section .note.GNU-stack, "", @progbits
