/*
 * handlers.h: the functions that bind.c chooses from. Tables of eight are
 * indexed by FN_INDEX(size, memory).
 */
#ifndef VMM_SIM_HANDLERS_H
#define VMM_SIM_HANDLERS_H

#include "vmm/sim/sim.h"

/* exec_alu.c; in encoding order, and TEST: AND that writes nothing */
enum alu { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST };
extern op_fn *const alu_rm_reg_fns[9][8], *const alu_reg_rm_fns[9][8],
						  *const alu_rm_imm_fns[9][8];
extern op_fn *const inc_fns[8],
	*const dec_fns[8], *const not_fns[8],
				   *const neg_fns[8],
					   *const cmpxchg_fns[8],
						   *const xadd_fns[8];
op_fn exec_cmpxchg8b;

/* exec_shift.c, by the reg field */
extern op_fn *const shift_imm_fns[8][8], *const shift_cl_fns[8][8];
op_fn exec_double_shift;

/* exec_muldiv.c */
extern op_fn *const mul_fns[8],
	*const imul_fns[8], *const div_fns[8],
				    *const idiv_fns[8],
					    *const imul_reg_fns[8],
						    *const imul_imm_fns[8];

/* exec_mov.c */
extern op_fn *const mov_to_rm_fns[8],
	*const mov_from_rm_fns[8], *const mov_imm_fns[8],
					   *const xchg_fns[8],
						   *const movzx_fns[8],
							   *const movsx_fns[8];
op_fn *lea_fn(const struct op *op);
op_fn exec_nop, exec_clflush, exec_bswap, exec_cbw, exec_cwd, exec_xlat;

/* exec_bit.c */
op_fn exec_bt_reg, exec_bt_imm, exec_bsf, exec_bsr, exec_popcnt, exec_crc32;

/* exec_bmi.c */
op_fn exec_tzcnt, exec_lzcnt, exec_movbe_load, exec_movbe_store, exec_adcx,
	exec_adox, exec_rdrand, exec_rdpid, exec_andn, exec_bextr, exec_bls,
	exec_bzhi, exec_pdep, exec_pext, exec_mulx, exec_rorx, exec_shlx,
	exec_shrx, exec_sarx;

/* exec_flags.c */
extern op_fn *const cmov_fns[16][8], *const setcc_fns[16][8];
op_fn exec_pushf, exec_popf, exec_lahf, exec_sahf, exec_flag_bit, exec_cli,
	exec_sti, exec_stac;
void need_iopl_in_v86(struct cpu *cpu);
uint64_t flags_writable(const struct cpu *cpu, unsigned size);

/* exec_stack.c */
void stack_push(struct cpu *cpu, unsigned size, uint64_t val);
uint64_t stack_pop(struct cpu *cpu, unsigned size);
uint64_t stack_mask(const struct cpu *cpu);
void stack_set(struct cpu *cpu, uint64_t sp);
void stack_add(struct cpu *cpu, int64_t bytes);
op_fn *push_reg_fn(unsigned size), *pop_reg_fn(unsigned size);
op_fn exec_push_rm, exec_pop_rm, exec_push_imm, exec_push_seg, exec_pop_seg,
	exec_pusha, exec_popa, exec_enter, exec_leave, exec_leave64;

/* exec_branch.c */
extern op_fn *const jcc_fns[16];
void check_target(struct cpu *cpu, uint64_t rip);
void check_branch(struct cpu *cpu, const struct op *op);
op_fn exec_jmp, exec_jmp_rm, exec_jmp_rm64, exec_call, exec_call64,
	exec_call_rm, exec_call_rm64, exec_ret, exec_ret64, exec_loop,
	exec_jcxz;

/* exec_string.c */
op_fn exec_movs, exec_stos, exec_lods, exec_cmps, exec_scas, exec_ins,
	exec_outs;

/* exec_far.c */
op_fn exec_jmp_far, exec_call_far, exec_ret_far, exec_int, exec_int3, exec_into,
	exec_int1, exec_syscall, exec_sysret;

/* exec_io.c */
op_fn exec_in, exec_out, exec_hlt, exec_pause;
void check_port(struct cpu *cpu, unsigned port, unsigned size);

/* exec_system.c */
op_fn exec_mov_from_cr, exec_mov_to_cr, exec_mov_from_dr, exec_mov_to_dr,
	exec_lmsw, exec_smsw, exec_clts, exec_invlpg, exec_invpcid, exec_wbinvd,
	exec_swapgs, exec_rdtsc, exec_rdtscp, exec_rdmsr, exec_wrmsr,
	exec_cpuid, exec_fsgsbase, exec_rdpmc;

/* exec_legacy.c */
op_fn exec_daa, exec_aaa, exec_aam, exec_aad, exec_salc, exec_bound, exec_arpl;

/* exec_sysenter.c */
op_fn exec_sysenter, exec_sysexit;

/* exec_seg.c */
op_fn exec_lgdt, exec_sgdt, exec_lldt, exec_sldt, exec_verr, exec_lar, exec_lsl,
	exec_mov_from_seg, exec_mov_to_seg, exec_load_far;

/* exec_fpu.c */
op_fn exec_fxsave, exec_fxrstor, exec_ldmxcsr, exec_stmxcsr, exec_vldmxcsr,
	exec_vstmxcsr;

/* exec_xsave.c */
op_fn exec_xsave, exec_xsavec, exec_xrstor, exec_xgetbv, exec_xsetbv;

/* exec_x87.c */
op_fn exec_x87, exec_fwait;

/* exec_simd.c */
op_fn exec_simd;

/* exec_mmx.c */
op_fn exec_mmx;

/* exec_avx.c, exec_avx_mem.c */
op_fn exec_avx, exec_vzero, exec_vex_protected;
op_fn exec_mask_load, exec_mask_store, exec_gather;

#endif
