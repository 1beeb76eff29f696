/* trace.c: EIP-3155 traces, JSON lines. */
#include <inttypes.h>
#include <string.h>

#include "evm/frame.h"
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
	memcpy(t->stack, f->stack, f->height * sizeof(f->stack[0]));
}

static void after(void *ctx, const struct evm_frame *f, enum evm_status status)
{
	struct trace *t = ctx;
	const char *name = evm_opcode_name(f->evm->fork, t->opcode);
	int64_t cost = t->gas - f->gas;

	fprintf(t->out,
		"{\"pc\":%zu,\"op\":%u,\"gas\":\"0x%" PRIx64
		"\",\"gasCost\":\"0x%" PRIx64 "\",\"memSize\":%zu,\"stack\":[",
		t->pc, t->opcode, (uint64_t)t->gas, (uint64_t)cost,
		t->memory_len);
	for (size_t i = 0; i < t->height; i++) {
		fputs(i ? ",\"" : "\"", t->out);
		print_number(t->out, &t->stack[i]);
		fputc('"', t->out);
	}
	fprintf(t->out, "],\"depth\":%u,\"refund\":%" PRIu64 ",\"opName\":",
		f->msg.depth + 1, evm_state_refund(f->evm->state));
	if (name)
		fprintf(t->out, "\"%s\"", name);
	else
		fprintf(t->out, "\"opcode 0x%02x not defined\"", t->opcode);
	if (status != EVM_SUCCESS)
		fprintf(t->out, ",\"error\":\"%s\"", evm_status_text(status));
	fputs("}\n", t->out);
}

void trace_init(struct trace *trace, FILE *out)
{
	trace->tracer = (struct evm_tracer){before, after, trace};
	trace->out = out;
}
