/*
 * zydis_legal.h: is it an instruction? The simulator's decoder and Zydis on
 * the same bytes, of 64-bit or 32-bit code.
 */
#ifndef TESTS_UNIT_ZYDIS_LEGAL_H
#define TESTS_UNIT_ZYDIS_LEGAL_H

#include <stdint.h>

#include <Zydis/Zydis.h>

/* How the two differ, or NULL: they agree, or differ for a reason. */
const char *zydis_differs(const ZydisDecoder *decoder, const uint8_t byte[15],
			  unsigned bits);

#endif
