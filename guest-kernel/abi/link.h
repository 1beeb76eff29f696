/*
 * link.h: the debug link: how a person at the host's shell acts in the guest,
 * through the init program and the capabilities that it holds.
 *
 * On COM2, one frame from the host, one frame back; nothing comes unasked.
 * All numbers little-endian:
 *
 *	 0  magic	d5h 1bh
 *	 2  version	LINK_VERSION
 *	 3  kind	enum link_kind; of the answer with LINK_ANSWER
 *	 4  sequence	of the request; the answer has the same
 *	 8  length	of the payload, to LINK_PAYLOAD_MAX
 *	10  check	the low half of the CRC-32C of bytes 0..9
 *	12  payload
 *	 +  CRC-32C	of all before
 *
 * What is no frame is passed over, byte by byte, on both sides. A request
 * whose sequence is that of the one before is that one again, because its
 * answer was lost: it gets the same answer and nothing is done twice. A HELLO
 * is always answered anew; a host begins with one.
 *
 * The codec is here, so that both ends share it; like all of the ABI it needs
 * nothing but <stdint.h>.
 */
#ifndef ABI_LINK_H
#define ABI_LINK_H

#include <stdint.h>

#define LINK_VERSION	 1
#define LINK_MAGIC_0	 0xd5
#define LINK_MAGIC_1	 0x1b
#define LINK_HEAD	 12u
#define LINK_PAYLOAD_MAX 1280u
#define LINK_FRAME_MAX	 (LINK_HEAD + LINK_PAYLOAD_MAX + 4u)

#define LINK_ANSWER	 0x80u

/*
 * HELLO	no payload; struct link_hello
 * SYSCALL	struct link_syscall and its data; struct link_result and data
 *
 * A request that cannot be served is answered by LINK_REFUSED, payload struct
 * link_refusal.
 */
enum link_kind { LINK_HELLO = 1, LINK_SYSCALL = 2 };

#define LINK_REFUSED 0xffu

enum link_reason {
	LINK_BAD_VERSION = 1,
	LINK_BAD_KIND = 2,
	LINK_BAD_LENGTH = 3,
	LINK_NOT_HERE = 4, /* the call would end or change the server itself */
};

struct link_refusal {
	uint32_t reason; /* enum link_reason */
	uint32_t version;
};

struct link_hello {
	uint32_t abi_version;
	uint32_t label_count;
	uint64_t child_entry, child_stack; /* for `start child` */
};

/*
 * The registers of a system call (syscall.h, message.h), as they are to be.
 * Of r13 the host gives how long to wait at most, in nanoseconds: the server
 * makes a deadline of it, for every call that can wait, and says so to the
 * kernel. It waits for LINK_WAIT_MAX_NS at most.
 *
 * `data_len` bytes follow, for the task buffer's data; with LINK_CAPS before
 * them what its `send` and `receive` are to hold. Of the answer, `want` bytes
 * of the buffer's data follow; with LINK_CAPS nothing more.
 */
struct link_syscall {
	uint64_t rax, rdi, rsi, rdx, r10, r8, r9, r12, wait_ns;
	uint16_t data_len, want;
	uint32_t flags;
};

#define LINK_CAPS	 1u
#define LINK_CAPS_BYTES	 96u /* struct message_cap, 3 + 3 */
#define LINK_WAIT_MAX_NS UINT64_C(60000000000)

struct link_result {
	uint64_t rax, rdi, rsi, rdx, r10, r8, r9;
};

_Static_assert(sizeof(struct link_syscall) == 80, "ABI");
_Static_assert(sizeof(struct link_result) == 56, "ABI");
_Static_assert(sizeof(struct link_syscall) + LINK_CAPS_BYTES + 1024 <=
		       LINK_PAYLOAD_MAX,
	       "ABI");

/* ---- the codec ---- */

/* CRC-32C (Castagnoli), a bit at a time: frames are small. */
static inline uint32_t link_crc(const uint8_t *bytes, uint32_t len)
{
	uint32_t crc = ~UINT32_C(0);

	for (uint32_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (UINT32_C(0x82f63b78) & -(crc & 1));
	}
	return ~crc;
}

static inline void link_put(uint8_t *at, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = value >> 8 * i & 0xff;
}

static inline uint32_t link_get(const uint8_t *at, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)at[i] << 8 * i;
	return value;
}

/*
 * Make a frame around the payload, which stands at frame + LINK_HEAD already
 * and is no longer than allowed. Returns the frame's length.
 */
static inline uint32_t link_seal(uint8_t *frame, uint8_t kind,
				 uint32_t sequence, uint32_t length)
{
	frame[0] = LINK_MAGIC_0;
	frame[1] = LINK_MAGIC_1;
	frame[2] = LINK_VERSION;
	frame[3] = kind;
	link_put(frame + 4, sequence, 4);
	link_put(frame + 8, length, 2);
	link_put(frame + 10, link_crc(frame, 10) & 0xffff, 2);
	link_put(frame + LINK_HEAD + length,
		 link_crc(frame, LINK_HEAD + length), 4);
	return LINK_HEAD + length + 4;
}

/* Bytes as they come in; a good frame begins at byte[0]. */
struct link_parser {
	uint32_t len;	/* bytes that are here */
	uint32_t frame; /* the good frame's length; 0: none was given out */
	uint64_t lost;	/* bytes that belonged to no frame */
	uint8_t byte[LINK_FRAME_MAX];
};

struct link_frame {
	uint8_t version, kind;
	uint16_t length;
	uint32_t sequence;
	const uint8_t *payload; /* in the parser; until the next byte */
};

/* 0: a good frame is there; 1: it may become one; -1: it never will. */
static inline int link_judge(const struct link_parser *p)
{
	const uint8_t *b = p->byte;
	uint32_t total;

	if (b[0] != LINK_MAGIC_0 || (p->len > 1 && b[1] != LINK_MAGIC_1))
		return -1;
	if (p->len < LINK_HEAD)
		return 1;
	total = LINK_HEAD + link_get(b + 8, 2) + 4;
	if (total > LINK_FRAME_MAX ||
	    link_get(b + 10, 2) != (link_crc(b, 10) & 0xffff))
		return -1;
	if (p->len < total)
		return 1;
	return link_get(b + total - 4, 4) == link_crc(b, total - 4) ? 0 : -1;
}

/* Forget the first bytes, and those behind them that begin no frame. */
static inline void link_drop(struct link_parser *p, uint32_t count)
{
	while (count < p->len && p->byte[count] != LINK_MAGIC_0) {
		count++;
		p->lost++;
	}
	for (uint32_t i = count; i < p->len; i++)
		p->byte[i - count] = p->byte[i];
	p->len -= count;
}

/*
 * Take a byte. There is always room: a full parser holds a frame, or what is
 * none. Ask link_next() after each.
 */
static inline void link_push(struct link_parser *p, uint8_t byte)
{
	p->byte[p->len++] = byte;
}

/* The next frame, if there is one; the one before is forgotten. */
static inline int link_next(struct link_parser *p, struct link_frame *f)
{
	int found = -1;

	if (p->frame)
		link_drop(p, p->frame);
	p->frame = 0;
	while (p->len && (found = link_judge(p)) < 0) {
		p->lost++;
		link_drop(p, 1);
	}
	if (!p->len || found > 0)
		return 0;
	f->version = p->byte[2];
	f->kind = p->byte[3];
	f->sequence = link_get(p->byte + 4, 4);
	f->length = link_get(p->byte + 8, 2);
	f->payload = p->byte + LINK_HEAD;
	p->frame = LINK_HEAD + f->length + 4;
	return 1;
}

#endif
