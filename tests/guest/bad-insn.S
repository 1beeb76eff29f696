/* bad-insn.S: an instruction that neither processor may skip: x87 arithmetic
 * is not what the simulator does yet. On KVM it just runs. */
#include "tests/guest/guest.inc"

_start:
	fld1
	fldpi
	fpatan
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
1:	hlt
	jmp	1b
