/* bad-insn.S: an instruction that neither processor may skip: decimal
 * adjustment is not what the simulator does yet. On KVM it just runs. */
#include "tests/guest/guest.inc"

_start:
	movw	$0x1234, %ax
	aam
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
1:	hlt
	jmp	1b
