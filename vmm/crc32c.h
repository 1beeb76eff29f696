/* crc32c.h: the Castagnoli CRC (RFC 3720 B.4), as iSCSI and ext4 use it. */
#ifndef VMM_CRC32C_H
#define VMM_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Go on from `crc`, 0 at first: pieces in a row give the whole's. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

#endif
