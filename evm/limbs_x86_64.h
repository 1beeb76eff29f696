/* limbs_x86_64.h: the part of limbs.h that is in assembly. */
#ifndef EVM_LIMBS_X86_64_H
#define EVM_LIMBS_X86_64_H

LIMBS_INLINE void limbs_mul_add(struct limbs_sum *s, uint64_t a, uint64_t b)
{
	__asm__("mulq %[b]\n\t"
		"addq %%rax, %[low]\n\t"
		"adcq %%rdx, %[mid]\n\t"
		"adcq $0, %[high]"
		: [low] "+&r"(s->w[0]), [mid] "+&r"(s->w[1]),
		  [high] "+&r"(s->w[2]), "+a"(a)
		: [b] "r"(b)
		: "rdx", "cc");
}

/* Four or six instructions that pass the carry on, and what is left of it. */
#define LIMBS_CHAIN_4(first, next)                              \
	first " %[b0], %[r0]\n\t" next " %[b1], %[r1]\n\t" next \
	      " %[b2], %[r2]\n\t" next " %[b3], %[r3]\n\t"
#define LIMBS_CHAIN_6(first, next) \
	LIMBS_CHAIN_4(first, next) \
	next " %[b4], %[r4]\n\t" next " %[b5], %[r5]\n\t"
#define LIMBS_CARRY "sbbq %[carry], %[carry]"

#define LIMBS_OUT_4 \
	[r0] "+&r"(r0), [r1] "+&r"(r1), [r2] "+&r"(r2), [r3] "+&r"(r3)
#define LIMBS_OUT_6 LIMBS_OUT_4, [r4] "+&r"(r4), [r5] "+&r"(r5)
#define LIMBS_IN_4 \
	[b0] "rm"(b[0]), [b1] "rm"(b[1]), [b2] "rm"(b[2]), [b3] "rm"(b[3])
#define LIMBS_IN_6 LIMBS_IN_4, [b4] "m"(b[4]), [b5] "m"(b[5])

/* r = a + b or a - b, by the instructions of a chain; the carry */
#define LIMBS_FUNCTION(name, first, next)                              \
	LIMBS_INLINE uint64_t name(uint64_t *r, const uint64_t *a,     \
				   const uint64_t *b, int n)           \
	{                                                              \
		uint64_t r0 = a[0], r1 = a[1], r2 = a[2], r3 = a[3];   \
		uint64_t carry, r4, r5;                                \
                                                                       \
		if (n == 4) {                                          \
			__asm__(LIMBS_CHAIN_4(first, next) LIMBS_CARRY \
				: LIMBS_OUT_4, [carry] "=&r"(carry)    \
				: LIMBS_IN_4                           \
				: "cc");                               \
		} else {                                               \
			r4 = a[4];                                     \
			r5 = a[5];                                     \
			__asm__(LIMBS_CHAIN_6(first, next) LIMBS_CARRY \
				: LIMBS_OUT_6, [carry] "=&r"(carry)    \
				: LIMBS_IN_6                           \
				: "cc");                               \
			r[4] = r4;                                     \
			r[5] = r5;                                     \
		}                                                      \
		r[0] = r0;                                             \
		r[1] = r1;                                             \
		r[2] = r2;                                             \
		r[3] = r3;                                             \
		return -carry;                                         \
	}

LIMBS_FUNCTION(limbs_add, "addq", "adcq")
LIMBS_FUNCTION(limbs_sub, "subq", "sbbq")

/* a < b, of four limbs */
LIMBS_INLINE bool limbs_less(const uint64_t *a, const uint64_t *b)
{
	uint64_t t = a[0], u = a[1], v = a[2], w = a[3];
	bool less;

	__asm__("cmpq %[b0], %[t]\n\t"
		"sbbq %[b1], %[u]\n\t"
		"sbbq %[b2], %[v]\n\t"
		"sbbq %[b3], %[w]"
		: [t] "+&r"(t), [u] "+&r"(u), [v] "+&r"(v), [w] "+&r"(w),
		  "=@ccc"(less)
		: [b0] "rm"(b[0]), [b1] "rm"(b[1]), [b2] "rm"(b[2]),
		  [b3] "rm"(b[3]));
	return less;
}

/* (high : low) / d for high < d */
LIMBS_INLINE uint64_t limbs_divide(uint64_t high, uint64_t low, uint64_t d)
{
	__asm__("divq %[d]" : "+a"(low), "+d"(high) : [d] "r"(d) : "cc");
	return low;
}

#endif
