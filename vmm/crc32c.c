/* crc32c.c: eight bytes at a time by tables, so that memory goes fast. */
#include "vmm/crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* 1EDC6F41h, low bit first */

static uint32_t table[8][256];

/* table[k][b]: what byte `b` adds k bytes later. */
static void fill_tables(void)
{
	for (unsigned b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][b] = crc;
	}
	for (unsigned b = 0; b < 256; b++)
		for (int k = 1; k < 8; k++) {
			uint32_t before = table[k - 1][b];

			table[k][b] = before >> 8 ^ table[0][before & 0xff];
		}
}

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	if (!table[0][1])
		fill_tables();
	crc = ~crc;
	for (; len >= 8; p += 8, len -= 8)
		crc = table[7][p[0] ^ (crc & 0xff)] ^
		      table[6][p[1] ^ (crc >> 8 & 0xff)] ^
		      table[5][p[2] ^ (crc >> 16 & 0xff)] ^
		      table[4][p[3] ^ crc >> 24] ^ table[3][p[4]] ^
		      table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	for (; len; p++, len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return ~crc;
}
