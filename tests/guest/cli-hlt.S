/* cli-hlt.S: halted with interrupts off: nothing can ever happen again. */
#include "tests/guest/guest.inc"

_start:
	cli
1:	hlt
	jmp	1b
