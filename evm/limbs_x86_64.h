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

/*
 * Two chains of carries at once (ADX), where the processor has them: nobody
 * asked CPUID for a guest, and clang 14 does not know the name.
 */
#if __STDC_HOSTED__ && defined(__OPTIMIZE__) && !defined(__clang__)
#define LIMBS_ADX

LIMBS_INLINE bool limbs_have_adx(void)
{
	return __builtin_cpu_supports("adx") && __builtin_cpu_supports("bmi2");
}

/* x0 to x4 += a * b[i], where x4 is new */
#define LIMBS_ROW(at, x0, x1, x2, x3, x4)                    \
	"movq " at "(%[b]), %%rdx\n\t"                       \
	"xorl %k[t], %k[t]\n\t"                              \
	"mulxq (%[a]), %[t], %[u]\n\t"                       \
	"adcxq %[t], %[" x0 "]\n\tadoxq %[u], %[" x1 "]\n\t" \
	"mulxq 8(%[a]), %[t], %[u]\n\t"                      \
	"adcxq %[t], %[" x1 "]\n\tadoxq %[u], %[" x2 "]\n\t" \
	"mulxq 16(%[a]), %[t], %[u]\n\t"                     \
	"adcxq %[t], %[" x2 "]\n\tadoxq %[u], %[" x3 "]\n\t" \
	"mulxq 24(%[a]), %[t], %[" x4 "]\n\t"                \
	"adcxq %[t], %[" x3 "]\n\tmovl $0, %k[t]\n\t"        \
	"adoxq %[t], %[" x4 "]\n\tadcxq %[t], %[" x4 "]\n\t"

/* The eight limbs of a product, and two for other things. */
#define LIMBS_WIDE                                                    \
	[w0] "=&r"(w[0]), [w1] "=&r"(w[1]), [w2] "=&r"(w[2]),         \
		[w3] "=&r"(w[3]), [w4] "=&r"(w[4]), [w5] "=&r"(w[5]), \
		[w6] "=&r"(w[6]), [w7] "=&r"(w[7]), [t] "=&r"(t), [u] "=&r"(u)

LIMBS_INLINE void limbs_mul_adx(uint64_t w[8], const uint64_t a[4],
				const uint64_t b[4])
{
	uint64_t t, u;

	__asm__("movq (%[b]), %%rdx\n\t"
		"mulxq (%[a]), %[w0], %[w1]\n\t"
		"mulxq 8(%[a]), %[t], %[w2]\n\taddq %[t], %[w1]\n\t"
		"mulxq 16(%[a]), %[t], %[w3]\n\tadcq %[t], %[w2]\n\t"
		"mulxq 24(%[a]), %[t], %[w4]\n\tadcq %[t], %[w3]\n\t"
		"adcq $0, %[w4]\n\t" LIMBS_ROW("8", "w1", "w2", "w3", "w4",
					       "w5")
			LIMBS_ROW("16", "w2", "w3", "w4", "w5", "w6")
				LIMBS_ROW("24", "w3", "w4", "w5", "w6", "w7")
		: LIMBS_WIDE
		: [a] "r"(a), [b] "r"(b), "m"(*(const uint64_t(*)[4])a),
		  "m"(*(const uint64_t(*)[4])b)
		: "rdx", "cc");
}

/* Each product of two different limbs counts twice. */
LIMBS_INLINE void limbs_square_adx(uint64_t w[8], const uint64_t a[4])
{
	uint64_t t, u;

	__asm__("movq (%[a]), %%rdx\n\t"
		"mulxq 8(%[a]), %[w1], %[w2]\n\t"
		"mulxq 16(%[a]), %[t], %[w3]\n\taddq %[t], %[w2]\n\t"
		"mulxq 24(%[a]), %[t], %[w4]\n\tadcq %[t], %[w3]\n\t"
		"adcq $0, %[w4]\n\t"
		"movq 8(%[a]), %%rdx\n\txorl %k[w7], %k[w7]\n\t"
		"mulxq 16(%[a]), %[t], %[u]\n\t"
		"adcxq %[t], %[w3]\n\tadoxq %[u], %[w4]\n\t"
		"mulxq 24(%[a]), %[t], %[w5]\n\tadcxq %[t], %[w4]\n\t"
		"adoxq %[w7], %[w5]\n\tadcxq %[w7], %[w5]\n\t"
		"movq 16(%[a]), %%rdx\n\t"
		"mulxq 24(%[a]), %[t], %[w6]\n\t"
		"addq %[t], %[w5]\n\tadcq $0, %[w6]\n\t"
		"addq %[w1], %[w1]\n\tadcq %[w2], %[w2]\n\t"
		"adcq %[w3], %[w3]\n\tadcq %[w4], %[w4]\n\t"
		"adcq %[w5], %[w5]\n\tadcq %[w6], %[w6]\n\t"
		"adcq %[w7], %[w7]\n\t"
		"movq (%[a]), %%rdx\n\tmulxq %%rdx, %[w0], %[t]\n\t"
		"addq %[t], %[w1]\n\t"
		"movq 8(%[a]), %%rdx\n\tmulxq %%rdx, %[t], %[u]\n\t"
		"adcq %[t], %[w2]\n\tadcq %[u], %[w3]\n\t"
		"movq 16(%[a]), %%rdx\n\tmulxq %%rdx, %[t], %[u]\n\t"
		"adcq %[t], %[w4]\n\tadcq %[u], %[w5]\n\t"
		"movq 24(%[a]), %%rdx\n\tmulxq %%rdx, %[t], %[u]\n\t"
		"adcq %[t], %[w6]\n\tadcq %[u], %[w7]"
		: LIMBS_WIDE
		: [a] "r"(a), "m"(*(const uint64_t(*)[4])a)
		: "rdx", "cc");
}

/*
 * r = w, where 2^256 is worth `fold`, below 2^34: any number below 2^256 that
 * is the same modulo 2^256 - fold.
 */
LIMBS_INLINE void limbs_fold_adx(uint64_t r[4], const uint64_t w[8],
				 uint64_t fold)
{
	uint64_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], top = w[7], t, u;

	__asm__("xorl %k[t], %k[t]\n\t"
		"mulxq %[w4], %[t], %[u]\n\t"
		"adcxq %[t], %[w0]\n\tadoxq %[u], %[w1]\n\t"
		"mulxq %[w5], %[t], %[u]\n\t"
		"adcxq %[t], %[w1]\n\tadoxq %[u], %[w2]\n\t"
		"mulxq %[w6], %[t], %[u]\n\t"
		"adcxq %[t], %[w2]\n\tadoxq %[u], %[w3]\n\t"
		"mulxq %[top], %[t], %[top]\n\t"
		"adcxq %[t], %[w3]\n\tmovl $0, %k[t]\n\t"
		"adoxq %[t], %[top]\n\tadcxq %[t], %[top]\n\t"
		"mulxq %[top], %[t], %[u]\n\t"
		"addq %[t], %[w0]\n\tadcq %[u], %[w1]\n\t"
		"adcq $0, %[w2]\n\tadcq $0, %[w3]\n\t"
		"jnc 1f\n\t" /* nearly always; else w is small */
		"addq %%rdx, %[w0]\n\tadcq $0, %[w1]\n\t"
		"1:"
		: [w0] "+&r"(w0), [w1] "+&r"(w1), [w2] "+&r"(w2),
		  [w3] "+&r"(w3), [top] "+&r"(top), [t] "=&r"(t), [u] "=&r"(u)
		: [w4] "r"(w[4]), [w5] "r"(w[5]), [w6] "r"(w[6]), "d"(fold)
		: "cc");
	r[0] = w0;
	r[1] = w1;
	r[2] = w2;
	r[3] = w3;
}
/* Two limbs of t += a * b; CF and OF and %[carry] go on. */
#define LIMBS_ROW_2(at, next)                                       \
	"mulxq " at "(%[a]), %[low], %[high]\n\t"                   \
	"adcxq %[carry], %[low]\n\tadoxq " at "(%[t]), %[low]\n\t"  \
	"movq %[low], " at "(%[t])\n\t"                             \
	"mulxq " next "(%[a]), %[low], %[carry]\n\t"                \
	"adcxq %[high], %[low]\n\tadoxq " next "(%[t]), %[low]\n\t" \
	"movq %[low], " next "(%[t])\n\t"

/* t += a * b + carry, of 8 * `eights` limbs, not none; the carry */
LIMBS_INLINE uint64_t limbs_row_adx(uint64_t *t, const uint64_t *a,
				    size_t eights, uint64_t b, uint64_t carry)
{
	uint64_t low, high, zero;

	__asm__ volatile(
		"xorl %k[zero], %k[zero]\n" /* and both carries */
		"1:\t" LIMBS_ROW_2("0", "8") LIMBS_ROW_2("16", "24")
			LIMBS_ROW_2("32", "40") LIMBS_ROW_2("48", "56")
		/* none of these changes a carry */
		"leaq 64(%[a]), %[a]\n\tleaq 64(%[t]), %[t]\n\t"
		"leaq -1(%[eights]), %[eights]\n\tjrcxz 2f\n\tjmp 1b\n"
		"2:\tadcxq %[zero], %[carry]\n\tadoxq %[zero], %[carry]"
		: [a] "+&r"(a), [t] "+&r"(t), [eights] "+&c"(eights),
		  [carry] "+&r"(carry), [low] "=&r"(low), [high] "=&r"(high),
		  [zero] "=&r"(zero)
		: "d"(b)
		: "cc", "memory");
	return carry;
}

/* The same of four. */
LIMBS_INLINE uint64_t limbs_row_4_adx(uint64_t *t, const uint64_t *a,
				      uint64_t b, uint64_t carry)
{
	uint64_t low, high, zero;

	__asm__ volatile(
		"xorl %k[zero], %k[zero]\n\t" LIMBS_ROW_2("0", "8")
			LIMBS_ROW_2("16", "24") "adcxq %[zero], %[carry]\n\t"
						"adoxq %[zero], %[carry]"
		: [carry] "+&r"(carry), [low] "=&r"(low), [high] "=&r"(high),
		  [zero] "=&r"(zero)
		: [a] "r"(a), [t] "r"(t), "d"(b)
		: "cc", "memory");
	return carry;
}
#endif

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
