/*
 * boot_cmdline.c: another command line for a machine that has been booted and
 * has not run: the records that boot_load() left are found by the registers
 * that its protocol promises the kernel.
 *
 * The new text takes the old one's place, or, if it is longer, the end of the
 * records' window, where nothing else is.
 */
#include <errno.h>
#include <string.h>

#include "vmm/boot_parts.h"
#include "vmm/image_linux.h"
#include "vmm/log.h"

#define PVH_MAGIC	  0x336ec578u /* start_info */
#define PVH_CMDLINE	  24
#define MULTIBOOT_MAGIC	  0x2badb002u /* in EAX */
#define MULTIBOOT_CMDLINE 16
#define LINUX_HDRS	  0x53726448u /* "HdrS" */

struct place {
	uint64_t pointer; /* where the text's address is, */
	unsigned size;	  /* in so many bytes */
	uint64_t max;	  /* bytes that the kernel takes */
	uint64_t text, end;
};

static uint64_t get(const struct guestmem *gm, uint64_t gpa, unsigned size)
{
	uint64_t val = 0;

	guestmem_read(gm, gpa, &val, size);
	return val;
}

static bool find_pointer(const struct guestmem *gm,
			 const struct x86_state *state, struct place *p)
{
	uint64_t rbx = state->gpr[GPR_RBX], rsi = state->gpr[GPR_RSI];

	p->max = BOOT_CMDLINE_MAX;
	if (state->gpr[GPR_RAX] == MULTIBOOT_MAGIC) {
		p->pointer = rbx + MULTIBOOT_CMDLINE;
		p->size = 4;
	} else if (get(gm, rbx, 4) == PVH_MAGIC) {
		p->pointer = rbx + PVH_CMDLINE;
		p->size = 8;
	} else if (get(gm, rsi + LINUX_MAGIC, 4) == LINUX_HDRS) {
		p->pointer = rsi + LINUX_CMDLINE;
		p->size = 4;
		p->max = get(gm, rsi + LINUX_CMDLINE_SIZE, 4);
	} else {
		return false;
	}
	p->text = get(gm, p->pointer, p->size);
	return true;
}

/* The window that the text is in ends at p->end. */
static bool find_window(struct place *p)
{
	static const uint64_t bases[] = {BOOT_DATA, BOOT_DATA_HIGH};

	for (unsigned i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (p->text >= bases[i] &&
		    p->text - bases[i] < BOOT_DATA_SIZE) {
			p->end = bases[i] + BOOT_DATA_SIZE;
			return true;
		}
	return false;
}

static size_t text_len(const struct guestmem *gm, const struct place *p)
{
	size_t len = 0;

	while (p->text + len < p->end && get(gm, p->text + len, 1))
		len++;
	return len;
}

static bool is_free(const struct guestmem *gm, uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		if (get(gm, from, 1))
			return false;
	return true;
}

int boot_set_cmdline(const struct guestmem *gm, const struct x86_state *state,
		     const char *cmdline, boot_write_fn *write, void *ctx)
{
	char bytes[BOOT_CMDLINE_MAX + 1] = {0};
	size_t len = strlen(cmdline), old;
	struct place p;
	uint64_t at;

	if (!find_pointer(gm, state, &p) || !find_window(&p))
		return fail(-ENOTSUP, "boot: what is there was not booted with "
				      "a command line");
	if (len > BOOT_CMDLINE_MAX || len > p.max)
		return fail(-E2BIG,
			    "boot: the command line has %zu bytes, this kernel "
			    "takes %llu",
			    len, (unsigned long long)p.max);
	old = text_len(gm, &p);
	at = len <= old ? p.text : (p.end - len - 1) & ~UINT64_C(7);
	if (len > old && (at <= p.text + old || !is_free(gm, at, p.end)))
		return fail(-ENOSPC,
			    "boot: no room for %zu bytes of command "
			    "line",
			    len);
	memcpy(bytes, cmdline, len);
	if (!write(ctx, at, bytes, (len < old ? old : len) + 1) ||
	    !write(ctx, p.pointer, &at, p.size))
		return -EROFS;
	return 0;
}
