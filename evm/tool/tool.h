/*
 * tool.h: the `evm` command's parts. Each subcommand gets its arguments, the
 * first being its own name, and returns the exit status.
 */
#ifndef EVM_TOOL_TOOL_H
#define EVM_TOOL_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "evm/evm.h"

enum { EXIT_DONE = 0, EXIT_BAD = 1, EXIT_USAGE = 2 };

int cmd_run(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_disasm(int argc, char **argv);
int cmd_vmtest(int argc, char **argv);
int cmd_t8n(int argc, char **argv);
int cmd_statetest(int argc, char **argv);
int cmd_pack(int argc, char **argv);
int cmd_txtest(int argc, char **argv);
int cmd_rlptest(int argc, char **argv);
int cmd_trietest(int argc, char **argv);
int cmd_basictest(int argc, char **argv);

/* malloc and its like, as the library's allocator */
extern const struct evm_allocator host_allocator;

/* "evm: ..." on stderr, with a newline; returns `code`. */
__attribute__((format(printf, 2, 3))) int complain(int code, const char *format,
						   ...);

/* A file's bytes, from malloc, with a zero behind; NULL with errno set. */
char *read_file(const char *path, size_t *len);

/*
 * Hex, with or without 0x. A number has 1 to 64 digits; bytes have an even
 * number of digits and are from malloc (never NULL on success).
 */
bool parse_number(const char *text, struct u256 *value);
bool parse_decimal(const char *text, struct u256 *value);
bool parse_u64(const char *text, uint64_t *value); /* decimal too */
bool parse_address(const char *text, struct evm_address *addr);
bool parse_bytes(const char *text, uint8_t **bytes, size_t *len);

void print_hex(FILE *out, const uint8_t *bytes, size_t len);
/* 0x and no leading zeros */
void print_number(FILE *out, const struct u256 *value);

/* EIP-3155: a line for each instruction. */
struct trace {
	struct evm_tracer tracer;
	FILE *out;
	bool with_memory, with_return_data, without_stack;
	uint8_t opcode;
	size_t pc, memory_len, height;
	int64_t gas;
	uint64_t refund;
	uint8_t *memory;
	size_t memory_size, memory_text_len;
	struct u256 stack[1024];
};

struct trace *trace_create(FILE *out);
void trace_destroy(struct trace *trace);
/* The last line. */
void trace_result(FILE *out, const struct evm_result *result, uint64_t gas_used,
		  uint64_t nanoseconds);

#endif
