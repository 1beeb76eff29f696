/* random.c: numbers from a seed, with the interesting ones among them. */
#include "tests/diff/diff.h"

/* splitmix64 */
uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->s += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned rng_below(struct rng *r, unsigned n)
{
	return (rng_next(r) >> 32) * n >> 32;
}

bool rng_one_in(struct rng *r, unsigned n)
{
	return rng_below(r, n) == 0;
}

/* A double, or two singles: zeros, denormals, ones, limits, NaNs. */
uint64_t rng_float(struct rng *r)
{
	static const uint64_t wide[] = {
		0,
		0x8000000000000000,
		0x3ff0000000000000,
		0xbff0000000000000,
		0x7ff0000000000000,
		0xfff0000000000000,
		0x7ff8000000000000,
		0x7ff4000000000001,
		0x0000000000000001,
		0x000fffffffffffff,
		0x0010000000000000,
		0x7fefffffffffffff,
		0x3fe0000000000000,
		0x43e0000000000000,
		0xc1e0000000200000,
		0x41dfffffffc00000,
	};
	static const uint32_t narrow[] = {
		0,	    0x80000000, 0x3f800000, 0xbf800000,
		0x7f800000, 0xff800000, 0x7fc00000, 0x7fa00001,
		0x00000001, 0x007fffff, 0x00800000, 0x7f7fffff,
		0x3f000000, 0x4f000000, 0xcf000000, 0x5f000000,
	};
	uint64_t any = rng_next(r);

	switch (any & 7) {
	case 0:
	case 1:
		return wide[any >> 8 & 15];
	case 2:
	case 3:
		return narrow[any >> 8 & 15] | (uint64_t)narrow[any >> 12 & 15]
						       << 32;
	case 4: /* doubles near one, with few or many digits */
		return ((0x3c0 + (any >> 8 & 0x7f)) << 52 | rng_next(r) >> 12) &
		       -(UINT64_C(1) << (any >> 16 & 63));
	case 5:
		return (0x30000000 + (any >> 8 & 0x1fffffff)) |
		       (0x30000000 + (rng_next(r) & 0x9fffffff)) << 32;
	}
	return rng_next(r);
}

uint64_t rng_operand(struct rng *r)
{
	static const uint64_t edge[] = {
		0,
		1,
		2,
		0x7f,
		0x80,
		0xff,
		0x7fff,
		0x8000,
		0xffff,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xffffffffffffffff,
		0xfffffffffffffffe,
	};
	uint64_t any = rng_next(r);

	switch (any & 7) {
	case 0:
	case 1:
		return edge[any >> 8 & 15];
	case 2:
		return (int64_t)rng_next(r) >> (any >> 8 & 63);
	case 3:
		return rng_float(r);
	}
	return rng_next(r) >> (any >> 8 & 63);
}
