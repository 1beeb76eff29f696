/* failure.c: what a refused call was about, in words from the table of calls. */
#include "guest-kernel/user/rt.h"

#define ARGUMENTS 4

/* By label: the names of the arguments, in order. */
static const char *const names[LABEL_COUNT][ARGUMENTS] = {
#define NAME_NONE	     NULL
#define NAME_WORD(n)	     #n
#define NAME_CAP(t, n)	     #n
#define NAME_MAYBE_CAP(t, n) #n
#define NAME_TAKE(t, n)	     #n
#define NAME_PLACE(n)	     #n
#define NAME_MAYBE_PLACE(n)  #n
#define NAMES(name, label, number, types, rights, a, b, c, d, ...) \
	[label] = {NAME_##a, NAME_##b, NAME_##c, NAME_##d},
	ABI_CALLS(NAMES)};

static const char *argument_name(const struct sys_failure *f)
{
	unsigned n = DETAIL_ARGUMENT(f->detail);

	if (n == 0)
		return "the target";
	if (f->label >= LABEL_COUNT || n > ARGUMENTS || !names[f->label][n - 1])
		return "an argument";
	return names[f->label][n - 1];
}

void sys_failure_text(const struct sys_failure *f, char *text, size_t size)
{
	unsigned expected = DETAIL_EXPECTED(f->detail);
	unsigned found = DETAIL_FOUND(f->detail);
	size_t len = rt_snprintf(text, size, "%s: %s", error_name(f->error),
				 error_text(f->error));

	if (DETAIL_ARGUMENT(f->detail) == DETAIL_NONE || len >= size)
		return;
	len += rt_snprintf(text + len, size - len, " (%s", argument_name(f));
	if (expected && len < size)
		len += rt_snprintf(text + len, size - len,
				   ": wanted %s, found %s",
				   object_name(expected), object_name(found));
	if (len < size)
		rt_snprintf(text + len, size - len, ")");
}
