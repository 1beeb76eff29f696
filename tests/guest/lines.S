/* lines.S: 65,536 lines "0123456789abcdef" on serial, then success: what
 * arrives must be just that, whoever reads it. */
#include "tests/guest/guest.inc"

_start:
	movw	$COM1, %dx
	movl	$0x10000, %ecx
1:	movl	$line, %esi
2:	lodsb
	testb	%al, %al
	jz	3f
	outb	%al, %dx
	jmp	2b
3:	loop	1b
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
4:	hlt
	jmp	4b

line:
	.asciz	"0123456789abcdef\n"
