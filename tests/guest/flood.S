/* flood.S: writes to the serial line as fast as it can, and never stops. */
#include "tests/guest/guest.inc"

_start:
	movw	$COM1, %dx
1:	movb	$'x', %al
	outb	%al, %dx
	jmp	1b
