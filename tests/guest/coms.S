/*
 * coms.S: 1
 *
 * Writes 1 to COM1, 2 to COM2 and so on, each as far as it exists; a success
 * if the third does.
 */
#include "tests/guest/guest.inc"

_start:
	movl	$ports, %esi
	movl	$4, %ecx
	movb	$'1', %bl
next:	lodsw
	movw	%ax, %dx
	movb	%bl, %al
	outb	%al, %dx
	incb	%bl
	loop	next
	movw	$0x3e8 + 7, %dx		/* the scratch register holds */
	movb	$0x5a, %al
	outb	%al, %dx
	inb	%dx, %al
	cmpb	$0x5a, %al
	movb	$EXIT_SUCCESS, %al
	je	end
	movb	$EXIT_FAILURE, %al
end:	outb	%al, $EXIT_PORT

ports:	.word	0x3f8, 0x2f8, 0x3e8, 0x2e8
