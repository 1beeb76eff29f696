/*
 * trace.c: EIP-3155 traces, JSON lines. What an instruction costs is known
 * only after it, so each line waits for that; of what was there before, the
 * instruction can change only the stack's top, so that is what is kept.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evm/frame.h"
#include "evm/opcodes.h"
#include "evm/state.h"
#include "evm/tool/tool.h"

static void before(void *ctx, const struct evm_frame *f, uint8_t opcode)
{
	struct trace *t = ctx;

	t->opcode = opcode;
	t->pc = f->pc;
	t->gas = f->gas;
	t->memory_len = f->memory.len;
	t->height = f->height;
	t->refund = evm_state_refund(f->evm->state);
	memcpy(t->stack, f->stack, f->height * sizeof(f->stack[0]));
	t->memory_text_len = 0;
	if (!t->with_memory || f->memory.len == 0)
		return;
	if (f->memory.len > t->memory_size) {
		free(t->memory);
		t->memory = malloc(f->memory.len);
		t->memory_size = t->memory ? f->memory.len : 0;
	}
	if (t->memory) {
		memcpy(t->memory, f->memory.bytes, f->memory.len);
		t->memory_text_len = f->memory.len;
	}
}

static void put_stack(const struct trace *t)
{
	fputs(",\"stack\":[", t->out);
	for (size_t i = 0; i < t->height && !t->without_stack; i++) {
		fputs(i ? ",\"" : "\"", t->out);
		print_number(t->out, &t->stack[i]);
		fputc('"', t->out);
	}
	fputc(']', t->out);
}

/*
 * What the instruction cost; of a creation without the gas that it gives away,
 * as in geth's traces, while a call's is with it. One that has begun has all
 * but a 64th of the gas, one that could not begin gave all of it back.
 */
static int64_t cost_of(const struct trace *t, const struct evm_frame *f,
		       enum evm_status status)
{
	bool creation = t->opcode == OP_CREATE || t->opcode == OP_CREATE2;
	int64_t cost = t->gas - f->gas;

	if (creation && status == EVM_SUCCESS && f->gas < f->call.gas)
		cost -= f->call.gas;
	return cost;
}

static void after(void *ctx, const struct evm_frame *f, enum evm_status status)
{
	struct trace *t = ctx;
	const char *name = evm_opcode_name(f->evm->fork, t->opcode);
	int64_t cost = cost_of(t, f, status);

	fprintf(t->out,
		"{\"pc\":%zu,\"op\":%u,\"gas\":\"0x%" PRIx64
		"\",\"gasCost\":\"0x%" PRIx64 "\"",
		t->pc, t->opcode, (uint64_t)t->gas, (uint64_t)cost);
	if (t->with_memory) {
		fputs(",\"memory\":\"", t->out);
		print_hex(t->out, t->memory, t->memory_text_len);
		fputc('"', t->out);
	}
	fprintf(t->out, ",\"memSize\":%zu", t->memory_len);
	put_stack(t);
	if (t->with_return_data) {
		fputs(",\"returnData\":\"", t->out);
		print_hex(t->out, f->return_data.bytes, f->return_data.len);
		fputc('"', t->out);
	}
	fprintf(t->out, ",\"depth\":%u,\"refund\":%" PRIu64 ",\"opName\":",
		f->msg.depth + 1, t->refund);
	if (name)
		fprintf(t->out, "\"%s\"", name);
	else
		fprintf(t->out, "\"opcode 0x%02x not defined\"", t->opcode);
	if (status != EVM_SUCCESS)
		fprintf(t->out, ",\"error\":\"%s\"", evm_status_text(status));
	fputs("}\n", t->out);
}

struct trace *trace_create(FILE *out)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return NULL;
	trace->tracer = (struct evm_tracer){before, after, trace};
	trace->out = out;
	return trace;
}

void trace_destroy(struct trace *trace)
{
	if (trace)
		free(trace->memory);
	free(trace);
}

void trace_result(FILE *out, const struct evm_result *result, uint64_t gas_used,
		  uint64_t nanoseconds)
{
	fputs("{\"output\":\"", out);
	print_hex(out, result->output, result->output_len);
	fprintf(out, "\",\"gasUsed\":\"0x%" PRIx64 "\"", gas_used);
	if (nanoseconds > 0)
		fprintf(out, ",\"time\":%" PRIu64, nanoseconds);
	if (result->status != EVM_SUCCESS)
		fprintf(out, ",\"error\":\"%s\"",
			evm_status_text(result->status));
	fputs("}\n", out);
}
