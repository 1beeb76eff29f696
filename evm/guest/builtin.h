/*
 * builtin.h: comes before every file of the EVM that is built for the guest.
 *
 * A freestanding build takes memcpy() for a function like any other, so that
 * a copy of eight bytes is a call. Here the compiler does the short ones. And
 * it has no __builtin_cpu_supports(): cpu.c looks before main().
 */
#ifndef EVM_GUEST_BUILTIN_H
#define EVM_GUEST_BUILTIN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define memcpy(to, from, len)  __builtin_memcpy(to, from, len)
#define memmove(to, from, len) __builtin_memmove(to, from, len)
#define memset(to, byte, len)  __builtin_memset(to, byte, len)
#define memcmp(a, b, len)      __builtin_memcmp(a, b, len)

extern bool evm_guest_has_bmi;
#define EVM_HAS_BMI() evm_guest_has_bmi

#endif
