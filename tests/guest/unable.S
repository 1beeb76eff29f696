/*
 * unable.S: what the simulator does not do, by the first letter of the
 * command line: fetching code from a device (d), from nowhere (h), from
 * the last bytes of RAM and then over their edge (e); a task gate (t), a jump
 * to a task (j). The run ends with a verdict: tests/cli/unable.sh.
 */
#include "tests/guest/guest.inc"

	.set	TOP, 0x4000000		/* of 64 MiB */

_start:	movl	$stack_top, %esp
	movl	24(%ebx), %eax		/* the command line */
	movb	(%eax), %al
	cmpb	$'d', %al
	je	device
	cmpb	$'h', %al
	je	hole
	cmpb	$'e', %al
	je	edge
	cmpb	$'t', %al
	je	gate
	cmpb	$'j', %al
	je	task
	movb	$EXIT_FAILURE, %al
	outb	%al, $EXIT_PORT

	.globl	device, hole, over, gate_at, task_at
device:	movl	$0xfee00000, %eax
	jmp	*%eax
hole:	movl	$0x20000000, %eax
	jmp	*%eax

/* What ends where RAM ends is run; only what goes on behind it cannot be. */
edge:	movl	$1f, %edx
	movw	$0xe2ff, TOP - 16	/* jmp *%edx */
	movw	$0xeeeb, TOP - 2	/* jmp TOP - 18 */
	movw	$0x9090, TOP - 18	/* nops */
	movl	$TOP - 2, %eax
	jmp	*%eax
1:	cld
	movl	$COM1, %edx
	movb	$'k', %al
	outb	%al, %dx
	movb	$0xb8, TOP - 1		/* mov $..., %eax */
	movl	$TOP - 1, %eax
over:	jmp	*%eax

gate:	lidt	idt_pointer
gate_at:
	int3
task:	lgdt	gdt_pointer
task_at:
	ljmp	$8, $0

	.data
	.balign	8
gdt_pointer:
	.word	15
	.long	gdt
idt_pointer:
	.word	31
	.long	idt
	.balign	8
gdt:	.quad	0, 0x0000890000000067
idt:	.quad	0, 0, 0, 0x0000850000080000
	.bss
	.balign	16
	.skip	256
stack_top:
