/* storm.S: a local APIC timer of period 1, and no end. */
#include "tests/guest/guest.inc"

#define LAPIC 0xfee00000
#define VECTOR 0x40

_start:
	movl	$stack_top, %esp
	movl	$handler, %eax
	movw	%ax, gate
	shrl	$16, %eax
	movw	%ax, gate + 6
	lgdt	gdtr
	lidt	idtr
	ljmp	$8, $1f
1:	movl	$16, %eax
	movw	%ax, %ss
	movw	%ax, %ds
	movl	$0x1ff, LAPIC + 0xf0		/* enable */
	movl	$0xb, LAPIC + 0x3e0		/* divide by 1 */
	movl	$0x20000 + VECTOR, LAPIC + 0x320 /* periodic */
	movl	$1, LAPIC + 0x380
	sti
2:	hlt
	jmp	2b
handler:
	movl	$0, LAPIC + 0xb0		/* end of interrupt */
	iretl

	.data
	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:	.word	. - gdt - 1
	.long	gdt
idtr:	.word	VECTOR * 8 + 7
	.long	gate - VECTOR * 8
gate:	.word	0, 8, 0x8e00, 0
	.bss
	.balign	16
	.skip	256
stack_top:
