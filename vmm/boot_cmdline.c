/*
 * boot_cmdline.c: another command line for a machine that has been booted and
 * has not run: the records that boot_load() left are found by the registers
 * that its protocol promises the kernel.
 *
 * The new text takes the old one's place, or, if it is longer, the end of the
 * records' window, where nothing else is. Multiboot 2's information has it in
 * the middle, and is written anew.
 */
#include <errno.h>
#include <string.h>

#include "vmm/boot_parts.h"
#include "vmm/image_linux.h"
#include "vmm/log.h"

#define PVH_CMDLINE	  24
#define MULTIBOOT_CMDLINE 16
#define TAG_CMDLINE	  1 /* of its information */
#define TAG_HEADER	  8
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
	if (state->gpr[GPR_RAX] == MULTIBOOT_LOADER) {
		p->pointer = rbx + MULTIBOOT_CMDLINE;
		p->size = 4;
	} else if (get(gm, rbx, 4) == PVH_START_INFO) {
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

/* Of the window that `gpa` is in; 0: in none. */
static uint64_t window_end(uint64_t gpa)
{
	static const uint64_t bases[] = {BOOT_DATA, BOOT_DATA_HIGH};

	for (unsigned i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (gpa >= bases[i] && gpa - bases[i] < BOOT_DATA_SIZE)
			return bases[i] + BOOT_DATA_SIZE;
	return 0;
}

static size_t text_len(const struct guestmem *gm, const struct place *p)
{
	size_t len = 0;

	while (p->text + len < p->end && len < BOOT_CMDLINE_MAX &&
	       get(gm, p->text + len, 1))
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

static int no_cmdline(void)
{
	return fail(-ENOTSUP, "boot: what is there was not booted with a "
			      "command line");
}

static int no_room(size_t len)
{
	return fail(-ENOSPC, "boot: no room for %zu bytes of command line",
		    len);
}

/* ---- Multiboot 2 ---- */

struct info {
	uint8_t byte[BOOT_DATA_SIZE];
	uint32_t used, max;
};

static bool put_tag(struct info *info, uint32_t type, const void *data,
		    uint32_t len)
{
	uint32_t at = (info->used + 7) & ~7u;
	const uint32_t head[2] = {type, TAG_HEADER + len};

	if (at > info->max || TAG_HEADER + len > info->max - at)
		return false;
	memcpy(info->byte + at, head, sizeof(head));
	memcpy(info->byte + at + sizeof(head), data, len);
	info->used = at + TAG_HEADER + len;
	return true;
}

/* All tags of `old`, with another command line. */
static int copy_tags(struct info *info, const struct info *old,
		     const char *cmdline)
{
	uint32_t head[2] = {0}, len;
	bool fits = true, any = false;

	for (uint32_t at = 8; at < old->used; at += (head[1] + 7) & ~7u) {
		if (old->used - at < TAG_HEADER)
			return no_cmdline();
		memcpy(head, old->byte + at, sizeof(head));
		if (head[1] < TAG_HEADER || head[1] > old->used - at)
			return no_cmdline();
		len = head[1] - TAG_HEADER;
		any |= head[0] == TAG_CMDLINE;
		if (head[0] == TAG_CMDLINE)
			fits &= put_tag(info, TAG_CMDLINE, cmdline,
					strlen(cmdline) + 1);
		else
			fits &= put_tag(info, head[0],
					old->byte + at + TAG_HEADER, len);
	}
	if (!any)
		return no_cmdline();
	return fits ? 0 : no_room(strlen(cmdline));
}

static int set_multiboot2(const struct guestmem *gm, uint64_t at,
			  const char *cmdline, boot_write_fn *write, void *ctx)
{
	uint64_t end = window_end(at);
	struct info old = {.used = get(gm, at, 4)};
	struct info new = {.used = 8, .max = end - at};
	int err;

	if (!end || old.used > new.max ||
	    !guestmem_read(gm, at, old.byte, old.used))
		return no_cmdline();
	err = copy_tags(&new, &old, cmdline);
	if (err)
		return err;
	if (!is_free(gm, at + old.used, at + new.used))
		return no_room(strlen(cmdline));
	memcpy(new.byte, &new.used, sizeof(new.used));
	return write(ctx, at, new.byte,
		     new.used > old.used ? new.used : old.used)
		       ? 0
		       : -EROFS;
}

/* ---- all of them ---- */

int boot_set_cmdline(const struct guestmem *gm, const struct x86_state *state,
		     const char *cmdline, boot_write_fn *write, void *ctx)
{
	char bytes[BOOT_CMDLINE_MAX + 1] = {0};
	size_t len = strlen(cmdline), old;
	struct place p;
	uint64_t at;

	if (state->gpr[GPR_RAX] == MULTIBOOT2_LOADER)
		p = (struct place){.max = BOOT_CMDLINE_MAX};
	else if (!find_pointer(gm, state, &p))
		return no_cmdline();
	if (len > BOOT_CMDLINE_MAX || len > p.max)
		return fail(-E2BIG,
			    "boot: the command line has %zu bytes, this kernel "
			    "takes %llu",
			    len, (unsigned long long)p.max);
	if (!p.pointer)
		return set_multiboot2(gm, state->gpr[GPR_RBX], cmdline, write,
				      ctx);
	p.end = window_end(p.text);
	if (!p.end)
		return no_cmdline();
	old = text_len(gm, &p);
	at = len <= old ? p.text : (p.end - len - 1) & ~UINT64_C(7);
	if (len > old && (at <= p.text + old || !is_free(gm, at, p.end)))
		return no_room(len);
	memcpy(bytes, cmdline, len);
	if (!write(ctx, at, bytes, (len < old ? old : len) + 1) ||
	    !write(ctx, p.pointer, &at, p.size))
		return -EROFS;
	return 0;
}
