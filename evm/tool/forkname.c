/* forkname.c: names of forks; see forkname.h. */
#include <stdlib.h>
#include <string.h>

#include "evm/tool/forkname.h"

/* "15k" is 15000. */
static bool parse_when(const char *text, uint64_t *when)
{
	char *end;

	*when = strtoull(text, &end, 10);
	if (*end == 'k') {
		*when *= 1000;
		end++;
	}
	return end != text && !*end;
}

static bool copy_name(char active[FORK_NAME], const char *name, size_t len)
{
	if (len >= FORK_NAME)
		return false;
	memcpy(active, name, len);
	active[len] = 0;
	return evm_fork_find(active) != EVM_FORK_COUNT;
}

bool fork_active(json_t *env, const char *name, char active[FORK_NAME])
{
	const char *to = strstr(name, "To"), *at = to ? strstr(to, "At") : NULL;
	struct reader r = {0};
	uint64_t when, now = 0;
	char before[FORK_NAME];
	bool by_time;

	if (!at)
		return copy_name(active, name, strlen(name));
	by_time = strncmp(at, "AtTime", 6) == 0;
	if (!copy_name(before, name, (size_t)(to - name)) ||
	    !copy_name(active, to + 2, (size_t)(at - to - 2)) ||
	    !parse_when(at + (by_time ? 6 : 2), &when) ||
	    !read_u64(&r, env, by_time ? "currentTimestamp" : "currentNumber",
		      &now))
		return false;
	if (now < when)
		memcpy(active, before, sizeof(before));
	return true;
}

struct evm_blob_schedule fork_blobs(const char *name)
{
	static const struct {
		const char *name;
		struct evm_blob_schedule blobs;
	} changes[] = {
		{"BPO1", {10, 15, 8346193}},  {"BPO2", {14, 21, 11684671}},
		{"BPO3", {21, 32, 20609697}}, {"BPO4", {14, 21, 13739630}},
		{"BPO5", {14, 21, 13739630}},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (strcasecmp(name, changes[i].name) == 0)
			return changes[i].blobs;
	return evm_blob_schedule(evm_fork_find(name));
}
