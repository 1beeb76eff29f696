/* calls.c: see calls.h: one function a row of the ABI's table of calls. */
#include "guest-kernel/user/calls.h"

#include <stddef.h>

__thread struct sys_failure sys_failed;

/* A call being put together: its words, and the depths of its paths. */
struct words {
	uint64_t word[4];
	unsigned count, paths;
	uint64_t info;
};

static void add_word(struct words *w, uint64_t word)
{
	w->word[w->count++] = word;
}

static void add_path(struct words *w, struct caddr at)
{
	w->info |= (uint64_t)at.depth << (INFO_ARGUMENT_SHIFT + 4 * w->paths++);
	w->word[w->count++] = at.path;
}

static enum error invoke(struct caddr self, enum abi_label label,
			 const struct words *w, uint64_t *r, uint64_t *s,
			 uint64_t *t)
{
	register uint64_t r10 __asm__("r10") = w->word[1];
	register uint64_t r8 __asm__("r8") = w->word[2];
	register uint64_t r9 __asm__("r9") = w->word[3];
	uint64_t rax = SYS_INVOKE, rdx = w->word[0];
	uint64_t info = w->info | (uint64_t)label << INFO_LABEL_SHIFT |
			(uint64_t)w->count << INFO_WORDS_SHIFT |
			(uint64_t)self.depth << INFO_TARGET_SHIFT;

	__asm__ volatile("syscall"
			 : "+a"(rax), "+d"(rdx), "+r"(r10), "+r"(r8)
			 : "D"(self.path), "S"(info), "r"(r9)
			 : "rcx", "r11", "memory");
	if (rax != ERR_OK) {
		sys_failed = (struct sys_failure){rax, label, rdx};
		return rax;
	}
	if (r)
		*r = rdx;
	if (s)
		*s = r10;
	if (t)
		*t = r8;
	return ERR_OK;
}

#define ADD_NONE
#define ADD_WORD(name)	       add_word(&w, name);
#define ADD_CAP(t, name)       add_path(&w, name);
#define ADD_MAYBE_CAP(t, name) add_path(&w, name);
#define ADD_TAKE(t, name)      add_path(&w, name);
#define ADD_PLACE(name)	       add_path(&w, name);
#define ADD_MAYBE_PLACE(name)  add_path(&w, name);

#define OUT_NONE	       NULL
#define OUT_RESULT(name)       name##_out

#define SYS_FUNCTION(name, label, number, types, rights, a, b, c, d, r, s, t, \
		     ...)                                                     \
	enum error sys_##name(                                                \
		struct caddr self SYS_PARAM_##a SYS_PARAM_##b SYS_PARAM_##c   \
			SYS_PARAM_##d SYS_PARAM_##r SYS_PARAM_##s             \
				SYS_PARAM_##t)                                \
	{                                                                     \
		struct words w = {0};                                         \
                                                                              \
		ADD_##a ADD_##b ADD_##c ADD_##d return invoke(                \
			self, label, &w, OUT_##r, OUT_##s, OUT_##t);          \
	}
ABI_CALLS(SYS_FUNCTION)
