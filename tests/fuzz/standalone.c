/*
 * standalone.c: run a fuzz target without a fuzzer: over the files named, or
 * over INPUTS made from a fixed seed, so that a failure comes again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUTS	   2000
#define INPUT_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next_random(uint64_t *state)
{
	/* xorshift64 */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int run_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	static uint8_t data[INPUT_SIZE];
	uint64_t state = 88172645463325252;

	for (int i = 1; i < argc; i++)
		if (run_file(argv[i]))
			return 1;
	if (argc > 1)
		return 0;
	for (unsigned i = 0; i < INPUTS; i++) {
		size_t size = next_random(&state) % INPUT_SIZE;

		for (size_t at = 0; at < size; at++)
			data[at] = next_random(&state) >> 32;
		LLVMFuzzerTestOneInput(data, size);
	}
	return 0;
}
