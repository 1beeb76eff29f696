/* odd-exit.S: an exit value that means nothing to anyone; then another, which
 * must come too late. */
#include "tests/guest/guest.inc"

_start:
	movl	$0x77, %eax
	outl	%eax, $EXIT_PORT
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
1:	hlt
	jmp	1b
