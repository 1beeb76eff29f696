/*
 * libc.h: what the parts of the suite's C library share. The functions have
 * the names and types of the standard's, but for files: void is enough.
 */
#ifndef TESTS_GDB_SUITE_LIBC_H
#define TESTS_GDB_SUITE_LIBC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COM1	   0x3f8
#define DEBUG_EXIT 0x501

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

#endif
