/*
 * selftest_guest.h: where the self-test's parts lie in guest memory, for
 * selftest.c and selftest_guest.S.
 */
#ifndef VMM_SELFTEST_GUEST_H
#define VMM_SELFTEST_GUEST_H

/* Guest-physical, and virtual the same, but for AT_FAULT and AT_DEVICE. */
#define AT_PML4	      0x1000
#define AT_PDPT	      0x2000
#define AT_PD	      0x3000
#define AT_PT	      0x4000
#define AT_IDT	      0x5000
#define AT_GDT	      0x6000
#define AT_TSS	      0x6800
#define AT_RESULTS    0x7000 /* ring 3 may write here */
#define AT_KERNEL     0x8000
#define AT_USER	      0x9000 /* ring 3 */
#define AT_KERNEL_TOP 0xb000 /* stack of a page */
#define AT_USER_TOP   0xc000 /* ring 3 */
#define AT_FAULT      0xd000 /* not present */
#define AT_DEVICE     0xe000 /* maps DEVICE_GPA */

#define DEVICE_GPA    0xfed40000

/* Selectors; sysretq takes the user's from STAR: 0x18 + 8 and + 16. */
#define SEL_CODE      0x08
#define SEL_DATA      0x10
#define SEL_STAR_USER 0x18
#define SEL_UDATA     0x23
#define SEL_UCODE     0x2b
#define SEL_TSS	      0x30
#define SEL_CODE32    0x40

#define VECTOR_CALL   0x80 /* ring 3 asks, and goes on in ring 3 */
#define VECTOR_RETURN 0x81 /* ring 3 asks to go on in ring 0 */
#define VECTOR_IRQ    0x40

#define PORT_DATA     0x510 /* what is written is kept, reads count up */
#define PORT_RAISE    0x512 /* raises the interrupt */
#define PORT_END      0x514

/* Results: 64-bit words at AT_RESULTS. */
#define ROW_LONG_MODE 0
#define ROW_SSE_0     1
#define ROW_INT3      2
#define ROW_FAULT     3
#define ROW_RING_3    4
#define ROW_SSE_3     5
#define ROW_SYSCALL   6
#define ROW_SYSRET    7
#define ROW_INT_80    8
#define ROW_IRET      9
#define ROW_RETURN    10
#define ROW_IRQ	      11
#define ROW_PORT      12
#define ROW_DEVICE    13
#define ROW_RAN_ON    14
#define ROW_EXCEPTION 15
#define ROW_COUNT     16

#endif
