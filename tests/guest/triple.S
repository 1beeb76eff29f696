/* triple.S: an exception with no IDT. */
#include "tests/guest/guest.inc"

_start:
	lidt	nothing
	ud2

nothing:
	.word	0
	.long	0
