/* exit.S: the first instructions end the run with success. Start-to-exit
 * benchmarks use it too. */
#include "tests/guest/guest.inc"

_start:
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
1:	hlt
	jmp	1b
