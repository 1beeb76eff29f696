/*
 * guests.S: the guests, 32-bit and unpaged but for guest_cr8, guest_calls.
 * Each is loaded at 0x8000 and ends with hlt. A name, the code, a length.
 */
	.macro	guest name
	.globl	\name, \name\()_end
\name:
	.endm

	.section .rodata
	.code32

guest guest_outs
	mov	$0x510, %edx
	mov	$0x8000 + (word - guest_outs), %esi
	mov	$5, %ecx
	rep outsb
	mov	$2, %ecx
	mov	$0x8000 + (word - guest_outs), %esi
	rep outsw
	hlt
word:	.ascii	"hello"
guest_outs_end:

guest guest_ins
	mov	$0x510, %edx
	mov	$0x4000, %edi
	mov	$3, %ecx
	rep insw
	in	%dx, %al
	hlt
guest_ins_end:

guest guest_mmio
	movl	$0x11223344, 0xd0000000
	movb	$0x55, 0xd0000004
	mov	$0xaabbccdd, %eax
	mov	%eax, 0xd0000ffd	/* crosses a page: 3 and 1 */
	mov	0xd0000010, %ebx
	addw	$1, 0xd0000020
	hlt
guest_mmio_end:

/* Raises the interrupt while it may not come, then lets it. */
guest guest_window
	cli
	mov	$0x512, %edx
	out	%al, %dx
	mov	$1000, %ecx
1:	loop	1b
	mov	$1, %ebx		/* the handler keeps what it finds */
	sti
	mov	$2, %ebx		/* sti's shadow: still held off */
	mov	$3, %ebx
	hlt
guest_window_end:

/* Its handler: EDI = EBX, EBP counts. */
guest guest_handler
	mov	%ebx, %edi
	inc	%ebp
	iret
guest_handler_end:

guest guest_halts
	sti
	hlt
	inc	%ebx
	cli
	hlt
	inc	%ebx
guest_halts_end:

guest guest_spin
1:	inc	%eax
	jmp	1b
guest_spin_end:

guest guest_triple
	int3
	hlt
guest_triple_end:

guest guest_leaves
	mov	$0xd0000000, %eax
	jmp	*%eax
guest_leaves_end:

/* An access that stops the machine, and what must not happen after it. */
guest guest_stop
	mov	$0x510, %edx
	in	%dx, %eax
	mov	$0x514, %edx
	in	%dx, %eax
	inc	%ebx
	out	%al, %dx
	inc	%ebx
	hlt
guest_stop_end:

guest guest_cpuid
	mov	$1, %eax
	cpuid
	mov	%ebx, 0x4000
	mov	%ecx, 0x4004
	mov	%edx, 0x4008
	mov	$0x80000000, %eax
	cpuid
	mov	%eax, 0x400c
	mov	$0x80000001, %eax
	cpuid
	mov	%ecx, 0x4010
	hlt
guest_cpuid_end:

/* One instruction of each kind that a step may stumble over. */
guest guest_steps
	mov	$1, %eax
	pushf
	pop	%ebx
	mov	$0x510, %edx
	out	%al, %dx
	hlt
	nop
guest_steps_end:

guest guest_int3
	int3
	inc	%ebx
	inc	%ebx
	hlt
guest_int3_end:

/* Its handler, which has an exit. */
guest guest_telling
	mov	$0x510, %edx
	out	%al, %dx
	inc	%ebp
	iret
guest_telling_end:

guest guest_touches
	movl	$1, 0x4000
	inc	%ebx
	inc	%ebx
	hlt
guest_touches_end:

	.code64
guest guest_calls
	syscall
	nop
	nop
guest_calls_end:

guest guest_called
	mov	%rcx, %rbx
	sysretq
guest_called_end:

guest guest_cr8
	mov	$5, %eax
	mov	%rax, %cr8
	mov	$0x510, %edx
	out	%al, %dx
	mov	$2, %eax
	mov	%rax, %cr8
	out	%al, %dx
	mov	%cr8, %rbx
	hlt
guest_cr8_end:

	.section .note.GNU-stack, "", @progbits
