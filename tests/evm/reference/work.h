/* work.h: a frame in the hands of the reference interpreter. */
#ifndef TESTS_EVM_REFERENCE_WORK_H
#define TESTS_EVM_REFERENCE_WORK_H

#include "tests/evm/reference/reference.h"

/* A frame that is being run, and how it ends: -1 while it does not. */
struct work {
	struct evm_frame *f;
	enum evm_fork fork;
	int end;   /* -1, a status, or EVM_WANTS_CALL */
	int error; /* an error number */
};

struct u256 ref_pop(struct work *w);
void ref_push(struct work *w, struct u256 value);
void ref_push_number(struct work *w, uint64_t value);
void ref_push_bytes(struct work *w, const uint8_t *bytes, size_t len);
void ref_fail(struct work *w, enum evm_status status);
void ref_check(struct work *w, int err);
void ref_pay(struct work *w, u256_wide gas);
void ref_pay_by_word(struct work *w, struct u256 len, unsigned each);
void ref_expand(struct work *w, struct u256 offset, struct u256 len);
struct evm_address ref_address_of(struct u256 word);
void ref_pay_cold(struct work *w, const struct evm_address *addr, int gas);
struct u256 ref_balance_of(struct work *w, const struct evm_address *addr);
const struct evm_code *ref_code_of(struct work *w,
				   const struct evm_address *addr);

/* storage.c */
void ref_pay_cold_slot(struct work *w, struct u256 key, int gas);
void ref_store(struct work *w);
void ref_transient(struct work *w, bool stores);

/* calls.c */
void ref_self_destruct(struct work *w);
void ref_create(struct work *w, bool salted);
void ref_call(struct work *w, uint8_t op);

#endif
