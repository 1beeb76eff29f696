/*
 * precompile_bls.c: numbers 0bh to 0fh (EIP-2537): sums, sums of products and
 * the check that a product of pairings is 1, on BLS12-381.
 */
#include "evm/alloc.h"
#include "evm/bls12_381.h"
#include "evm/precompile.h"

#define SCALAR_BYTES  32
#define G1_TERM_BYTES (BLS_G1_BYTES + SCALAR_BYTES)
#define G2_TERM_BYTES (BLS_G2_BYTES + SCALAR_BYTES)
#define PAIR_BYTES    (BLS_G1_BYTES + BLS_G2_BYTES)
#define TERMS	      16 /* that share their doublings */

ptrdiff_t evm_bls_g1_add(const struct evm_allocator *alloc,
			 const uint8_t *input, size_t len, uint8_t *out)
{
	struct g1_affine a, b;
	struct g1_point p, q;

	if (len != 2 * BLS_G1_BYTES || !bls_load_g1(&a, input) ||
	    !bls_load_g1(&b, input + BLS_G1_BYTES))
		return EVM_ERR_INPUT;
	g1_from_affine(&p, &a);
	g1_from_affine(&q, &b);
	g1_add(&p, &p, &q);
	bls_store_g1(out, &p);
	return BLS_G1_BYTES;
}

ptrdiff_t evm_bls_g2_add(const struct evm_allocator *alloc,
			 const uint8_t *input, size_t len, uint8_t *out)
{
	struct g2_affine a, b;
	struct g2_point p, q;

	if (len != 2 * BLS_G2_BYTES || !bls_load_g2(&a, input) ||
	    !bls_load_g2(&b, input + BLS_G2_BYTES))
		return EVM_ERR_INPUT;
	g2_from_affine(&p, &a);
	g2_from_affine(&q, &b);
	g2_add(&p, &p, &q);
	bls_store_g2(out, &p);
	return BLS_G2_BYTES;
}

static bool load_g1_term(struct g1_term *t, const uint8_t *bytes)
{
	struct u256 k = u256_load(bytes + BLS_G1_BYTES);
	struct g1_affine a;
	struct g1_point p;

	if (!bls_load_g1(&a, bytes))
		return false;
	g1_from_affine(&p, &a);
	if (!bls_in_g1(&p))
		return false;
	g1_term_init(t, &p, k.w);
	return true;
}

static bool load_g2_term(struct g2_term *t, const uint8_t *bytes)
{
	struct u256 k = u256_load(bytes + BLS_G2_BYTES);
	struct g2_affine a;
	struct g2_point p;

	if (!bls_load_g2(&a, bytes))
		return false;
	g2_from_affine(&p, &a);
	if (!bls_in_g2(&p))
		return false;
	g2_term_init(t, &p, k.w);
	return true;
}

/* The sum of up to TERMS products is added to *sum. */
static bool add_g1_terms(struct g1_point *sum, struct g1_term *terms,
			 const uint8_t *bytes, size_t n)
{
	struct g1_point part;

	for (size_t i = 0; i < n; i++)
		if (!load_g1_term(&terms[i], bytes + i * G1_TERM_BYTES))
			return false;
	g1_sum_terms(&part, terms, n);
	g1_add(sum, sum, &part);
	return true;
}

static bool add_g2_terms(struct g2_point *sum, struct g2_term *terms,
			 const uint8_t *bytes, size_t n)
{
	struct g2_point part;

	for (size_t i = 0; i < n; i++)
		if (!load_g2_term(&terms[i], bytes + i * G2_TERM_BYTES))
			return false;
	g2_sum_terms(&part, terms, n);
	g2_add(sum, sum, &part);
	return true;
}

ptrdiff_t evm_bls_g1_msm(const struct evm_allocator *alloc,
			 const uint8_t *input, size_t len, uint8_t *out)
{
	size_t n = len / G1_TERM_BYTES, room = n < TERMS ? n : TERMS, now;
	struct g1_point sum = {0};
	struct g1_term *terms;
	bool good = true;

	if (n == 0 || len % G1_TERM_BYTES != 0)
		return EVM_ERR_INPUT;
	terms = evm_alloc(alloc, room * sizeof(*terms));
	if (!terms)
		return EVM_ERR_NO_MEMORY;
	for (; good && n > 0; n -= now, input += now * G1_TERM_BYTES) {
		now = n < TERMS ? n : TERMS;
		good = add_g1_terms(&sum, terms, input, now);
	}
	evm_free(alloc, terms, room * sizeof(*terms));
	if (!good)
		return EVM_ERR_INPUT;
	bls_store_g1(out, &sum);
	return BLS_G1_BYTES;
}

ptrdiff_t evm_bls_g2_msm(const struct evm_allocator *alloc,
			 const uint8_t *input, size_t len, uint8_t *out)
{
	size_t n = len / G2_TERM_BYTES, room = n < TERMS ? n : TERMS, now;
	struct g2_point sum = {0};
	struct g2_term *terms;
	bool good = true;

	if (n == 0 || len % G2_TERM_BYTES != 0)
		return EVM_ERR_INPUT;
	terms = evm_alloc(alloc, room * sizeof(*terms));
	if (!terms)
		return EVM_ERR_NO_MEMORY;
	for (; good && n > 0; n -= now, input += now * G2_TERM_BYTES) {
		now = n < TERMS ? n : TERMS;
		good = add_g2_terms(&sum, terms, input, now);
	}
	evm_free(alloc, terms, room * sizeof(*terms));
	if (!good)
		return EVM_ERR_INPUT;
	bls_store_g2(out, &sum);
	return BLS_G2_BYTES;
}

static bool load_pair(struct g1_affine *p, struct g2_affine *q,
		      const uint8_t *bytes)
{
	struct g1_point p_point;
	struct g2_point q_point;

	if (!bls_load_g1(p, bytes) || !bls_load_g2(q, bytes + BLS_G1_BYTES))
		return false;
	g1_from_affine(&p_point, p);
	g2_from_affine(&q_point, q);
	return bls_in_g1(&p_point) && bls_in_g2(&q_point);
}

static bool multiply_pairs(struct fp12 *f, const uint8_t *bytes, size_t n)
{
	struct g1_affine p[BLS_PAIRS];
	struct g2_affine q[BLS_PAIRS];
	size_t count = 0;

	for (size_t i = 0; i < n; i++, bytes += PAIR_BYTES) {
		if (!load_pair(&p[count], &q[count], bytes))
			return false;
		if (!g1_is_origin(&p[count]) && !g2_is_origin(&q[count]))
			count++;
	}
	if (count > 0)
		bls_miller(f, p, q, count);
	return true;
}

ptrdiff_t evm_bls_pairing(const struct evm_allocator *alloc,
			  const uint8_t *input, size_t len, uint8_t *out)
{
	size_t n = len / PAIR_BYTES, now;
	struct fp12 f;

	if (n == 0 || len % PAIR_BYTES != 0)
		return EVM_ERR_INPUT;
	fp12_set_one(&f);
	for (; n > 0; n -= now, input += now * PAIR_BYTES) {
		now = n < BLS_PAIRS ? n : BLS_PAIRS;
		if (!multiply_pairs(&f, input, now))
			return EVM_ERR_INPUT;
	}
	memset(out, 0, 32);
	out[31] = bls_is_one(&f);
	return 32;
}

/* What a term costs of a thousand, by the number of terms: EIP-2537. */
#define DISCOUNTS 128

static const uint16_t g1_discount[DISCOUNTS] = {
	1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692,
	687,  682, 677, 673, 669, 665, 661, 658, 654, 651, 648, 645, 642,
	640,  637, 635, 632, 630, 627, 625, 623, 621, 619, 617, 615, 613,
	611,  609, 608, 606, 604, 603, 601, 599, 598, 596, 595, 593, 592,
	591,  589, 588, 586, 585, 584, 582, 581, 580, 579, 577, 576, 575,
	574,  573, 572, 570, 569, 568, 567, 566, 565, 564, 563, 562, 561,
	560,  559, 558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548,
	547,  547, 546, 545, 544, 543, 542, 541, 540, 540, 539, 538, 537,
	536,  536, 535, 534, 533, 532, 532, 531, 530, 529, 528, 528, 527,
	526,  525, 525, 524, 523, 522, 522, 521, 520, 520, 519,
};
static const uint16_t g2_discount[DISCOUNTS] = {
	1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740,
	732,  724,  717, 711, 704, 699, 693, 688, 683, 679, 674, 670, 666,
	663,  659,  655, 652, 649, 646, 643, 640, 637, 634, 632, 629, 627,
	624,  622,  620, 618, 615, 613, 611, 609, 607, 606, 604, 602, 600,
	598,  597,  595, 593, 592, 590, 589, 587, 586, 584, 583, 582, 580,
	579,  578,  576, 575, 574, 573, 571, 570, 569, 568, 567, 566, 565,
	563,  562,  561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552,
	551,  550,  549, 548, 547, 546, 545, 545, 544, 543, 542, 541, 541,
	540,  539,  538, 537, 537, 536, 535, 535, 534, 533, 532, 532, 531,
	530,  530,  529, 528, 528, 527, 526, 526, 525, 524, 524,
};

static uint64_t msm_gas(size_t n, uint64_t each, const uint16_t *discount)
{
	if (n == 0)
		return 0;
	return n * each * discount[(n < DISCOUNTS ? n : DISCOUNTS) - 1] / 1000;
}

uint64_t evm_bls_g1_add_gas(enum evm_fork fork, const uint8_t *input,
			    size_t len)
{
	return 375;
}

uint64_t evm_bls_g1_msm_gas(enum evm_fork fork, const uint8_t *input,
			    size_t len)
{
	return msm_gas(len / G1_TERM_BYTES, 12000, g1_discount);
}

uint64_t evm_bls_g2_add_gas(enum evm_fork fork, const uint8_t *input,
			    size_t len)
{
	return 600;
}

uint64_t evm_bls_g2_msm_gas(enum evm_fork fork, const uint8_t *input,
			    size_t len)
{
	return msm_gas(len / G2_TERM_BYTES, 22500, g2_discount);
}

uint64_t evm_bls_pairing_gas(enum evm_fork fork, const uint8_t *input,
			     size_t len)
{
	return 37700 + 32600 * (uint64_t)(len / PAIR_BYTES);
}
