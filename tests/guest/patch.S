/*
 * patch.S: at every alignment in two pages, code that is rewritten between
 * two calls and code that rewrites its own next instruction. Then succeeds.
 */
#include "tests/guest/guest.inc"

#define MOV_EAX 0xb8
#define RET	0xc3
#define STORE	0x05c7 /* movl $imm32, addr32; the address follows */

_start:
	movl	$stack_top, %esp
	movl	$place, %esi
	movl	$8192, %ecx
each:	movb	$MOV_EAX, (%esi)
	movl	%ecx, 1(%esi)
	movb	$RET, 5(%esi)
	call	*%esi
	cmpl	%ecx, %eax
	jne	fail
	notl	1(%esi)
	call	*%esi
	notl	%eax
	cmpl	%ecx, %eax
	jne	fail

	movw	$STORE, (%esi)
	leal	11(%esi), %eax
	movl	%eax, 2(%esi)
	movl	%ecx, 6(%esi)
	movb	$MOV_EAX, 10(%esi)
	movl	$0, 11(%esi)
	movb	$RET, 15(%esi)
	call	*%esi
	cmpl	%ecx, %eax
	jne	fail
	incl	%esi
	loop	each
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
fail:	movb	$EXIT_FAILURE, %al
	outb	%al, $EXIT_PORT

	.bss
	.balign	4096
place:	.skip	8192 + 16
	.balign	16
	.skip	256
stack_top:
