/*
 * fork.c: what an instruction needs and costs in each fork, from the table in
 * opcodes.h; and the names of forks, statuses and instructions.
 */
#include <string.h>

#include "evm/frame.h"
#include "evm/opcodes.h"

/* Heights from `in` on, as long as the results still fit. */
#define ROOM(in, out) \
	(EVM_STACK_MAX + 1 - (in) - ((out) > (in) ? (out) - (in) : 0))
#define ROW(F, value, name, in, out, gas, since) \
	[value] = {.room = ROOM(in, out), .min = (in), .delta = (out) - (in)},

const struct evm_op evm_ops[256] = {EVM_OPCODES(ROW, _)};

#define ALL_BYTES [0 ... 255] = EVM_NO_OP
#define GAS(F, value, name, in, out, gas, since) \
	[value] = (F) >= EVM_##since ? (gas) : EVM_NO_OP,
#define FORK_GAS(name, text) \
	[EVM_##name] = {ALL_BYTES, EVM_OPCODES(GAS, EVM_##name)},

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const uint16_t evm_op_gas[EVM_FORK_COUNT][256] = {EVM_FORKS(FORK_GAS)};
#pragma GCC diagnostic pop

#define FORK_NAME(name, text) {#name, text},

static const struct {
	const char *name, *text;
} fork_names[EVM_FORK_COUNT] = {EVM_FORKS(FORK_NAME)};

#define STATUS_TEXT(name, text) text,

static const char *const status_texts[EVM_STATUS_COUNT] = {
	EVM_STATUSES(STATUS_TEXT)};

#define OPCODE_NAME(F, value, name, in, out, gas, since) [value] = #name,

static const char *const opcode_names[256] = {EVM_OPCODES(OPCODE_NAME, _)};

const char *evm_fork_name(enum evm_fork fork)
{
	return fork < EVM_FORK_COUNT ? fork_names[fork].text : "?";
}

/* Equal but for case and the underscores of `name`. */
static bool same_name(const char *name, const char *typed)
{
	for (; *name; name++) {
		if (*name == '_')
			continue;
		if ((*name | 0x20) != (*typed++ | 0x20))
			return false;
	}
	return *typed == 0;
}

/* What else they are called: the fixtures' and the clients' older names. */
static const struct {
	const char *name;
	enum evm_fork fork;
} fork_aliases[] = {
	{"MuirGlacier", EVM_ISTANBUL}, {"ArrowGlacier", EVM_LONDON},
	{"GrayGlacier", EVM_LONDON},   {"Merge", EVM_PARIS},
	{"BPO1", EVM_OSAKA},	       {"BPO2", EVM_OSAKA},
	{"BPO3", EVM_OSAKA},	       {"BPO4", EVM_OSAKA},
	{"BPO5", EVM_OSAKA},
};

enum evm_fork evm_fork_find(const char *name)
{
	enum evm_fork fork = 0;

	for (size_t i = 0; i < sizeof(fork_aliases) / sizeof(fork_aliases[0]);
	     i++)
		if (same_name(fork_aliases[i].name, name))
			return fork_aliases[i].fork;
	while (fork < EVM_FORK_COUNT &&
	       !same_name(fork_names[fork].name, name) &&
	       !same_name(fork_names[fork].text, name))
		fork++;
	return fork;
}

const char *evm_status_text(enum evm_status status)
{
	return status < EVM_STATUS_COUNT ? status_texts[status] : "?";
}

const char *evm_opcode_name(enum evm_fork fork, uint8_t opcode)
{
	if (fork >= EVM_FORK_COUNT || evm_op_gas[fork][opcode] == EVM_NO_OP)
		return NULL;
	if (opcode == OP_DIFFICULTY && fork >= EVM_PARIS)
		return "PREVRANDAO";
	return opcode_names[opcode];
}
