/*
 * speed.h: between the files of the guest speed.elf. Its memory, all of it
 * mapped for user and kernel alike by large pages, but for the window:
 *
 *	1 MiB        the program
 *	16 MiB       the workloads' arena
 *	1 GiB        the window: 512 small pages onto the first 2 MiB, then
 *	             nothing
 *	3 to 4 GiB   devices
 */
#ifndef TESTS_BENCH_SPEED_H
#define TESTS_BENCH_SPEED_H

#define SPEED_ARENA  0x1000000
#define SPEED_WINDOW 0x40000000
#define SPEED_HOLE   0x40200000
#define SPEED_IOAPIC 0xfec00000
#define SPEED_MAPPED 9 /* the page of the window that comes and goes */

#define SPEED_CODE   0x08
#define SPEED_DATA   0x10
#define SPEED_UDATA  0x1b
#define SPEED_UCODE  0x23
#define SPEED_TSS    0x28

#ifndef __ASSEMBLER__
#include <stdint.h>

void speed_main(const uint8_t *start_info);

extern uint64_t window_table[512]; /* the page table of the window */
extern uint64_t pml4[512], pml4_other[512];
extern uint64_t idt[512];

/* Run one of the user loops in ring 3, `rounds` times (not 0). */
void speed_user(void (*loop)(void), uint64_t rounds);
void speed_user_syscall(void);
void speed_user_int(void);
/* Load from the hole, whose fault handler skips the load; in the same way
 * from an address that is none, and UD2. */
void speed_fault(uint64_t rounds);
void speed_gp(uint64_t rounds);
void speed_ud(uint64_t rounds);
void speed_call(uint64_t rounds);
/* Eight words of code that run anywhere: uint32_t (uint64_t). */
extern const uint64_t speed_function[8];

/* Entries from the processor. */
void speed_syscall_entry(void);
void speed_int_entry(void);
void speed_done_entry(void);
void speed_fault_entry(void);
void speed_gp_entry(void);
void speed_ud_entry(void);
void speed_map_entry(void);
#endif

#endif
