/*
 * frame.h: one frame of execution, and the interpreter that runs it.
 *
 * The interpreter runs a frame until it ends or wants a call. It calls
 * nothing itself: it leaves the message in frame->call, and who drives it
 * (call.c) makes the call, writes the result to the frame and runs it on. So
 * the depth of calls is not the depth of the C stack, and another driver (an
 * adapter to a foreign host) can take its place.
 */
#ifndef EVM_FRAME_H
#define EVM_FRAME_H

#include "evm/evm.h"

#define EVM_STACK_MAX	      1024

/* EIP-3860, since Shanghai */
#define EVM_INITCODE_MAX      49152
#define EVM_GAS_INITCODE_WORD 2

/*
 * Code made ready to run: a copy with zero bytes before it and behind it, so
 * that neither the ends nor a PUSH's data need a check (zero is STOP), and
 * the map of its JUMPDESTs, a bit for each byte, filled as they are met.
 */
#define EVM_CODE_PADDING      33

struct evm_fast;

struct evm_code {
	size_t refs;
	size_t len;
	size_t heat;	       /* gas used in it by the plain loop */
	struct evm_fast *fast; /* translated, once it is hot (fast.h) */
	uint8_t *jumpdests;
	size_t scanned; /* all are known up to here, an instruction */
	size_t steps;	/* made to find others */
	bool hashed;	/* hash is known */
	struct evm_hash hash;
	uint8_t before[32];
	uint8_t bytes[];
};

struct evm_code *evm_code_create(const struct evm_allocator *alloc,
				 const uint8_t *bytes, size_t len);
/* A copy of the reference; NULL stays NULL. */
struct evm_code *evm_code_ref(const struct evm_code *code);
void evm_code_unref(const struct evm_allocator *alloc, struct evm_code *code);

/* Of no bytes for NULL; kept once it is known. */
void evm_code_hash(const struct evm_code *code, struct evm_hash *hash);

/* EIP-7702: code that says where to find the code; NULL if it is other code. */
const struct evm_address *evm_code_delegate(const struct evm_code *code);

/* Marks all that begin up to pc. */
void evm_code_scan(struct evm_code *code, size_t pc);
/* evm_code_is_jumpdest() for what is not marked in the map. */
bool evm_code_find(struct evm_code *code, uint64_t pc);

static inline bool evm_code_is_jumpdest(struct evm_code *code, uint64_t pc)
{
	return pc < code->len && (code->jumpdests[pc / 8] >> (pc % 8) & 1 ||
				  evm_code_find(code, pc));
}

/* Bytes that grow: frame memory, return data. */
struct evm_buffer {
	uint8_t *bytes;
	size_t len, size;
};

struct evm_frame {
	const struct evm *evm;
	const struct evm_host_ops *host;
	void *host_ctx;
	struct evm_message msg;
	struct evm_code *code;
	size_t snapshot; /* of the state, to go back to if it fails */

	size_t pc;
	int64_t gas;
	size_t height;		       /* of the stack */
	struct evm_buffer memory;      /* zeros from len to size */
	struct evm_buffer return_data; /* of the last call it made */

	/* When it wants a call: what, and where its output goes. */
	bool calling;
	struct evm_message call;
	size_t call_out, call_out_len;

	/* When it has ended. */
	enum evm_status status;
	size_t output, output_len; /* in memory */

	_Alignas(32) struct u256 stack[EVM_STACK_MAX];
};

/* 0, and frame->calling says which of the two it is; or an error number. */
int evm_interpret(struct evm_frame *f);

/*
 * The result of the call that the frame wanted goes to its stack, memory and
 * return data; then it can be run on.
 */
int evm_frame_resume(struct evm *evm, struct evm_frame *f,
		     const struct evm_result *result);

/*
 * The checks before an instruction: `room` is how many stack heights, from
 * `min` up, it can run at. And its static cost in each fork, EVM_NO_OP if it
 * is none there.
 */
struct evm_op {
	uint16_t room;
	uint8_t min;
	int8_t delta; /* of the height */
};

#define EVM_NO_OP UINT16_MAX

extern const struct evm_op evm_ops[256];
extern const uint16_t evm_op_gas[EVM_FORK_COUNT][256];

/*
 * Instructions with their own rules for memory, state or calls (ops.c). They
 * take f->gas and the place above the top of the stack, leave the result in
 * the lowest operand's place, and return 0, a status, EVM_WANTS_CALL or an
 * error number.
 */
#define EVM_WANTS_CALL EVM_STATUS_COUNT

int evm_op_other(struct evm_frame *f, uint8_t opcode, struct u256 *sp);

/* Pay for and make memory up to offset + len; zero when it is there. */
int evm_memory_expand(struct evm_frame *f, const struct u256 *offset,
		      const struct u256 *len);

static inline struct u256 evm_address_word(const struct evm_address *a)
{
	return u256_load_bytes(a->bytes, sizeof(a->bytes));
}

static inline struct evm_address evm_word_address(const struct u256 *w)
{
	struct evm_address a;
	uint8_t bytes[32];

	u256_store(bytes, w);
	__builtin_memcpy(a.bytes, bytes + 12, sizeof(a.bytes));
	return a;
}

#endif
