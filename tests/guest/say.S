/*
 * say.S: writes its command line to COM1, with a newline for each '|', then
 * says success; or ends as "!" and a letter in it says:
 *
 *	!f failure   !o power-off   !p pvpanic	   !r reset
 *	!t triple fault	   !h cli; hlt	   !l a loop without end
 *	!0 exit value 0	   !1 exit value 1
 */
#include "tests/guest/guest.inc"

_start:
	movl	24(%ebx), %esi		/* hvm_start_info.cmdline_paddr */
	movw	$COM1, %dx
next:	lodsb
	testb	%al, %al
	jz	success
	cmpb	$'!', %al
	je	command
	cmpb	$'|', %al
	jne	1f
	movb	$'\n', %al
1:	outb	%al, %dx
	jmp	next

command:
	lodsb
	cmpb	$'0', %al
	je	exit_value
	cmpb	$'1', %al
	je	exit_value
	cmpb	$'f', %al
	je	failure
	cmpb	$'o', %al
	je	power_off
	cmpb	$'p', %al
	je	panic
	cmpb	$'r', %al
	je	reset
	cmpb	$'t', %al
	je	triple
	cmpb	$'h', %al
	je	stop
	cmpb	$'l', %al
2:	je	2b
	movb	$'!', %al		/* none of ours */
	outb	%al, %dx
	decl	%esi
	jmp	next

exit_value:
	subb	$'0', %al
	outb	%al, $EXIT_PORT
success:
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT
failure:
	movb	$EXIT_FAILURE, %al
	outb	%al, $EXIT_PORT
power_off:
	movw	$0x604, %dx
	movw	$0x2000, %ax
	outw	%ax, %dx
panic:
	movw	$0x505, %dx
	movb	$1, %al
	outb	%al, %dx
reset:
	movb	$0xfe, %al
	outb	%al, $0x64
triple:
	ud2
stop:	cli
	hlt
	jmp	stop
