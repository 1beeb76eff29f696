/*
 * crt0.S: the entry of every task that runs this image from its beginning.
 *
 * The kernel starts a task with its argument in RDI and RSP as it was set:
 * the boot stacks end at ...ffch, as in Rux, so the alignment that the C ABI
 * wants (16 bytes before a call) is made here. The task's copy of the
 * thread-local variables comes first on its stack, so that it needs no other
 * memory. RBP = 0 ends backtraces, and so does the call frame information.
 */
	.cfi_sections .debug_frame
	.section .entry, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined %rip	/* nobody called */
	xor	%ebp, %ebp
	mov	%rsp, %rdx		/* the stack's end */
	sub	$tls_area_size, %rsp
	and	$-16, %rsp
	mov	%rsp, %rsi		/* room for tls_make() */
	call	start_task
	ud2
	.cfi_endproc
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
