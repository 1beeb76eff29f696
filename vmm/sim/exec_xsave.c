/*
 * exec_xsave.c: XSAVE and its kin (SDM 1 chapter 13), XCR0.
 *
 *	area:  0 legacy region, as FXSAVE's   512 header   576 AVX   832
 *	header:  0 XSTATE_BV   8 XCOMP_BV   16 .. 63 zero
 *
 * There are components 0 (x87) and 1 (SSE), both in the legacy region, and 2
 * (AVX: the upper halves of the YMM registers), the only one beyond it; so
 * the compacted form differs by its header alone. A component that is in its
 * initial state is "not in use"; what is kept decides that, not how it came
 * to be. XSAVES and XRSTORS, without supervisor components, are XSAVEC and
 * XRSTOR for the kernel.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

#define X87	   1u
#define SSE	   2u
#define AVX	   4u
#define COMPACT	   (UINT64_C(1) << 63)
#define MXCSR_INIT 0x1f80u
#define MXCSR_MASK 0xffffu

/* Where things are in an area. */
enum {
	CONTROL = 0, /* FCW to FDP */
	MXCSR = 24,
	ST = 32,
	XMM = 160,
	HEADER = 512,
	YMM_HIGH = 576, /* and the length without it */
	AREA = 832
};

static void check_osxsave(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (!(cpu->s.cr4 & CR4_OSXSAVE))
		raise_fault(cpu, VEC_UD);
}

static unsigned area_bytes(uint64_t parts)
{
	return parts & AVX ? AREA : YMM_HIGH;
}

/* Where the area is, linear; all faults but those of its pages are raised. */
static uint64_t area(struct cpu *cpu, const struct op *op, unsigned access,
		     uint64_t parts)
{
	uint64_t ea = effective(cpu, op);

	check_osxsave(cpu, op);
	if (cpu->s.cr0 & CR0_TS)
		raise_fault(cpu, VEC_NM);
	if (ea & 63)
		raise_error(cpu, VEC_GP, 0);
	return mem_linear(cpu, op->seg, ea, area_bytes(parts), access);
}

static uint64_t requested(const struct cpu *cpu)
{
	uint64_t mask = (uint32_t)cpu->r[GPR_RAX] | cpu->r[GPR_RDX] << 32;

	return mask & cpu->s.xcr0;
}

/* Outside 64-bit code registers 8 to 15 are left alone. */
static unsigned xmm_bytes(const struct cpu *cpu)
{
	return cpu->code64 ? 256 : 128;
}

/* ---- what is in use ---- */

static bool all_zero(const uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* A legacy region's x87 part, as after FNINIT with empty registers zero. */
static void init_x87(uint8_t image[512])
{
	const uint16_t fcw = X87_INIT_FCW;

	memset(image + CONTROL, 0, MXCSR - CONTROL);
	memcpy(image + CONTROL, &fcw, 2);
	memset(image + ST, 0, XMM - ST);
}

static uint64_t in_use(const struct cpu *cpu)
{
	uint8_t image[512], init[512];
	uint64_t used = 0;

	fx_save(cpu, image, true);
	init_x87(init);
	if (memcmp(image + CONTROL, init + CONTROL, MXCSR - CONTROL) ||
	    memcmp(image + ST, init + ST, XMM - ST))
		used |= X87;
	if (!all_zero(image + XMM, xmm_bytes(cpu)))
		used |= SSE;
	if (!all_zero(cpu->ymm_high[0].u8, xmm_bytes(cpu)))
		used |= AVX;
	return used;
}

/* ---- saving ---- */

/* What belongs to `parts`. */
static void write_parts(struct cpu *cpu, uint64_t lin, const uint8_t *image,
			uint64_t parts, bool mxcsr)
{
	if (parts & X87) {
		lin_write_bytes(cpu, lin, image, MXCSR, 0);
		lin_write_bytes(cpu, lin + ST, image + ST, XMM - ST, 0);
	}
	if (mxcsr)
		lin_write_bytes(cpu, lin + MXCSR, image + MXCSR, 8, 0);
	if (parts & SSE)
		lin_write_bytes(cpu, lin + XMM, image + XMM, xmm_bytes(cpu), 0);
	if (parts & AVX)
		lin_write_bytes(cpu, lin + YMM_HIGH, cpu->ymm_high,
				xmm_bytes(cpu), 0);
}

/* XSAVE, and XSAVEOPT (op->imm 1), which leaves out what is not in use. */
void exec_xsave(struct cpu *cpu, const struct op *op)
{
	uint64_t want = requested(cpu), used = in_use(cpu), bits;
	uint64_t lin = area(cpu, op, ACCESS_WRITE, want);
	uint8_t image[512];

	lin_probe_write(cpu, lin, area_bytes(want), 0);
	bits = lin_read(cpu, lin + HEADER, 8, ACCESS_READ);
	fx_save(cpu, image, op->flags & OP_REXW);
	write_parts(cpu, lin, image, op->imm ? want & used : want,
		    want & (SSE | AVX));
	lin_write(cpu, lin + HEADER, 8, (bits & ~want) | (want & used), 0);
	return next(cpu, op);
}

static void check_kernel(struct cpu *cpu, const struct op *op)
{
	check_osxsave(cpu, op);
	if (cpu->cpl)
		raise_error(cpu, VEC_GP, 0);
}

/*
 * XSAVEC, and XSAVES (op->imm 1). SSE counts as used when MXCSR is not its
 * initial value (13.10).
 */
void exec_xsavec(struct cpu *cpu, const struct op *op)
{
	uint64_t want = requested(cpu), used = in_use(cpu), lin, header[2];
	uint8_t image[512];

	if (op->imm)
		check_kernel(cpu, op);
	lin = area(cpu, op, ACCESS_WRITE, want);
	if (cpu->mxcsr != MXCSR_INIT)
		used |= SSE;
	lin_probe_write(cpu, lin, area_bytes(want), 0);
	fx_save(cpu, image, op->flags & OP_REXW);
	write_parts(cpu, lin, image, want & used, want & used & SSE);
	header[0] = want & used;
	header[1] = COMPACT | want;
	lin_write_bytes(cpu, lin + HEADER, header, sizeof(header), 0);
	return next(cpu, op);
}

/* ---- restoring ---- */

/* SDM 1 13.8.1 and 13.8.2; XRSTORS takes the compacted form alone. */
static bool header_ok(const struct cpu *cpu, const uint64_t header[8],
		      bool supervisor)
{
	bool compact = header[1] & COMPACT;
	uint64_t there = header[1] & ~COMPACT;

	if (!compact)
		return !supervisor && !(header[0] & ~cpu->s.xcr0) &&
		       !header[1] && !header[2];
	return cpu->features & FEATURE_BIT(XSAVEC) && !(there & ~cpu->s.xcr0) &&
	       !(header[0] & ~there) &&
	       all_zero((const uint8_t *)&header[2], 48);
}

/* Of `image`, the registers now, change what the area says. */
static void restore_x87(uint8_t *image, const uint8_t *from, bool there)
{
	if (!there) {
		init_x87(image);
		return;
	}
	memcpy(image + CONTROL, from + CONTROL, MXCSR - CONTROL);
	memcpy(image + ST, from + ST, XMM - ST);
}

static void restore_sse(struct cpu *cpu, uint8_t *image, const uint8_t *from,
			bool there)
{
	if (there)
		memcpy(image + XMM, from + XMM, xmm_bytes(cpu));
	else
		memset(image + XMM, 0, xmm_bytes(cpu));
}

/* The standard form has MXCSR also where XSTATE_BV says initial state. */
static uint32_t restored_mxcsr(const uint8_t *from, const uint64_t header[8])
{
	uint32_t mxcsr;

	if (header[1] & COMPACT && !(header[0] & SSE))
		return MXCSR_INIT;
	memcpy(&mxcsr, from + MXCSR, 4);
	return mxcsr;
}

/* What of the area is loaded: all of it is read before anything changes. */
struct loaded {
	uint8_t byte[AREA];
	uint64_t header[8];
	uint32_t mxcsr;
};

static void load_area(struct cpu *cpu, const struct op *op, uint64_t want,
		      struct loaded *from)
{
	uint64_t lin = area(cpu, op, ACCESS_READ, want);

	lin_read_bytes(cpu, lin, from->byte, YMM_HIGH, ACCESS_READ);
	memcpy(from->header, from->byte + HEADER, sizeof(from->header));
	if (!header_ok(cpu, from->header, op->imm))
		raise_error(cpu, VEC_GP, 0);
	from->mxcsr = cpu->mxcsr;
	if (want & SSE || (want & AVX && !(from->header[1] & COMPACT)))
		from->mxcsr = restored_mxcsr(from->byte, from->header);
	if (from->mxcsr & ~MXCSR_MASK)
		raise_error(cpu, VEC_GP, 0);
	if (want & from->header[0] & AVX)
		lin_read_bytes(cpu, lin + YMM_HIGH, from->byte + YMM_HIGH,
			       xmm_bytes(cpu), ACCESS_READ);
}

/* XRSTOR, and XRSTORS (op->imm 1) */
void exec_xrstor(struct cpu *cpu, const struct op *op)
{
	bool wide = op->flags & OP_REXW;
	uint64_t want = requested(cpu);
	struct loaded from;
	uint8_t image[512];

	if (op->imm)
		check_kernel(cpu, op);
	load_area(cpu, op, want, &from);
	/* What stays is kept in full, what comes has the form of REX.W. */
	fx_save(cpu, image, !(want & X87) || wide);
	if (want & X87)
		restore_x87(image, from.byte, from.header[0] & X87);
	if (want & SSE)
		restore_sse(cpu, image, from.byte, from.header[0] & SSE);
	memcpy(image + MXCSR, &from.mxcsr, 4);
	fx_load(cpu, image, !(want & X87) || wide);
	if (want & AVX && from.header[0] & AVX)
		memcpy(cpu->ymm_high, from.byte + YMM_HIGH, xmm_bytes(cpu));
	else if (want & AVX)
		memset(cpu->ymm_high, 0, xmm_bytes(cpu));
	return next(cpu, op);
}

/* ---- XCR0 ---- */

void exec_xgetbv(struct cpu *cpu, const struct op *op)
{
	uint32_t reg = cpu->r[GPR_RCX];
	uint64_t val = cpu->s.xcr0;

	check_osxsave(cpu, op);
	if (reg > 1 || (reg == 1 && !(cpu->features & FEATURE_BIT(XGETBV1))))
		raise_error(cpu, VEC_GP, 0);
	if (reg == 1)
		val &= in_use(cpu) | (cpu->mxcsr != MXCSR_INIT ? SSE : 0);
	cpu->r[GPR_RAX] = (uint32_t)val;
	cpu->r[GPR_RDX] = val >> 32;
	return next(cpu, op);
}

void exec_xsetbv(struct cpu *cpu, const struct op *op)
{
	uint64_t val = (uint32_t)cpu->r[GPR_RAX] | cpu->r[GPR_RDX] << 32;

	check_osxsave(cpu, op);
	if (cpu->cpl || (uint32_t)cpu->r[GPR_RCX] || !(val & X87) ||
	    (val & (SSE | AVX)) == AVX || val & ~cpuid_xcr0(cpu))
		raise_error(cpu, VEC_GP, 0);
	cpu->s.xcr0 = val;
	return next(cpu, op);
}
