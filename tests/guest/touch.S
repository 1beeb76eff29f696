/* touch.S: writes a word of each of as many pages as its command line has
 * letters, times 1024, from 16 MiB on; then one letter on serial, and never
 * ends: how much memory the host gave can be looked at. */
#include "tests/guest/guest.inc"

_start:
	movl	24(%ebx), %esi		/* hvm_start_info: the command line */
	movl	$0x1000000, %edi
1:	lodsb
	testb	%al, %al
	jz	3f
	movl	$1024, %ecx
2:	movl	%ecx, (%edi)
	addl	$4096, %edi
	loop	2b
	jmp	1b
3:	movw	$COM1, %dx
	movb	$'.', %al
	outb	%al, %dx
4:	jmp	4b
