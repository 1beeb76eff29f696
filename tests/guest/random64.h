/*
 * random64.h: what the parts of random64.c share: the window that programs run
 * in, the random numbers, and the program that was made last.
 */
#ifndef TESTS_GUEST_RANDOM64_H
#define TESTS_GUEST_RANDOM64_H

#include "tests/guest/bare64.h"

#define VEC_EDIT     0x31
#define PAGES	     8
#define WINDOW_PAGES 16
#define WINDOW	     0x800000u
#define DEVICE_PAGE  12
#define CODE_BYTES   6144
#define PIECES	     160

/* Set before a program is made: */
extern bool user;	 /* its ring */
extern uint8_t *base;	 /* where it is written */
extern uint64_t code_at; /* where that runs */
/* Made: where its pieces begin, from `base' on. */
extern uint32_t piece[PIECES];
extern unsigned pieces;

uint64_t next(void);
unsigned below(unsigned n);

/* ---- random64_code.c ---- */
void generate(void);
/* One that programs use: of the window or of the device. */
uint64_t some_address(void);
/* Where the processor has AVX, programs use it. */
void enable_avx(void);

/* ---- random64_second.c ---- */
/* What this CPU's copy of the program lies above its addresses. */
extern uint64_t own_offset;
/* Has the machine's other CPU come to second_main(), in random64.c. */
void start_second(void);

#endif
