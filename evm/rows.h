/*
 * rows.h: products of numbers of any length, for power.c and modexp.c: limbs
 * of 64 bits, least significant first, row by row of the schoolbook's
 * multiplication. Results do not stand where operands do.
 */
#ifndef EVM_ROWS_H
#define EVM_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* t += a * b, of n limbs; what is carried out of them */
uint64_t rows_add(uint64_t *t, const uint64_t *a, size_t n, uint64_t b);

/* t -= a * b, of n limbs; what is borrowed from above them */
uint64_t rows_sub(uint64_t *t, const uint64_t *a, size_t n, uint64_t b);

/* r = a * b, of 2 n limbs */
void rows_mul(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n);

/* r = a * a, of 2 n limbs */
void rows_square(uint64_t *r, const uint64_t *a, size_t n);

/* r = a * b, the lower n limbs */
void rows_mul_low(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n);

/*
 * Montgomery's reduction: to t, of 2 n limbs, a multiple of m is added for
 * each of the lower ones, that makes it zero; `inverse` is -1 / m modulo 2^64.
 * It then keeps what is to be added n limbs above it.
 */
void rows_reduce(uint64_t *t, const uint64_t *m, size_t n, uint64_t inverse);

/*
 * u = u mod m, where u has `len` limbs, is less than m in its highest n, and m
 * has its highest bit set. What is left is in the lower n limbs.
 */
void rows_mod(uint64_t *u, size_t len, const uint64_t *m, size_t n);

#endif
