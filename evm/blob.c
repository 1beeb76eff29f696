/* blob.c: EIP-4844: how many blobs a block may have, and what they cost. */
#include "evm/evm.h"

struct evm_blob_schedule evm_blob_schedule(enum evm_fork fork)
{
	if (fork < EVM_CANCUN)
		return (struct evm_blob_schedule){0};
	if (fork < EVM_PRAGUE)
		return (struct evm_blob_schedule){3, 6, 3338477};
	return (struct evm_blob_schedule){6, 9, 5007716}; /* EIP-7691 */
}

/*
 * e^(excess / fraction), as the sum of its Taylor series in integers. The sum
 * carries `fraction` as a factor, which is taken out at the end; what passes
 * 256 bits is more than anyone can pay, and is the largest number.
 */
struct u256 evm_blob_base_fee(uint64_t excess_gas, uint64_t fraction)
{
	struct u256 excess = u256_from(excess_gas), one = u256_from(fraction);
	struct u256 term = one, sum = u256_from(0), divisor;
	uint64_t product[8];

	for (uint64_t i = 1; !u256_is_zero(&term); i++) {
		sum = u256_add(&sum, &term);
		u256_mul_full(product, &term, &excess);
		if (product[4] || u256_less(&sum, &term))
			return u256_not(&(struct u256){{0}});
		term = (struct u256){
			{product[0], product[1], product[2], product[3]}};
		divisor = u256_from(i);
		divisor = u256_mul(&one, &divisor);
		term = u256_div(&term, &divisor);
	}
	return u256_div(&sum, &one);
}
