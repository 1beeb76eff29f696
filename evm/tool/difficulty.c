/* difficulty.c: see difficulty.h. EIP-2, EIP-100, EIP-649 and its like. */
#include <strings.h>

#include "evm/tool/difficulty.h"

#define UNIT	   2048	  /* of the parent's, a step */
#define STEPS_MOST 99	  /* downwards */
#define PERIOD	   100000 /* blocks in which the bomb doubles */

uint64_t difficulty_bomb_delay(enum evm_fork fork)
{
	if (fork >= EVM_LONDON)
		return 9700000;
	if (fork >= EVM_BERLIN)
		return 9000000;
	if (fork >= EVM_CONSTANTINOPLE)
		return 5000000;
	return fork >= EVM_BYZANTIUM ? 3000000 : 0;
}

uint64_t difficulty_named_delay(const char *fork)
{
	static const struct {
		const char *name;
		uint64_t delay;
	} glaciers[] = {{"MuirGlacier", 9000000},
			{"ArrowGlacier", 10700000},
			{"GrayGlacier", 11400000}};

	for (size_t i = 0; i < sizeof(glaciers) / sizeof(glaciers[0]); i++)
		if (strcasecmp(fork, glaciers[i].name) == 0)
			return glaciers[i].delay;
	return difficulty_bomb_delay(evm_fork_find(fork));
}

static struct u256 adjusted(const struct u256 *parent, int64_t steps)
{
	struct u256 minimum = u256_from(DIFFICULTY_MINIMUM),
		    unit = u256_from(UNIT);
	struct u256 count = u256_from((uint64_t)(steps < 0 ? -steps : steps));
	struct u256 change, result;

	change = u256_div(parent, &unit);
	change = u256_mul(&change, &count);
	if (steps >= 0)
		result = u256_add(parent, &change);
	else if (u256_sub_borrow(&result, parent, &change))
		result = minimum;
	return u256_less(&result, &minimum) ? minimum : result;
}

struct u256 difficulty_next(enum evm_fork fork, uint64_t bomb_delay,
			    uint64_t number, uint64_t timestamp,
			    const struct parent_block *parent)
{
	int64_t elapsed = (int64_t)(timestamp - parent->timestamp);
	struct u256 difficulty, one = u256_from(1), bomb;
	int64_t steps;
	uint64_t period;

	if (fork < EVM_HOMESTEAD)
		steps = elapsed < 13 ? 1 : -1;
	else if (fork < EVM_BYZANTIUM)
		steps = 1 - elapsed / 10;
	else
		steps = (parent->has_uncles ? 2 : 1) - elapsed / 9;
	difficulty = adjusted(&parent->difficulty,
			      steps < -STEPS_MOST ? -STEPS_MOST : steps);
	/* "fake" block numbers count the parent */
	number = number > bomb_delay ? number - bomb_delay : 0;
	period = number / PERIOD;
	if (period < 2)
		return difficulty;
	bomb = u256_from(period - 2);
	bomb = u256_shl(&bomb, &one);
	return u256_add(&difficulty, &bomb);
}
