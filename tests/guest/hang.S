/* hang.S: never ends, never halts. */
#include "tests/guest/guest.h"

_start:
	jmp	_start
