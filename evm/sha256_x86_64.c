/*
 * sha256_x86_64.c: SHA-256 by the processor's own instructions (SHA
 * extensions), which do two rounds each, for sha256.c. It is built apart, as
 * the rest of the library does without vectors.
 */
#include <immintrin.h>

#include "evm/sha256.h"

/* The words four rounds from now: `w` is the oldest of the last four fours. */
#define SCHEDULE(w, x, y, z)                                      \
	do {                                                      \
		(w) = _mm_sha256msg1_epu32(w, x);                 \
		(w) = _mm_add_epi32(w, _mm_alignr_epi8(z, y, 4)); \
		(w) = _mm_sha256msg2_epu32(w, z);                 \
	} while (0)

/* Four rounds. The instructions want the state's words in this order. */
#define ROUNDS(w, i)                                                          \
	do {                                                                  \
		__m128i sum = _mm_add_epi32(                                  \
			w,                                                    \
			_mm_loadu_si128((const __m128i *)(constants + (i)))); \
                                                                              \
		cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);                \
		abef = _mm_sha256rnds2_epu32(abef, cdgh,                      \
					     _mm_shuffle_epi32(sum, 0x0e));   \
	} while (0)

__attribute__((target("sha,sse4.1"))) static __m128i load(const uint8_t *p)
{
	const __m128i order =
		_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p), order);
}

__attribute__((target("sha,sse4.1"))) void evm_sha256_blocks_x86_64(
	uint32_t h[8], const uint8_t *data, size_t blocks,
	const uint32_t constants[64])
{
	__m128i *state = (__m128i *)h;
	__m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(state), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(state + 1), 0x1b);
	__m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
	__m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);

	for (; blocks > 0; blocks--, data += 64) {
		__m128i a = load(data), b = load(data + 16);
		__m128i c = load(data + 32), d = load(data + 48);
		__m128i abef_before = abef, cdgh_before = cdgh;

		for (int i = 0; i < 48; i += 16) {
			ROUNDS(a, i);
			SCHEDULE(a, b, c, d);
			ROUNDS(b, i + 4);
			SCHEDULE(b, c, d, a);
			ROUNDS(c, i + 8);
			SCHEDULE(c, d, a, b);
			ROUNDS(d, i + 12);
			SCHEDULE(d, a, b, c);
		}
		ROUNDS(a, 48);
		ROUNDS(b, 52);
		ROUNDS(c, 56);
		ROUNDS(d, 60);
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	abef = _mm_shuffle_epi32(abef, 0x1b);
	cdgh = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128(state, _mm_blend_epi16(abef, cdgh, 0xf0));
	_mm_storeu_si128(state + 1, _mm_alignr_epi8(cdgh, abef, 8));
}
