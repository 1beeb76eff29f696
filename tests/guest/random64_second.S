/*
 * random64_second.S: the second CPU's way into 64-bit mode, from page 8 of
 * its copy of low memory: see random64_second.c.
 */
	.set	SEL_CODE, 0x08
	.set	SEL_DATA, 0x10

	.text
	.code16
	.globl	trampoline, trampoline_cr3, trampoline_end
trampoline:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	movl	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	trampoline_cr3 - trampoline, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	movl	$0x901, %eax		/* NXE, LME, SCE */
	xorl	%edx, %edx
	wrmsr
	lgdtl	trampoline_gdt - trampoline
	movl	$0x80010033, %eax	/* PG, WP, NE, ET, MP, PE */
	movl	%eax, %cr0
	ljmpl	$SEL_CODE, $second_long
trampoline_gdt:
	.word	32 * 8 - 1
	.long	gdt
trampoline_cr3:
	.long	0
trampoline_end:

	.code64
second_long:
	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$main_stack_top, %esp
	call	bare_init
	lidt	idt_pointer
	movl	$0x30, %eax
	ltr	%ax
	call	second_main
