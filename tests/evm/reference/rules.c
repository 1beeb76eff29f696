/*
 * rules.c: the instruction set by the yellow paper and the EIPs, number by
 * number, on purpose without evm/opcodes.h.
 */
#include "tests/evm/reference/rules.h"
#include "tests/evm/reference/reference.h"

static struct ref_rule rule(bool defined, unsigned in, unsigned out,
			    int64_t gas)
{
	return (struct ref_rule){defined, in, out, gas};
}

static int64_t account_gas(enum evm_fork fork, int64_t frontier, int64_t eip150)
{
	if (fork >= EVM_BERLIN)
		return 100;
	if (fork >= EVM_ISTANBUL)
		return 700;
	return fork >= EVM_TANGERINE_WHISTLE ? eip150 : frontier;
}

static int64_t sload_gas(enum evm_fork fork)
{
	if (fork >= EVM_BERLIN)
		return 100;
	if (fork >= EVM_ISTANBUL)
		return 800;
	return fork >= EVM_TANGERINE_WHISTLE ? 200 : 50;
}

static int64_t call_gas(enum evm_fork fork)
{
	if (fork >= EVM_BERLIN)
		return 100;
	return fork >= EVM_TANGERINE_WHISTLE ? 700 : 40;
}

static struct ref_rule arithmetic(enum evm_fork fork, uint8_t op)
{
	switch (op) {
	case 0x00:
		return rule(true, 0, 0, 0);
	case 0x01:
	case 0x03:
	case 0x10 ... 0x14:
	case 0x16 ... 0x18:
	case 0x1a:
		return rule(true, 2, 1, 3);
	case 0x02:
	case 0x04 ... 0x07:
	case 0x0b:
		return rule(true, 2, 1, 5);
	case 0x08:
	case 0x09:
		return rule(true, 3, 1, 8);
	case 0x0a:
		return rule(true, 2, 1, 10);
	case 0x15:
	case 0x19:
		return rule(true, 1, 1, 3);
	case 0x1b ... 0x1d:
		return rule(fork >= EVM_CONSTANTINOPLE, 2, 1, 3);
	case 0x1e:
		return rule(fork >= EVM_OSAKA, 1, 1, 5);
	case 0x20:
		return rule(true, 2, 1, 30);
	default:
		return rule(false, 0, 0, 0);
	}
}

static struct ref_rule surroundings(enum evm_fork fork, uint8_t op)
{
	switch (op) {
	case 0x30:
	case 0x32 ... 0x34:
	case 0x36:
	case 0x38:
	case 0x3a:
	case 0x41 ... 0x45:
		return rule(true, 0, 1, 2);
	case 0x31:
		return rule(true, 1, 1, account_gas(fork, 20, 400));
	case 0x35:
		return rule(true, 1, 1, 3);
	case 0x37:
	case 0x39:
		return rule(true, 3, 0, 3);
	case 0x3b:
		return rule(true, 1, 1, account_gas(fork, 20, 700));
	case 0x3c:
		return rule(true, 4, 0, account_gas(fork, 20, 700));
	case 0x3d:
		return rule(fork >= EVM_BYZANTIUM, 0, 1, 2);
	case 0x3e:
		return rule(fork >= EVM_BYZANTIUM, 3, 0, 3);
	case 0x3f:
		return rule(fork >= EVM_CONSTANTINOPLE, 1, 1,
			    account_gas(fork, 400, 400));
	case 0x40:
		return rule(true, 1, 1, 20);
	case 0x46:
		return rule(fork >= EVM_ISTANBUL, 0, 1, 2);
	case 0x47:
		return rule(fork >= EVM_ISTANBUL, 0, 1, 5);
	case 0x48:
		return rule(fork >= EVM_LONDON, 0, 1, 2);
	case 0x49:
		return rule(fork >= EVM_CANCUN, 1, 1, 3);
	case 0x4a:
		return rule(fork >= EVM_CANCUN, 0, 1, 2);
	default:
		return rule(false, 0, 0, 0);
	}
}

static struct ref_rule memory_and_flow(enum evm_fork fork, uint8_t op)
{
	switch (op) {
	case 0x50:
		return rule(true, 1, 0, 2);
	case 0x51:
		return rule(true, 1, 1, 3);
	case 0x52:
	case 0x53:
		return rule(true, 2, 0, 3);
	case 0x54:
		return rule(true, 1, 1, sload_gas(fork));
	case 0x55:
		return rule(true, 2, 0, 0);
	case 0x56:
		return rule(true, 1, 0, 8);
	case 0x57:
		return rule(true, 2, 0, 10);
	case 0x58 ... 0x5a:
		return rule(true, 0, 1, 2);
	case 0x5b:
		return rule(true, 0, 0, 1);
	case 0x5c:
		return rule(fork >= EVM_CANCUN, 1, 1, 100);
	case 0x5d:
		return rule(fork >= EVM_CANCUN, 2, 0, 100);
	case 0x5e:
		return rule(fork >= EVM_CANCUN, 3, 0, 3);
	case 0x5f:
		return rule(fork >= EVM_SHANGHAI, 0, 1, 2);
	default:
		return rule(false, 0, 0, 0);
	}
}

static struct ref_rule system(enum evm_fork fork, uint8_t op)
{
	switch (op) {
	case 0xf0:
		return rule(true, 3, 1, 32000);
	case 0xf1:
	case 0xf2:
		return rule(true, 7, 1, call_gas(fork));
	case 0xf3:
		return rule(true, 2, 0, 0);
	case 0xf4:
		return rule(fork >= EVM_HOMESTEAD, 6, 1, call_gas(fork));
	case 0xf5:
		return rule(fork >= EVM_CONSTANTINOPLE, 4, 1, 32000);
	case 0xfa:
		return rule(fork >= EVM_BYZANTIUM, 6, 1, call_gas(fork));
	case 0xfd:
		return rule(fork >= EVM_BYZANTIUM, 2, 0, 0);
	case 0xff:
		return rule(true, 1, 0,
			    fork >= EVM_TANGERINE_WHISTLE ? 5000 : 0);
	default:
		return rule(false, 0, 0, 0);
	}
}

struct ref_rule ref_rule_of(enum evm_fork fork, uint8_t op)
{
	if (op <= 0x2f)
		return arithmetic(fork, op);
	if (op <= 0x4f)
		return surroundings(fork, op);
	if (op <= 0x5f)
		return memory_and_flow(fork, op);
	if (op <= 0x7f)
		return rule(true, 0, 1, 3);
	if (op <= 0x8f)
		return rule(true, op - 0x7fu, op - 0x7fu + 1, 3);
	if (op <= 0x9f)
		return rule(true, op - 0x8fu + 1, op - 0x8fu + 1, 3);
	if (op >= 0xa0 && op <= 0xa4)
		return rule(true, op - 0xa0u + 2, 0, 375 * (op - 0xa0 + 1));
	return system(fork, op);
}

static bool same(struct u256 a, struct u256 b)
{
	return ref_zero(ref_sub(a, b));
}

/* EIP-2200's text, with each fork's numbers; EIP-1283 is the same at 200. */
void ref_store_rule(enum evm_fork fork, struct u256 original,
		    struct u256 current, struct u256 value, int64_t *gas,
		    int64_t *refund)
{
	bool net = fork == EVM_CONSTANTINOPLE || fork >= EVM_ISTANBUL;
	int64_t sload = fork >= EVM_BERLIN	     ? 100
			: fork == EVM_CONSTANTINOPLE ? 200
						     : 800;
	int64_t reset = fork >= EVM_BERLIN ? 5000 - 2100 : 5000;
	int64_t clears = fork >= EVM_LONDON ? 4800 : 15000;

	*refund = 0;
	if (!net) {
		*gas = ref_zero(current) && !ref_zero(value) ? 20000 : 5000;
		if (!ref_zero(current) && ref_zero(value))
			*refund = 15000;
		return;
	}
	*gas = sload;
	if (same(current, value))
		return;
	if (same(original, current)) {
		*gas = ref_zero(original) ? 20000 : reset;
		if (!ref_zero(original) && ref_zero(value))
			*refund += clears;
		return;
	}
	if (!ref_zero(original)) {
		if (ref_zero(current))
			*refund -= clears;
		if (ref_zero(value))
			*refund += clears;
	}
	if (same(original, value))
		*refund += ref_zero(original) ? 20000 - sload : reset - sload;
}
