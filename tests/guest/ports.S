/*
 * ports.S: reads every port in every size, then writes junk to every port in
 * every size; only what ends a run by design is left out. Then succeeds.
 */
#include "tests/guest/guest.inc"
_start:
	movl	$stack_top, %esp
	xorl	%edx, %edx
1:	inb	%dx, %al
	inw	%dx, %ax
	inl	%dx, %eax
	incl	%edx
	cmpl	$0x10000, %edx
	jb	1b

	movw	$0x5555, %dx		/* nothing is there: all ones */
	xorl	%eax, %eax
	inl	%dx, %eax
	cmpl	$-1, %eax
	jne	fail

	movl	$0x12345, %ebp
	xorl	%edx, %edx
2:	movl	$ends, %esi		/* a dword reaches three ports on */
3:	movzwl	(%esi), %ecx
	jecxz	4f
	subl	%edx, %ecx
	cmpl	$4, %ecx
	jb	5f
	addl	$2, %esi
	jmp	3b
4:	imull	$1103515245, %ebp
	addl	$12345, %ebp
	movl	%ebp, %eax
	shrl	$8, %eax
	outl	%eax, %dx
	outw	%ax, %dx
	outb	%al, %dx
5:	incl	%edx
	cmpl	$0x10000, %edx
	jb	2b
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
fail:	movb	$EXIT_FAILURE, %al
	outb	%al, $EXIT_PORT

	/* Exit ports, keyboard controller, A20, reset, panic, power. */
	.data
ends:	.word	0x64, 0x92, 0xcf9, 0x505, 0x8900
	.word	0xf4, 0xf5, 0xf6, 0xf7, 0x501, 0x502, 0x503, 0x504
	.word	0x604, 0x605, 0x606, 0x607, 0x4004, 0x4005, 0x4006, 0x4007
	.word	0xb004, 0xb005, 0xb006, 0xb007, 0
	.bss
	.balign	16
	.skip	256
stack_top:
