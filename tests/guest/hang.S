/* hang.S: never ends, never halts. */
#include "tests/guest/guest.inc"

_start:
	jmp	_start
