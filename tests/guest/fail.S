/* fail.S: the guest reports failure. */
#include "tests/guest/guest.inc"

_start:
	movb	$EXIT_FAILURE, %al
	outb	%al, $EXIT_PORT
1:	hlt
	jmp	1b
