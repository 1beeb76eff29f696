/*
 * fuzz_evm_json.c: state tests that are wrong in any way: the input cuts,
 * changes and inserts bytes in a good one, which is then read and, if it can
 * be, run. Nothing is said of the result but that there is one.
 */
#include <stdlib.h>
#include <string.h>

#include "evm/tool/statecase.h"

#define HASH                                                                   \
	"\"0x0101010101010101010101010101010101010101010101010101010101010101" \
	"\""

static const char good[] =
	"{\"env\":{\"currentCoinbase\":"
	"\"0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba\","
	"\"currentGasLimit\":\"0x989680\",\"currentNumber\":\"0x1\","
	"\"currentTimestamp\":\"0x3e8\",\"currentRandom\":\"0x20\","
	"\"currentBaseFee\":\"0x0a\",\"currentExcessBlobGas\":\"0x0\"},"
	"\"pre\":{\"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b\":{"
	"\"balance\":\"0xffffffffff\",\"code\":\"0x\",\"nonce\":\"0x0\","
	"\"storage\":{}},\"0x095e7baea6a6c7c4c2dfeb977efac326af552d87\":{"
	"\"balance\":\"1000\",\"code\":\"0x600160005560016000f3\","
	"\"nonce\":\"0x1\",\"storage\":{\"0x01\":\"0x02\"}}},"
	"\"transaction\":{\"data\":[\"0x1234\"],\"gasLimit\":[\"0x30000\"],"
	"\"value\":[\"0x1\"],\"maxFeePerGas\":\"0x20\","
	"\"maxPriorityFeePerGas\":\"0x1\",\"nonce\":\"0x0\",\"sender\":"
	"\"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b\",\"to\":"
	"\"0x095e7baea6a6c7c4c2dfeb977efac326af552d87\",\"accessLists\":[[{"
	"\"address\":\"0x095e7baea6a6c7c4c2dfeb977efac326af552d87\","
	"\"storageKeys\":[\"0x01\"]}]],\"authorizationList\":[{\"chainId\":"
	"\"0x1\",\"address\":\"0x095e7baea6a6c7c4c2dfeb977efac326af552d87\","
	"\"nonce\":\"0x0\",\"v\":\"0x0\",\"r\":\"0x5\",\"s\":\"0x6\"}]},"
	"\"config\":{\"chainid\":\"0x01\",\"blobSchedule\":{\"Prague\":{"
	"\"target\":\"0x6\",\"max\":\"0x9\",\"baseFeeUpdateFraction\":"
	"\"0x4c6964\"}}},"
	"\"post\":{\"Prague\":[{\"hash\":" HASH ",\"logs\":" HASH ","
	"\"indexes\":{\"data\":0,\"gas\":0,\"value\":0}}]}}";

/* Three bytes of the input are a place, what to do, and with what. */
static size_t spoil(const uint8_t *data, size_t size, char *text)
{
	static const char liked[] = "0x\"{}[],:-1f";
	size_t len = sizeof(good) - 1, at;
	size_t edits = size > 0 ? data[0] % 4 : 0;

	memcpy(text, good, len);
	for (size_t i = 1; i + 3 < size && i < 1 + 4 * edits; i += 4) {
		at = (data[i] | (size_t)data[i + 1] << 8) % len;
		switch (data[i + 2] % 4) {
		case 0:
			text[at] = (char)data[i + 3];
			break;
		case 1:
			text[at] = liked[data[i + 3] % (sizeof(liked) - 1)];
			break;
		case 2: /* a stretch is gone */
			if (len - at > data[i + 3] && len > 300) {
				memmove(text + at, text + at + data[i + 3],
					len - at - data[i + 3]);
				len -= data[i + 3];
			}
			break;
		default: /* digits swell */
			memmove(text + at + 8, text + at, len - at);
			memset(text + at, '0' + data[i + 3] % 10, 8);
			len += 8;
		}
	}
	return len;
}

static void run(json_t *test)
{
	json_t *posts = json_object_get(test, "post"), *cases;
	struct statecase *t = calloc(1, sizeof(*t));
	struct evm_receipt receipt;
	const char *fork;

	if (!t)
		abort();
	json_object_foreach(posts, fork, cases)
	{
		json_t *post = json_array_get(cases, 0);

		memset(t, 0, sizeof(*t));
		t->evm.fork = evm_fork_find(fork);
		if (t->evm.fork == EVM_FORK_COUNT)
			continue;
		if (!statecase_load(t, test, fork, post) ==
		    !t->reader.problem[0])
			abort(); /* a refusal says why */
		if (!t->reader.problem[0] && t->tx.tx.gas_limit < 10000000)
			evm_transact(&t->evm, &t->tx.tx, &receipt);
		statecase_unload(t);
	}
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[sizeof(good) + 64];
	size_t len = spoil(data, size, text);
	json_t *test = json_loadb(text, len, 0, NULL);

	if (json_is_object(test))
		run(test);
	json_decref(test);
	return 0;
}
