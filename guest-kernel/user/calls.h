/*
 * calls.h: the calls on capabilities as C functions, one a row of
 * abi/calls.h, where their meanings are: sys_NAME(capability, arguments...,
 * pointers for results...). A pointer may be NULL; results are set only on
 * ERR_OK. CADDR_ANY is what to give for a MAYBE_CAP or MAYBE_PLACE that is
 * left out. They check nothing: that is the kernel's work, and its tests call
 * it through here.
 */
#ifndef USER_CALLS_H
#define USER_CALLS_H

#include "guest-kernel/abi/syscall.h"

/* Up to 8 one-byte indices, the most significant first: see abi/syscall.h. */
struct caddr {
	uint64_t path;
	unsigned depth;
};

/* A slot of the caller's root pool. */
static inline struct caddr caddr_root(unsigned index)
{
	return (struct caddr){index, 1};
}

/* A slot of the pool at `pool`. */
static inline struct caddr caddr_in(struct caddr pool, unsigned index)
{
	return (struct caddr){pool.path << 8 | index, pool.depth + 1};
}

/* No address; for a place: the kernel chooses the lowest free slot. */
#define CADDR_ANY ((struct caddr){0, 0})

#define SYS_PARAM_NONE
#define SYS_PARAM_WORD(name)	     , uint64_t name
#define SYS_PARAM_CAP(t, name)	     , struct caddr name
#define SYS_PARAM_MAYBE_CAP(t, name) , struct caddr name
#define SYS_PARAM_TAKE(t, name)	     , struct caddr name
#define SYS_PARAM_PLACE(name)	     , struct caddr name
#define SYS_PARAM_MAYBE_PLACE(name)  , struct caddr name
#define SYS_PARAM_RESULT(name)	     , uint64_t *name##_out

#define SYS_PROTOTYPE(name, label, number, types, rights, a, b, c, d, r, s, t, \
		      ...)                                                     \
	enum error sys_##name(                                                 \
		struct caddr self SYS_PARAM_##a SYS_PARAM_##b SYS_PARAM_##c    \
			SYS_PARAM_##d SYS_PARAM_##r SYS_PARAM_##s              \
				SYS_PARAM_##t);
ABI_CALLS(SYS_PROTOTYPE)
#undef SYS_PROTOTYPE

/* A call that was refused, and what it was about. */
struct sys_failure {
	enum error error;
	uint32_t label;	 /* enum abi_label */
	uint64_t detail; /* DETAIL_x() of abi/syscall.h */
};

/* The calling task's last one. */
extern __thread struct sys_failure sys_failed;

#endif
