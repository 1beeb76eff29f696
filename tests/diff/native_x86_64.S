/*
 * native_x86_64.S: into the sandbox with all registers loaded, and out of it
 * with all of them stored. No register is free on either way, so everything
 * is reached relative to RIP.
 *
 * struct registers: gpr at 0, rip 128, rflags 136, fs 144, gs 152, an XSAVE
 * area at 192.
 */
	.text


/* void native_enter(void): native_in to the processor, native_out from it. */
	.globl	native_enter
native_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	pushfq
	mov	%rsp, host_rsp(%rip)
	cmpl	$0, native_avx(%rip)
	je	1f
	mov	$7, %eax
	xor	%edx, %edx
	xrstor64 192 + native_in(%rip)
	jmp	2f
1:	fxrstor64 192 + native_in(%rip)
2:	cmpl	$0, native_fsgsbase(%rip)
	je	1f
	rdfsbase %rax
	mov	%rax, host_fs(%rip)
	mov	144 + native_in(%rip), %rax
	wrfsbase %rax
	mov	152 + native_in(%rip), %rax
	wrgsbase %rax
1:	push	136 + native_in(%rip)
	popfq
	mov	0 + native_in(%rip), %rax
	mov	8 + native_in(%rip), %rcx
	mov	16 + native_in(%rip), %rdx
	mov	24 + native_in(%rip), %rbx
	mov	32 + native_in(%rip), %rsp
	mov	40 + native_in(%rip), %rbp
	mov	48 + native_in(%rip), %rsi
	mov	56 + native_in(%rip), %rdi
	mov	64 + native_in(%rip), %r8
	mov	72 + native_in(%rip), %r9
	mov	80 + native_in(%rip), %r10
	mov	88 + native_in(%rip), %r11
	mov	96 + native_in(%rip), %r12
	mov	104 + native_in(%rip), %r13
	mov	112 + native_in(%rip), %r14
	mov	120 + native_in(%rip), %r15
	jmp	*128 + native_in(%rip)

/* Where the exit page leads: the end was reached. */
	.globl	native_exit
native_exit:
	mov	%rax, 0 + native_out(%rip)
	mov	%rcx, 8 + native_out(%rip)
	mov	%rdx, 16 + native_out(%rip)
	mov	%rbx, 24 + native_out(%rip)
	mov	%rsp, 32 + native_out(%rip)
	mov	%rbp, 40 + native_out(%rip)
	mov	%rsi, 48 + native_out(%rip)
	mov	%rdi, 56 + native_out(%rip)
	mov	%r8, 64 + native_out(%rip)
	mov	%r9, 72 + native_out(%rip)
	mov	%r10, 80 + native_out(%rip)
	mov	%r11, 88 + native_out(%rip)
	mov	%r12, 96 + native_out(%rip)
	mov	%r13, 104 + native_out(%rip)
	mov	%r14, 112 + native_out(%rip)
	mov	%r15, 120 + native_out(%rip)
	mov	host_rsp(%rip), %rsp
	pushfq
	pop	136 + native_out(%rip)
	cmpl	$0, native_avx(%rip)
	je	1f
	mov	$7, %eax
	xor	%edx, %edx
	xsave64 192 + native_out(%rip)
	vzeroupper
	jmp	2f
1:	fxsave64 192 + native_out(%rip)
2:	cmpl	$0, native_fsgsbase(%rip)
	je	leave
	rdfsbase %rax
	mov	%rax, 144 + native_out(%rip)
	rdgsbase %rax
	mov	%rax, 152 + native_out(%rip)
	mov	host_fs(%rip), %rax
	wrfsbase %rax

/* Also from the signal handler, which does not return. */
	.globl	native_leave
native_leave:
leave:	mov	host_rsp(%rip), %rsp
	fninit
	ldmxcsr	host_mxcsr(%rip)
	popfq
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

/*
 * The handler of all signals. AC and FS are still the guest's; C code may
 * run with neither. Signals of our own making come while host_fs is right.
 */
	.globl	native_signal
native_signal:
	pushfq
	andl	$~0x40000, (%rsp)
	popfq
	cmpl	$0, native_running(%rip)
	je	1f
	cmpl	$0, native_fsgsbase(%rip)
	je	1f
	rdfsbase %rax
	mov	%rax, 144 + native_out(%rip)
	rdgsbase %rax
	mov	%rax, 152 + native_out(%rip)
	mov	host_fs(%rip), %rax
	wrfsbase %rax
1:	jmp	native_caught

	.section .rodata
	.align	4
host_mxcsr:
	.long	0x1f80

	.bss
	.align	64
	.globl	native_in, native_out
native_in:	.skip	1024
native_out:	.skip	1024
host_rsp:	.skip	8
host_fs:	.skip	8

	.section .note.GNU-stack, "", @progbits
