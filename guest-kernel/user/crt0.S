/*
 * crt0.S: the entry of every task that runs this image.
 *
 * The kernel starts a task with its argument in RDI and RSP as it was set:
 * the boot stacks end at ...ffch, as in Rux, so the alignment that the C ABI
 * wants (16 bytes before a call) is made here. RBP = 0 ends backtraces.
 */
	.section .entry, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	xor	%ebp, %ebp
	and	$-16, %rsp
	call	start_task
	ud2
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
