/*
 * mmio.S: reads and writes of every size, some across a register's or the
 * device's edge, to the interrupt controllers, the screen's memory, the page
 * before 4 GiB, with junk. Then succeeds.
 */
#include "tests/guest/guest.inc"

_start:
	movl	$stack_top, %esp
	movl	$0x12345, %ebp
	movl	$100000, %ecx
1:	imull	$1103515245, %ebp
	addl	$12345, %ebp
	movl	%ebp, %ebx
	shrl	$14, %ebx
	andl	$0x1fff, %ebx
	movl	%ebp, %edi
	shrl	$28, %edi
	andl	$3, %edi
	addl	bases(, %edi, 4), %ebx
	movl	%ebp, %eax
	testl	$0x10000, %ebp
	jz	2f
	movl	(%ebx), %edx
	movw	(%ebx), %dx
	movb	(%ebx), %dl
	jmp	3f
2:	movl	%eax, (%ebx)
	movw	%ax, (%ebx)
	movb	%al, (%ebx)
	lock xaddl %eax, (%ebx)
	lock cmpxchg8b (%ebx)
3:	loop	1b
	movb	$EXIT_SUCCESS, %al
	outb	%al, $EXIT_PORT

	.data
bases:	.long	0xfec00000, 0xfee00000, 0xb7000, 0xffffd000
	.bss
	.balign	16
	.skip	256
stack_top:
