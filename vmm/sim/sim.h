/*
 * sim.h: the simulated processor's inside, shared by the files of vmm/sim/.
 *
 * Code is decoded once into blocks of ops (block.c, bind.c). An op's function
 * does one instruction and ends by a sibling call of the next op's; the last
 * one calls the next block's first. Flags are kept lazily (exec.h), memory is
 * reached through a software TLB (mmu.c). Everything that the guest can see
 * lies in struct cpu's plain fields; caches never change results.
 *
 * Counting: an instruction counts one, also when it ends in a fault; each
 * iteration of a REP counts one (zero iterations: one), so that time goes on
 * inside and interrupts are taken between iterations. A block subtracts all
 * its ops at its entry; what has not run is given back when it is left in
 * the middle. Delivering an interrupt and idling cost nothing.
 *
 * Faults leave by longjmp() to run(): an op changes no register before the
 * last thing in it that can fault.
 */
#ifndef VMM_SIM_SIM_H
#define VMM_SIM_SIM_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/sim/simd.h"
#include "vmm/sim/x87.h"
#include "vmm/vcpu.h"

#define PAGE_BITS 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_BITS)
#define PAGE_MASK (~(PAGE_SIZE - 1))

/* Registers of ops: the 16 general ones and one that only addresses use. */
enum { REG_ZERO = GPR_COUNT, REGS };

struct cpu;
struct op;
struct cpuid_memo;
typedef void op_fn(struct cpu *cpu, const struct op *op);

/* What an address needs besides base + index * scale + disp. */
#define EA_MASK32 1u
#define EA_MASK16 2u
#define EA_BASE	  4u /* 64-bit code: add the base of FS or GS */

/* Prefixes and encoding facts that only rare ops ask for. */
#define OP_MEM	  1u /* the r/m operand is memory */
#define OP_REPE	  2u
#define OP_REPNE  4u
#define OP_REXW	  8u
#define OP_ADDR32 16u /* address size; neither: 64 */
#define OP_ADDR16 32u
#define OP_66	  64u

struct op {
	op_fn *fn;    /* how it runs in its block: `plain` or a quicker way */
	op_fn *plain; /* how it runs by itself */
	union {
		uint64_t imm; /* of direct branches: the target */
		struct mmx_op mmx;
		struct vex_op vex;
	};
	int64_t disp;
	union {
		const struct simd_row *simd;
		const struct x87_row *x87;
		op_fn *then;	    /* of one that only checks */
		struct block *link; /* of branches and ends; may be NULL */
		const struct cpuid_memo *memo; /* of the last run, or NULL */
	};
	uint64_t link_mode; /* 0: for ever; else while cpu->mode is this */
	uint8_t reg, rm;    /* of 8-bit operands: offsets into cpu->r */
	uint8_t base, index, scale, seg;
	uint8_t size;  /* of the operand, in bytes */
	uint8_t ea;    /* EA_*; 0 in most 64-bit code */
	uint8_t flags; /* OP_* */
	uint8_t pos;   /* in its block: block_of() counts on it */
	uint8_t len;
	uint8_t opcode; /* its last byte */
	uint16_t next;	/* from the block's first byte to what follows this */
};

#define BLOCK_OPS 32
#define NO_PAGE	  UINT64_MAX

/*
 * Ops of consecutive instructions; the last one leaves. A block is for one
 * physical and one instruction address, so that all addresses in its ops are
 * constants. Valid as long as the generations of the one or two physical
 * pages it was read from are equal.
 *
 * A branch, and the end, may hold a link to another block of 64-bit code. One
 * within a page needs no check: where the first block runs the page is
 * mapped, and both become invalid together. What could make either wrong (a
 * store to code, another mapping or mode) spends the budget or ends its block
 * by fall_through(), which looks at the mode. A link to another page holds
 * while cpu->mode is what it was when it was made.
 */
struct block {
	uint64_t rip;	/* of its first byte: IP, without CS's base */
	uint64_t gpa;	/* of the same */
	uint64_t page2; /* where its last instruction goes on, or NO_PAGE */
	uint32_t gen, gen2;
	uint8_t bits; /* code size: 16, 32, 64 */
	uint8_t count;
	struct block *chain;
	struct op op[]; /* count + 1 */
};

/* Room for a block, aligned as struct block is. */
#define BLOCK_SIZE(ops) (sizeof(struct block) + ((ops) + 1) * sizeof(struct op))

/* The block that an op is in. */
static inline struct block *block_of(const struct op *op)
{
	const char *first = (const char *)(op - op->pos);

	return (struct block *)(first - offsetof(struct block, op));
}

/* Where an op's instruction is. */
static inline uint64_t op_rip(const struct op *op)
{
	return block_of(op)->rip + op->next - op->len;
}

/*
 * A tag is the page's address when the access is allowed, else TLB_NONE:
 * not in any address with its low bits clear. A page of devices has none of
 * these tags, so that all accesses to it take the slow path. An entry never
 * used may be all zero (so it costs no memory) unless page 0 looks into it:
 * its own does, and the one before, for accesses that reach into page 0.
 */
#define TLB_BITS 11
#define TLB_SIZE (1u << TLB_BITS)
#define TLB_NONE UINT64_C(1)

struct tlb_entry {
	uint64_t read, write, exec;
	uintptr_t host;	 /* plus the address: where the byte is */
	uint64_t gpa;	 /* of the page */
	uint64_t page;	 /* TLB_NONE: unused */
	uint64_t len;	 /* of the page it is part of */
	uint32_t device; /* what a page of devices allows: DEVICE_* */
	bool global;
	/* The tag may be missing only since each access is to be seen. */
	bool readable, writable;
};

#define DEVICE_READ  1u
#define DEVICE_WRITE 2u

#define FETCHED_BITS 1024u

struct tlb {
	struct tlb_entry entry[TLB_SIZE];
	uint64_t filled[TLB_SIZE / 64]; /* bits: where to look in a flush */
	uint64_t filled_words;		/* bits: which of these are not zero */
};

/* Rights differ by these: user, kernel, and kernel held off user pages. */
enum { TLB_KERNEL, TLB_USER, TLB_SMAP, TLB_COUNT };

/*
 * What else than RIP decides which block runs; the rest counts the changes
 * after which nothing that was found before holds.
 */
#define MODE_CPL	UINT64_C(3)
#define MODE_CODE32	UINT64_C(4)
#define MODE_CODE64	UINT64_C(8)
#define MODE_ALONE	UINT64_C(128) /* never in cpu->mode: struct cpu */
#define MODE_GENERATION UINT64_C(256)

/* Where jumps by linear address lead; valid for one value of cpu->mode. */
#define JUMP_SIZE	4096u
struct jump {
	uint64_t rip, mode;
	struct block *block;
	uint64_t unused;
};

/* What is known of each page of RAM. */
struct page_info {
	uint64_t lines; /* bit n: the n-th 64 bytes hold decoded code */
	uint32_t gen;	/* of the code in it */
	bool watched;	/* a part of it is in the machine's write_watch */
};

#define BLOCK_POOL (UINT64_C(5) << 20) /* bytes */
#define TUNE_TURNS 256
#define BLOCK_HASH (1u << 13)
#define OP_LINE	   64 /* an op is one line of most caches */

struct code_cache {
	char *pool;
	size_t used;
	uint8_t turn[TUNE_TURNS]; /* tune.c's */
	struct block **hash;
};

/*
 * Shared by the CPUs of a machine, which run in turn: a page with code that
 * any of them has decoded is marked for all, and a store to it by any makes
 * the blocks of all stale.
 */
struct code_pages {
	struct page_info *page[GUESTMEM_REGIONS];
	struct cpu *cpus;		 /* by their `sibling` */
	const struct write_watch *watch; /* NULL: nobody asks */
};

/* The exception or other reason that unwinds to run(). */
enum unwind { UNWIND_FAULT = 1, UNWIND_RETRY, UNWIND_STOP };

/*
 * What CPUID answered once, and all that the answer depends on besides what
 * never changes.
 */
#define CPUID_MEMOS 32u
struct cpuid_memo {
	uint64_t key; /* EAX, and ECX above it if it counts */
	uint64_t cr4, xcr0;
	uint32_t out[4];
};
#define CPUID_NO_KEY UINT64_MAX /* ECX counts for low leaves only */

/* What a debugger asked for, and how far it has come (stops.c). */
enum step { STEP_NOT, STEP_WANTED, STEP_DONE };

struct stops {
	struct vcpu_point *point; /* sorted; NULL: none */
	unsigned count, execs;	  /* the first `execs` of them are EXEC */
	uint32_t vectors;
	enum step step;
	uint64_t step_rip; /* where it began */
	bool delivered;	   /* an event came since */
	bool pass;	   /* not at pass_rip, linear, once */
	uint64_t pass_rip;
	bool passed_fault; /* this instruction is that one */
	bool fresh_fault;  /* the fault is an instruction's own */
	bool touched;	   /* `hit` is to be told */
	struct vcpu_debug_event hit;
};

#define NO_VECTOR	(-1)
#define EXTERNAL_VECTOR 256 /* added, in cpu->delivering */
#define DR6_BD		(UINT64_C(1) << 13)
#define DR6_BS		(UINT64_C(1) << 14)
#define DR7_GD		(UINT64_C(1) << 13)

enum event_kind { EVENT_FAULT, EVENT_TRAP, EVENT_SOFT, EVENT_EXTERNAL };

struct fault {
	int vector;
	uint32_t error;
	bool has_error;
	enum event_kind kind;
};

#define PAST_ENTRIES 256u /* as many as `at` counts */
struct past {
	uint8_t at;	 /* where the next entry goes */
	unsigned events; /* ever */
	struct vcpu_event event[VCPU_EVENTS];
	uintptr_t entry[PAST_ENTRIES]; /* past.c's; 0: none */
};

struct cpu {
	struct vcpu vcpu; /* first */

	/* Hot: what every op touches. */
	uint64_t r[REGS];
	uint64_t zres;	  /* ZF: is zero */
	uint64_t sres;	  /* SF: bit 63; PF: parity of the low byte */
	uint64_t carry;	  /* CF: bit 63; OF: bits 63 and 62 differ; AF: bit 3 */
	uint64_t from[2]; /* instead of these three, the operands of ... */
	uint8_t lazy;	  /* ... this: LAZY_*, or 0: the three hold */
	const struct tlb *tlb;
	int64_t left;  /* instructions before run() must look up */
	uint64_t rip;  /* of the next block while none runs */
	uint64_t mode; /* MODE_* */
	bool in_block; /* a block runs; `op` tells which */
	bool code64;   /* 64-bit code segment */
	uint8_t cpl;

	/* By their rights: that of the code's own accesses, also where `tlb`
	 * is not to be used, and that of accesses to descriptors. */
	struct tlb *code_tlb, *system_tlb;

	/* The other registers; gpr, rip, cr8, fxsave and the arithmetic
	 * flags in here are not current while running. */
	struct x86_state s;
	union xmm xmm[16];
	union xmm ymm_high[16]; /* bits 255:128 */
	uint32_t mxcsr;
	struct x87 x87;
	uint64_t features; /* mask of FEATURE_BIT()s; never changes */

	/* Counting: retired = limit - after - left - what a block has not
	 * run yet. */
	uint64_t limit;
	int64_t after;
	uint64_t others_ns; /* the guest's time but for what is retired */

	const struct op *op; /* in a block: the current one, once it may unwind
			      * or asks for the count */
	struct fault fault;
	bool fault_pending;
	int delivering;	     /* vector, or NO_VECTOR */
	bool poll;	     /* ask for interrupts */
	unsigned signals;    /* SIGNAL_*, those that waited when last asked */
	bool shadow_ss;	     /* the shadow is MOV SS's: #DB waits too */
	bool alone;	     /* the next op runs as a block of its own */
	bool no_step_trap;   /* INT n and SYSCALL are not followed by #DB */
	bool watch;	     /* look at each access: breakpoints or #AC */
	uint64_t debug_hits; /* of DR6, trapped after this instruction */
	bool gathered;	     /* this gather has read an element already */
	atomic_bool kicked;
	const struct vcpu_trace *trace; /* NULL: tell nothing */
	bool reference;			/* reference.c's way */
	bool debugged;			/* `stops` asks for anything */
	struct stops stops;
	struct vcpu_exit *exit;
	bool stopped;
	struct vcpu_stats stats;

	struct tlb tlbs[TLB_COUNT];
	/* Where large pages in the TLBs are; of each half; mask 0: none. */
	struct {
		uint64_t base, mask;
	} large[2];
	/* Bits by page: code may have been found there since a flush. */
	uint64_t fetched[FETCHED_BITS / 64];
	uint64_t code_base; /* CS as blocks were found by it */
	uint32_t code_limit;
	struct tlb none; /* always empty: code that needs segment checks */
	struct jump jump[JUMP_SIZE];
	struct code_cache code;
	struct code_pages *pages;
	struct cpu *sibling;
	struct cpuid_memo cpuid[CPUID_MEMOS];
	struct past past;
	/* MODE_ALONE: in the jump cache's modes, so that no block finds the
	 * next one there but only run() does; or 0. */
	uint64_t mode_alone;
	/* The first part of a block, for exact stops. */
	_Alignas(struct block) char cut[BLOCK_SIZE(BLOCK_OPS)];
	jmp_buf unwind;
};

/* ---- sim.c ---- */

/* Of the block that runs: the current instruction and those behind it. */
static inline int64_t cpu_not_yet_run(const struct cpu *cpu)
{
	return cpu->in_block ? block_of(cpu->op)->count - cpu->op->pos : 0;
}

/* Instructions retired up to the start of the current one. */
static inline uint64_t cpu_retired(const struct cpu *cpu)
{
	return cpu->limit - cpu->after - cpu->left - cpu_not_yet_run(cpu);
}

/*
 * After whatever may have changed the deadline or the interrupt lines. Goes
 * back to run() after this block when that has something to do.
 */
void cpu_device_touched(struct cpu *cpu);

/* IF was set: the same when an interrupt waits. */
void cpu_interrupts_opened(struct cpu *cpu);

/* Leave the threaded code at the end of this block. */
void cpu_event(struct cpu *cpu);

/* CPL, code size, or what the TLBs depend on has changed. */
void cpu_update_mode(struct cpu *cpu);

/* ---- trace.c; the caller asks cpu_traces() before ---- */
static inline bool cpu_traces(const struct cpu *cpu, unsigned what)
{
	return cpu->trace && cpu->trace->what & what;
}

/* The instruction at cpu->rip is next. */
void trace_insn(struct cpu *cpu);
/* With -v: what cpu->op is, which is #UD; a UD2, meant so, is not told of. */
void trace_undefined(struct cpu *cpu);
/* An event was delivered that came at `rip` in ring `cpl`. */
void trace_delivery(struct cpu *cpu, unsigned vector, enum event_kind kind,
		    uint64_t rip, unsigned cpl, bool has_error, uint32_t error);
void trace_fill(struct cpu *cpu, uint64_t lin, uint64_t gpa, uint64_t page_len,
		bool user, bool writable, bool executable);
void trace_fault(struct cpu *cpu, uint64_t lin, uint32_t error);
void trace_call(struct cpu *cpu, uint64_t rip, bool enters);

/* ---- past.c; blocks: where cpu->mode_alone is set ---- */
void past_block(struct cpu *cpu, const struct block *block);
/* The first `count` ops of a block run now. */
void past_part(struct cpu *cpu, const struct block *block, unsigned count);
void past_shorten(struct cpu *cpu, unsigned count);
void past_forget_blocks(struct cpu *cpu);
/* One begins: to be filled in. */
struct vcpu_event *past_event(struct cpu *cpu);
void past_get(struct vcpu *vcpu, struct vcpu_past *past);
void past_keep_branches(struct vcpu *vcpu, bool on);

/* ---- reference.c ---- */
/* A block of the one instruction at cpu->rip; raises fetch's faults. */
struct block *reference_fetch(struct cpu *cpu);

/* ---- exception.c ---- */

/* Raise an exception at the current instruction. */
_Noreturn void raise_fault(struct cpu *cpu, int vector);
_Noreturn void raise_error(struct cpu *cpu, int vector, uint32_t error);

/* End the run with EXIT_ERROR: what, and the instruction. */
_Noreturn void cpu_stop(struct cpu *cpu, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* End the run: triple fault. */
_Noreturn void cpu_shutdown(struct cpu *cpu);

/* Go through the IDT; `rip` is what the frame shall hold. */
void deliver(struct cpu *cpu, unsigned vector, enum event_kind kind,
	     uint64_t rip, bool has_error, uint32_t error);
op_fn exec_iret;

/* ---- debugreg.c ---- */
static inline bool debug_active(const struct cpu *cpu)
{
	return cpu->s.dr[7] & 0xff;
}

void debug_check_insn(struct cpu *cpu);
void debug_check_data(struct cpu *cpu, uint64_t lin, unsigned size, bool write);
void debug_check_port(struct cpu *cpu, uint16_t port, unsigned size);
/* #DB for what was hit, before the next instruction. */
void debug_trap(struct cpu *cpu);
/* What waits behind a MOV SS comes with a #DB that is raised anyway. */
void debug_take_hits(struct cpu *cpu);

/* ---- stops.c ---- */
int stops_set(struct vcpu *vcpu, const struct vcpu_debug *debug);
void stops_fini(struct cpu *cpu);
/* Is there one to stop at before the instruction at this linear address? */
bool stops_exec(const struct cpu *cpu, uint64_t lin);
/* Is any byte of this page watched? */
bool stops_in_page(const struct cpu *cpu, uint64_t page);
/* These bytes are going to be accessed: note the first point they meet. */
bool stops_touch(struct cpu *cpu, uint64_t lin, unsigned size, bool write);
/* Must run() return to the debugger now, between two instructions, and
 * before what has been raised is delivered? */
bool stops_stop(struct cpu *cpu);
/* The same before the next instruction, which runs alone if it may. */
enum stops_way { STOPS_RUN, STOPS_ALONE, STOPS_STOP };
enum stops_way stops_way(struct cpu *cpu);
/* An interrupt or exception was delivered. */
void stops_delivered(struct cpu *cpu);
/* The op of an instruction with a point: back to run(). */
op_fn exec_point;

/* ---- real_mode.c: also virtual-8086 code ---- */

/* Are selectors bases divided by 16, and not looked up? */
static inline bool cpu_real_segments(const struct cpu *cpu)
{
	return !(cpu->s.cr0 & CR0_PE) || cpu->s.rflags & FLAG_VM;
}

void real_load(struct cpu *cpu, unsigned seg, uint16_t selector);
void real_jump(struct cpu *cpu, uint16_t selector, uint64_t ip);
void real_call(struct cpu *cpu, unsigned size, uint16_t selector, uint64_t ip,
	       uint64_t back);
void real_return(struct cpu *cpu, unsigned size, unsigned drop);
void real_iret(struct cpu *cpu, unsigned size);
void real_enter_v86(struct cpu *cpu, uint64_t flags);

/* ---- flags, in exec_flags.c ---- */
/* Bring zres, sres and carry up to date. */
void flags_settle(struct cpu *cpu);
uint64_t flags_get(struct cpu *cpu);
void flags_set_arith(struct cpu *cpu, uint64_t flags);
/* All of RFLAGS; polls interrupts and leaves the block when needed. */
void flags_set(struct cpu *cpu, uint64_t flags);

/* ---- mmu.c ---- */
#define ACCESS_READ	     0u
#define ACCESS_WRITE	     1u
#define ACCESS_EXEC	     2u
#define ACCESS_SYSTEM	     4u /* as the supervisor, whatever CPL is */
#define ACCESS_ANY_ALIGNMENT 8u /* #AC or not: for mem_linear() alone */

struct place {
	uint8_t *host; /* NULL: not RAM */
	uint64_t gpa;
};

/* Where a linear address leads; raises #PF. Does not cross a page. */
void mmu_init(struct cpu *cpu);
struct place mmu_place(struct cpu *cpu, uint64_t lin, unsigned access);
void mmu_flush(struct cpu *cpu, bool global);
void mmu_flush_page(struct cpu *cpu, uint64_t lin);
/* A block that begins or goes on in this page is going to be remembered. */
void mmu_note_fetch(struct cpu *cpu, uint64_t lin);
/* Take the write right to a page of RAM out of all entries. */
void mmu_protect(struct cpu *cpu, uint64_t gpa);
/* Take the tags of reads and writes out of entries of watched pages. */
void mmu_hide_watched(struct cpu *cpu);
/* The same for all pages: the first store to each is seen. */
void mmu_protect_all(struct cpu *cpu);
bool mmu_translate(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa);
static inline bool mmu_canonical(uint64_t lin)
{
	return (uint64_t)((int64_t)(lin << 16) >> 16) == lin;
}

/* ---- mem.c: accesses with all checks; size 1 to 16 bytes ---- */
bool segment_allows(const struct cpu *cpu, const struct x86_segment *s,
		    uint64_t ea, unsigned size, unsigned access);
uint64_t mem_linear(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size,
		    unsigned access);
/* #AC if any of these bits of the address is set, where it is asked for. */
void check_alignment(struct cpu *cpu, uint64_t at, unsigned mask);
uint64_t mem_read(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size);
void mem_write(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size,
	       uint64_t val);
/* Fault now if a write would; then mem_write() of the same cannot. */
void mem_probe_write(struct cpu *cpu, unsigned seg, uint64_t ea, unsigned size);
void lin_read_bytes(struct cpu *cpu, uint64_t lin, void *buf, unsigned size,
		    unsigned access);
void lin_write_bytes(struct cpu *cpu, uint64_t lin, const void *buf,
		     unsigned size, unsigned access);
void lin_probe_write(struct cpu *cpu, uint64_t lin, unsigned size,
		     unsigned access);
uint64_t lin_read(struct cpu *cpu, uint64_t lin, unsigned size,
		  unsigned access);
void lin_write(struct cpu *cpu, uint64_t lin, unsigned size, uint64_t val,
	       unsigned access);
/* For ops: the slow halves of load() and store(). */
uint64_t load_slow(struct cpu *cpu, const struct op *op, unsigned seg,
		   uint64_t ea, unsigned size);
void store_slow(struct cpu *cpu, const struct op *op, unsigned seg, uint64_t ea,
		unsigned size, uint64_t val);
uint64_t load_for_write_slow(struct cpu *cpu, const struct op *op, unsigned seg,
			     uint64_t ea, unsigned size);
uint64_t ea_special(const struct cpu *cpu, const struct op *op, uint64_t ea);
/* The r/m operand in memory of an op that the TLB's fast path cannot serve. */
struct bounce {
	uint8_t *at; /* `val`, or after all the memory itself */
	uint64_t ea, val;
};
void bounce_begin(struct cpu *cpu, const struct op *op, struct bounce *b,
		  unsigned size, bool read, bool write);
/* Write it back: after a read, this cannot fault. */
void bounce_end(struct cpu *cpu, const struct op *op, struct bounce *b,
		unsigned size);
/* Ports, with the counters and the clock looked after. */
uint64_t port_read(struct cpu *cpu, uint16_t port, unsigned size);
void port_write(struct cpu *cpu, uint16_t port, unsigned size, uint64_t val);

/* ---- keep.c ---- */
/* These bytes of RAM are written: tell whoever asked to be told. */
void keep_written(struct cpu *cpu, uint64_t gpa, unsigned size);
void *sim_keep(struct vcpu *vcpu, size_t *len);
void sim_recall(struct vcpu *vcpu, const void *bytes);
void sim_track_writes(struct vcpu *vcpu);
void sim_watch_writes(struct vcpu *vcpu, const struct write_watch *watch);

/* ---- block.c ---- */
/* `first`: CPU 0 for all others, else NULL. */
int code_init(struct cpu *cpu, struct cpu *first);
void code_fini(struct cpu *cpu);
/* The block at cpu->rip; raises the faults of fetching. */
struct block *block_find(struct cpu *cpu);
/* Is there decoded code in these bytes of one page of RAM? */
bool code_at(const struct cpu *cpu, uint64_t gpa, unsigned size);
bool code_in_page(const struct cpu *cpu, uint64_t gpa);
/* Must each store to this page of RAM be looked at? */
bool page_is_special(const struct cpu *cpu, uint64_t gpa);
/* Have, or no more have, the pages of a range looked at. */
void pages_watch(struct cpu *cpu, uint64_t gpa, uint64_t len, bool on);
void code_invalidate(struct cpu *cpu, uint64_t gpa);
/* Forget all blocks: memory was written behind the CPU's back. */
void code_flush(struct cpu *cpu);
/* Go to `rip`, and note the way in `op` if it may be taken unasked. */
void link_find(struct cpu *cpu, const struct op *op, uint64_t rip);
/* End `block` after its op `pos`. */
void block_truncate(struct block *block, unsigned pos);
/* A copy of the first `count` ops of `b`, as they run by themselves. */
struct block *block_cut(struct cpu *cpu, const struct block *b, unsigned count);

/* ---- decode.c ---- */
struct insn {
	uint8_t len;
	uint8_t bits; /* code size */
	uint8_t map;  /* 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A */
	uint8_t opcode;
	uint8_t rex; /* 0: none; of VEX: its W, R, X and B */
	uint8_t rep; /* 0, F2 or F3 */
	bool lock, p66, p67;
	bool vex, vex_256;
	bool vex_spoiled;	/* a prefix before it that must not be */
	uint8_t vvvv;		/* all four bits, in every mode */
	int8_t seg;		/* override, or -1 */
	uint8_t opsize, adsize; /* bytes */
	bool has_modrm;
	uint8_t modrm, mod, reg, rm; /* reg and rm with REX */
	uint8_t sib;		     /* as it is; 0: none */
	uint8_t base, index, scale;  /* of memory operands */
	bool rip_relative;
	int64_t disp;
	uint64_t imm, imm2; /* far pointers and ENTER: the second part */
	uint8_t imm_len;
	uint64_t features; /* the processor's; set by who binds, and */
	uint64_t rip;	   /* where it is */
};

enum decode { DECODE_OK, DECODE_MORE, DECODE_TOO_LONG, DECODE_UD };

/*
 * The length and parts of the instruction in the first `avail` bytes.
 * DECODE_UD: no instruction of the maps known here; insn->len says how far
 * it was read. DECODE_MORE: `avail` bytes are too few (up to 15).
 */
enum decode insn_decode(struct insn *insn, const uint8_t *byte, unsigned avail,
			unsigned bits);

/* A block of this one instruction, at cpu->rip; in block.c. */
struct block *block_single(struct cpu *cpu, struct insn *insn,
			   enum decode result);

/* ---- bind.c ---- */
/* Choose the function and fill the op; true when it ends its block. */
bool op_bind(struct op *op, const struct insn *insn);
op_fn exec_ud, exec_too_long, exec_end;

/* ---- segment.c ---- */
struct descriptor {
	uint64_t raw, high;
	struct x86_segment seg;
};
bool read_descriptor(struct cpu *cpu, uint16_t selector,
		     struct descriptor *desc);
void load_segment(struct cpu *cpu, unsigned seg, uint16_t selector);
void load_cs(struct cpu *cpu, uint16_t selector, struct descriptor *desc,
	     unsigned cpl);
void set_accessed(struct cpu *cpu, uint16_t selector, struct descriptor *d);
static inline void set_flat(struct cpu *cpu, unsigned seg, uint16_t selector,
			    uint16_t attr)
{
	cpu->s.seg[seg] = (struct x86_segment){
		.limit = 0xffffffff, .selector = selector, .attr = attr};
}

/* ---- system ---- */
void cpuid_init(struct cpu *cpu);
/* EAX, EBX, ECX, EDX of the leaf and, where there are several, its part. */
const struct cpuid_memo *cpuid_answer(struct cpu *cpu, uint64_t key);
/* The bits of CR4 that the processor's features allow. */
uint64_t cpuid_cr4(const struct cpu *cpu);
/* The bits of XCR0 that there are. */
uint64_t cpuid_xcr0(const struct cpu *cpu);
uint64_t cpu_tsc(struct cpu *cpu);
uint64_t msr_read(struct cpu *cpu, uint32_t msr);
void msr_write(struct cpu *cpu, uint32_t msr, uint64_t val);
/* Could each of them have been written? */
bool msr_state_ok(const struct x86_state *s);
/* Physical-address width; bits above are reserved in page tables. */
#define PHYS_BITS  46
/* Of PAE paging's four pointers, when present. */
#define PDPTE_RSVD (UINT64_C(0x1e6) | ~((UINT64_C(1) << PHYS_BITS) - 1))

/* ---- mtrr.c ---- */
/* Where it is kept; NULL: none of those that can be written. */
uint64_t *mtrr_register(struct x86_state *s, uint32_t msr);
/* May that register hold this? True for one of others. */
bool mtrr_fits(uint32_t msr, uint64_t val);
bool mtrr_state_ok(const struct x86_state *s);

/* ---- state.c ---- */
/* Is this a state of this processor, wherever it comes from? */
bool state_ok(const struct cpu *cpu, const struct x86_state *s);

/* ---- exec_fpu.c ---- */
void fx_save(const struct cpu *cpu, uint8_t image[512], bool wide);
void fx_load(struct cpu *cpu, const uint8_t image[512], bool wide);

/* ---- disasm.c or disasm_none.c ---- */
/* One line for `byte` at `rip`; "" when this build cannot. */
void disassemble(char *text, size_t size, const uint8_t *byte, unsigned len,
		 uint64_t rip, unsigned bits);

#endif
