/*
 * boot.c: the kernel, its modules and the boot records into memory, and the
 * CPU into the state in which the protocols start a kernel.
 *
 *	0, 0x400   what a BIOS leaves (boot_bios.c), if the kernel does, too
 *	0x9000	   boot records (boot_parts.h), free for use once read; at
 *		   0x90000 if the kernel has segments there
 *	as linked  the kernel's segments
 *	after it   the modules, each from a page boundary, not under 1 MiB; for
 *		   Multiboot 2, after them the sections that are no part of
 *		   the kernel, as its symbols
 */
#include "vmm/boot.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot_parts.h"
#include "vmm/image_multiboot.h"
#include "vmm/log.h"

/* The largest of each record, with eight bytes for aligning each string. */
_Static_assert(BOOT_MODULES *(BOOT_NAME_MAX + 1 + 8 + 16) + MEMORY_RANGES * 24 +
			       BOOT_CMDLINE_MAX + 1 + 8 + BOOT_SECTIONS * 64 +
			       512 <=
		       BOOT_DATA_SIZE,
	       "so does Multiboot 2's information");
_Static_assert(BOOT_MODULES *(BOOT_NAME_MAX + 1 + 8 + 32) + MEMORY_RANGES * 24 +
			       BOOT_CMDLINE_MAX + 1 + 8 + 256 <=
		       BOOT_DATA_SIZE,
	       "the boot records fit their window");
_Static_assert(4096 + BOOT_CMDLINE_MAX + 1 + 64 <= BOOT_DATA_SIZE,
	       "Linux's zero page, command line and GDT do, too");

#define MIB (UINT64_C(1) << 20)

static uint64_t align_page(uint64_t pa)
{
	return (pa + GUEST_PAGE_SIZE - 1) & ~(GUEST_PAGE_SIZE - 1);
}

uint32_t boot_put(struct boot_data *data, const void *bytes, size_t len)
{
	size_t at = (data->used + 7) & ~(size_t)7;

	assert(at <= sizeof(data->bytes) && len <= sizeof(data->bytes) - at);
	memcpy(data->bytes + at, bytes, len);
	data->used = at + len;
	return data->base + at;
}

uint32_t boot_put_string(struct boot_data *data, const char *text)
{
	return boot_put(data, text, strlen(text) + 1);
}

unsigned memory_map(const struct guestmem *gm,
		    struct memory_range range[MEMORY_RANGES])
{
	const struct guestmem_region *high = &gm->region[1];
	unsigned count = 0;

	range[count++] = (struct memory_range){0, IMAGE_HOLE, true};
	range[count++] = (struct memory_range){
		IMAGE_HOLE, IMAGE_HOLE_END - IMAGE_HOLE, false};
	if (gm->region[0].len > MIB)
		range[count++] = (struct memory_range){
			MIB, gm->region[0].len - MIB, true};
	if (high->len)
		range[count++] =
			(struct memory_range){high->base, high->len, true};
	return count;
}

/*
 * Flat 32-bit segments, paging off, interrupts off, A20 open (there is no
 * gate). PVH asks for the task register; Multiboot leaves it open. Neither
 * promises descriptor tables: the kernel loads its own.
 */
static void protected_mode(struct x86_state *state)
{
	static const struct x86_segment code = {
		0, UINT32_MAX, 0x08, SEG_ATTR_CODE | SEG_ATTR_B | SEG_ATTR_G};
	static const struct x86_segment data = {
		0, UINT32_MAX, 0x10, SEG_ATTR_DATA | SEG_ATTR_B | SEG_ATTR_G};

	x86_state_reset(state);
	for (unsigned i = SEG_ES; i <= SEG_GS; i++)
		state->seg[i] = i == SEG_CS ? code : data;
	state->seg[SEG_TR] = (struct x86_segment){0, 0x67, 0x18, SEG_ATTR_TSS};
	memset(state->gpr, 0, sizeof(state->gpr));
	state->cr0 = CR0_PE | CR0_ET;
	state->rflags = FLAG_FIXED;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Put one module at the first free page boundary; its end is what is free
 * then. Its name is only the file's, so that a run does not depend on where
 * the file lies.
 */
static int load_module(const char *path, const char *args,
		       struct boot_parts *parts, struct boot_module *module)
{
	struct image file;
	uint64_t pa = align_page(parts->free);
	int err, len;

	err = image_open_raw(path, &file);
	if (err)
		return err;
	*module = (struct boot_module){.pa = pa, .size = file.size};
	len = snprintf(module->name, sizeof(module->name), "%s%s%s",
		       file_name(path), args ? " " : "", args ? args : "");
	parts->free = pa + file.size;
	if (len < 0 || len > BOOT_NAME_MAX)
		err = fail(-ENAMETOOLONG,
			   "%s: the name and arguments have more than %d bytes",
			   path, BOOT_NAME_MAX);
	else if (parts->free > parts->free_end)
		err = fail(-ENOEXEC,
			   "%s: the module's %zu bytes do not fit into memory "
			   "behind the kernel (%#" PRIx64
			   "); give the guest more with --mem",
			   path, file.size, pa);
	else
		guestmem_write(parts->gm, pa, file.data, file.size);
	if (!err)
		log_info("boot: %s: module at %#" PRIx64 ", %zu bytes", path,
			 pa, file.size);
	image_close(&file);
	return err;
}

/* Behind the kernel; before it if that wants to be at the end of RAM. */
static void find_free(struct boot_parts *parts)
{
	const struct image *image = parts->image;

	parts->free = image_end(image);
	parts->free_end = parts->gm->region[0].base + parts->gm->region[0].len;
	if (image->relocation.wanted &&
	    image->relocation.preference == RANGE_HIGHEST) {
		parts->free = MIB;
		parts->free_end = image_start(image);
	}
	if (parts->free < MIB)
		parts->free = MIB;
}

static int load_modules(const struct boot_request *req,
			struct boot_parts *parts)
{
	int err;

	if (req->module_count > BOOT_MODULES)
		return fail(-E2BIG, "boot: %u modules; at most %d can be given",
			    req->module_count, BOOT_MODULES);
	find_free(parts);
	for (unsigned i = 0; i < req->module_count; i++) {
		err = load_module(req->module[i],
				  req->module_args ? req->module_args[i] : NULL,
				  parts, &parts->module[i]);
		if (err)
			return err;
		parts->module_count++;
	}
	return 0;
}

static bool offers(const struct image *image, enum boot_protocol protocol)
{
	switch (protocol) {
	case BOOT_PVH:
		return image->has_pvh;
	case BOOT_MULTIBOOT: /* a flat file's header may not do */
		return image->has_multiboot && image->seg_count > 0;
	case BOOT_MULTIBOOT2:
		return image->has_multiboot2;
	case BOOT_LINUX:
		return image->has_linux;
	default:
		return false;
	}
}

static const struct {
	const char *option, *name, *sign; /* of a kernel that has it */
} protocols[BOOT_PROTOCOLS] = {
	[BOOT_PVH] = {"pvh", "PVH", "PVH note"},
	[BOOT_MULTIBOOT] = {"multiboot", "Multiboot", "Multiboot header"},
	[BOOT_MULTIBOOT2] = {"multiboot2", "Multiboot 2", "Multiboot 2 header"},
	[BOOT_LINUX] = {"linux", "Linux's protocol", "Linux bzImage header"},
};

/* BOOT_AUTO becomes the first one that the kernel has. */
static int choose_protocol(const struct image *image,
			   enum boot_protocol *protocol)
{
	enum boot_protocol first = BOOT_PVH;

	while (first < BOOT_PROTOCOLS && !offers(image, first))
		first++;
	if (first == BOOT_PROTOCOLS)
		return image_refuse_multiboot(image);
	if (*protocol == BOOT_AUTO)
		*protocol = first;
	if (offers(image, *protocol))
		return 0;
	return fail(-ENOEXEC, "%s: has no %s; --boot=%s would do", image->path,
		    protocols[*protocol].sign, protocols[first].option);
}

/* Where it goes, if the protocol's header says so rather than the file's. */
static int place_image(struct image *image, const struct guestmem *gm,
		       enum boot_protocol protocol)
{
	int err = 0;

	if (protocol == BOOT_MULTIBOOT && image_has_addresses(image))
		err = image_use_addresses(image);
	if (protocol == BOOT_MULTIBOOT2)
		err = image_use_multiboot2(image);
	if (!err && image->relocation.wanted)
		err = image_relocate(image, gm);
	return err;
}

/* A segment that is nowhere else either is image_load()'s to refuse. */
static uint64_t place_data(const struct image *image)
{
	for (unsigned i = 0; i < image->seg_count; i++) {
		const struct image_segment *seg = &image->seg[i];

		if (seg->paddr < BOOT_DATA + BOOT_DATA_SIZE &&
		    seg->paddr + seg->memsz > BOOT_DATA)
			return BOOT_DATA_HIGH;
	}
	return BOOT_DATA;
}

static void say_loaded(const struct image *image, enum boot_protocol protocol,
		       uint64_t entry)
{
	for (unsigned i = 0; i < image->seg_count; i++) {
		const struct image_segment *seg = &image->seg[i];

		log_info("boot: %s: segment %#" PRIx64 "-%#" PRIx64
			 " (%#" PRIx64 " from the file)",
			 image->path, seg->paddr, seg->paddr + seg->memsz,
			 seg->filesz);
	}
	log_info("boot: %s: starts at %#" PRIx64 " by %s", image->path, entry,
		 protocols[protocol].name);
}

static int load_all(const struct boot_request *req, struct image *image,
		    const struct guestmem *gm, struct boot_data *data,
		    struct x86_state *state)
{
	struct boot_parts parts = {.gm = gm,
				   .image = image,
				   .cmdline = req->cmdline,
				   .data = data};
	static int (*const write_records[])(const struct boot_parts *,
					    struct x86_state *) = {
		[BOOT_PVH] = boot_pvh,
		[BOOT_MULTIBOOT] = boot_multiboot,
		[BOOT_MULTIBOOT2] = boot_multiboot2,
		[BOOT_LINUX] = boot_linux,
	};
	enum boot_protocol protocol = req->protocol;
	int err;

	if (strlen(req->cmdline) > BOOT_CMDLINE_MAX)
		return fail(-E2BIG,
			    "boot: the command line has %zu bytes, at "
			    "most %d can be given",
			    strlen(req->cmdline), BOOT_CMDLINE_MAX);
	err = choose_protocol(image, &protocol);
	if (!err)
		err = place_image(image, gm, protocol);
	data->base = place_data(image);
	if (!err)
		err = image_load(image, gm, data->base,
				 data->base + BOOT_DATA_SIZE);
	if (!err)
		err = load_modules(req, &parts);
	if (err)
		return err;
	if (req->write_tables)
		req->write_tables(gm, req->cpus);
	parts.range_count = memory_map(gm, parts.range);
	protected_mode(state);
	err = write_records[protocol](&parts, state);
	if (err)
		return err;
	guestmem_write(gm, data->base, data->bytes, data->used);
	boot_put_bios(image, gm);
	say_loaded(image, protocol, state->rip);
	return 0;
}

int boot_load(const struct boot_request *req, const struct guestmem *gm,
	      struct x86_state *state)
{
	struct boot_data data = {.used = 0};
	struct image image;
	int err;

	err = image_open(req->kernel, &image);
	if (err)
		return err;
	err = load_all(req, &image, gm, &data, state);
	image_close(&image);
	return err;
}
