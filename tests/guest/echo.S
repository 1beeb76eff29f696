/* echo.S: sends back what the serial line receives, by polling; ends with
 * success at a dot. */
#include "tests/guest/guest.inc"

_start:
	movw	$COM1 + 5, %dx
	inb	%dx, %al
	testb	$1, %al
	jz	_start
	movw	$COM1, %dx
	inb	%dx, %al
	cmpb	$'.', %al
	je	1f
	outb	%al, %dx
	jmp	_start
1:	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
2:	hlt
	jmp	2b
