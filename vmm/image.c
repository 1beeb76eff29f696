/*
 * image.c: ELF files checked, and copied into guest memory.
 *
 * The whole file is read once and libelf works on those bytes: whoever
 * rewrites the file meanwhile changes nothing here. Headers are libelf's to
 * decode and ours to doubt; notes, segments and the Multiboot header are
 * compared with the file's size by subtraction before they are followed.
 */
#include "vmm/image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/image_linux.h"
#include "vmm/image_multiboot.h"
#include "vmm/log.h"

/* More than any guest's kernel; keeps a mistyped path from eating memory. */
#define FILE_MAX (INT64_C(1) << 30)

#define PVH_NOTE 18 /* XEN_ELFNOTE_PHYS32_ENTRY */

static int bad(const struct image *image, const char *why)
{
	return fail(-ENOEXEC, "%s: %s", image->path, why);
}

/* ---- the file ---- */

static int read_all(int fd, struct image *image, size_t size)
{
	while (image->size < size) {
		ssize_t n =
			read(fd, image->data + image->size, size - image->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(-errno, "%s: cannot read: %s", image->path,
				    strerror(errno));
		if (n == 0)
			break; /* it shrank: what is there is the file */
		image->size += n;
	}
	return 0;
}

static int read_file(int fd, struct image *image)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(-errno, "%s: %s", image->path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(-EISDIR, "%s: is a directory", image->path);
	if (!S_ISREG(st.st_mode))
		return fail(-EINVAL, "%s: is not a regular file", image->path);
	if (st.st_size == 0)
		return fail(-ENOEXEC, "%s: the file is empty", image->path);
	if (st.st_size > FILE_MAX)
		return fail(-EFBIG,
			    "%s: the file is too large: %" PRId64
			    " MiB, at most %" PRId64 " can be loaded",
			    image->path, (int64_t)st.st_size >> 20,
			    FILE_MAX >> 20);
	image->data = malloc(st.st_size);
	if (!image->data)
		return fail(-ENOMEM, "%s: no memory for its %" PRId64 " bytes",
			    image->path, (int64_t)st.st_size);
	return read_all(fd, image, st.st_size);
}

int image_open_raw(const char *path, struct image *image)
{
	int fd, err;

	*image = (struct image){.path = path};
	/* Not to wait for a FIFO's other end. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(-errno, "%s: cannot open: %s", path,
			    strerror(errno));
	err = read_file(fd, image);
	close(fd);
	if (err)
		image_close(image);
	return err;
}

void image_close(struct image *image)
{
	free(image->data);
	image->data = NULL;
	image->size = 0;
}

bool image_in_file(const struct image *image, uint64_t offset, uint64_t len)
{
	return offset <= image->size && len <= image->size - offset;
}

/* ---- ELF ---- */

static const char *machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{EM_SPARC, "SPARC"},	  {EM_68K, "m68k"},
		{EM_MIPS, "MIPS"},	  {EM_PPC, "PowerPC"},
		{EM_PPC64, "PowerPC 64"}, {EM_S390, "S/390"},
		{EM_ARM, "ARM"},	  {EM_SPARCV9, "SPARC V9"},
		{EM_IA_64, "Itanium"},	  {EM_AARCH64, "AArch64"},
		{EM_RISCV, "RISC-V"},	  {EM_BPF, "BPF"},
		{258, "LoongArch"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return NULL;
}

static bool is_elf(const struct image *image)
{
	return image->size >= SELFMAG && !memcmp(image->data, ELFMAG, SELFMAG);
}

/* The identification bytes, which libelf would only say "invalid" about. */
static int check_ident(const struct image *image)
{
	const uint8_t *id = image->data;

	if (image->size < EI_NIDENT)
		return bad(image, "truncated: the ELF header is cut off");
	if (id[EI_CLASS] != ELFCLASS32 && id[EI_CLASS] != ELFCLASS64)
		return bad(image, "neither a 32-bit nor a 64-bit ELF file");
	if (image->size < (id[EI_CLASS] == ELFCLASS64 ? sizeof(Elf64_Ehdr)
						      : sizeof(Elf32_Ehdr)))
		return bad(image, "truncated: the ELF header is cut off");
	if (id[EI_DATA] != ELFDATA2LSB && id[EI_DATA] != ELFDATA2MSB)
		return bad(image,
			   "neither a little- nor a big-endian ELF file");
	if (id[EI_VERSION] != EV_CURRENT)
		return bad(image, "an ELF file of an unknown version");
	return 0;
}

static int check_machine(const struct image *image, const GElf_Ehdr *eh)
{
	const char *name = machine_name(eh->e_machine);

	if (image->data[EI_DATA] == ELFDATA2LSB &&
	    (eh->e_machine == EM_X86_64 ||
	     (eh->e_machine == EM_386 && !image->elf64)))
		return 0;
	if (name)
		return fail(-ENOEXEC, "%s: is for %s, not for x86", image->path,
			    name);
	return fail(-ENOEXEC, "%s: is not for x86 (machine %u, %s-endian)",
		    image->path, (unsigned)eh->e_machine,
		    image->data[EI_DATA] == ELFDATA2LSB ? "little" : "big");
}

static int check_type(const struct image *image, const GElf_Ehdr *eh)
{
	switch (eh->e_type) {
	case ET_EXEC:
	case ET_DYN: /* judged by its addresses: check_dyn() */
		return 0;
	case ET_REL:
		return bad(image, "is an object file, not linked yet");
	case ET_CORE:
		return bad(image, "is a core dump, not a program");
	}
	return fail(-ENOEXEC, "%s: is not an executable (type %u)", image->path,
		    (unsigned)eh->e_type);
}

static int add_segment(struct image *image, const GElf_Phdr *ph)
{
	if (ph->p_filesz > ph->p_memsz)
		return fail(-ENOEXEC,
			    "%s: the segment at %#" PRIx64
			    " has more bytes in the file (%#" PRIx64
			    ") than in memory (%#" PRIx64 ")",
			    image->path, ph->p_paddr, ph->p_filesz,
			    ph->p_memsz);
	if (!image_in_file(image, ph->p_offset, ph->p_filesz))
		return fail(-ENOEXEC,
			    "%s: truncated: the segment at %#" PRIx64
			    " lies outside the file of %zu bytes",
			    image->path, ph->p_paddr, image->size);
	if (ph->p_memsz == 0)
		return 0;
	if (image->seg_count == IMAGE_SEGMENTS)
		return fail(-ENOEXEC, "%s: more than %d segments to load",
			    image->path, IMAGE_SEGMENTS);
	image->seg[image->seg_count++] = (struct image_segment){
		.paddr = ph->p_paddr,
		.vaddr = ph->p_vaddr,
		.filesz = ph->p_filesz,
		.memsz = ph->p_memsz,
		.offset = ph->p_offset,
		.flags = ph->p_flags,
	};
	return 0;
}

/* Xen's note 18: the entry point as 4 or, in ELF64 files, mostly 8 bytes. */
static void take_note(struct image *image, const uint8_t *desc, size_t len)
{
	image->pvh_entry = 0;
	if (len != 4 && len != 8)
		return;
	memcpy(&image->pvh_entry, desc, len);
	image->has_pvh = true;
}

static int read_notes(struct image *image, Elf *elf, const GElf_Phdr *ph)
{
	size_t next = 0, name, desc;
	Elf_Data *data;
	GElf_Nhdr nh;

	if (!image_in_file(image, ph->p_offset, ph->p_filesz))
		return bad(image, "truncated: a note lies outside the file");
	data = elf_getdata_rawchunk(elf, ph->p_offset, ph->p_filesz,
				    ph->p_align == 8 ? ELF_T_NHDR8
						     : ELF_T_NHDR);
	while (data &&
	       (next = gelf_getnote(data, next, &nh, &name, &desc)) > 0) {
		const uint8_t *bytes = data->d_buf;

		if (nh.n_type == PVH_NOTE && nh.n_namesz == 4 &&
		    !memcmp(bytes + name, "Xen", 4))
			take_note(image, bytes + desc, nh.n_descsz);
	}
	return 0;
}

/*
 * Nobody relocates a kernel but itself. A position-independent one whose
 * link addresses are real ones, over the first MiB, can run where it says.
 */
static int check_dyn(const struct image *image, const GElf_Ehdr *eh)
{
	if (eh->e_type != ET_DYN)
		return 0;
	for (unsigned i = 0; i < image->seg_count; i++)
		if (image->seg[i].paddr < 0x100000)
			return bad(image, "is a shared object or PIE without "
					  "addresses to load it at; link it "
					  "with -no-pie and a linker script");
	return 0;
}

static int read_headers(struct image *image, Elf *elf)
{
	GElf_Ehdr eh;
	GElf_Phdr ph;
	int err;

	if (!gelf_getehdr(elf, &eh))
		return bad(image, "the ELF header is damaged");
	if ((err = check_machine(image, &eh)) || (err = check_type(image, &eh)))
		return err;
	image->entry = eh.e_entry;
	if (eh.e_phnum == PN_XNUM)
		return bad(image, "has too many program headers");
	if (eh.e_phnum > 0 &&
	    !image_in_file(image, eh.e_phoff,
			   gelf_fsize(elf, ELF_T_PHDR, eh.e_phnum, EV_CURRENT)))
		return bad(image, "truncated: its program headers are not "
				  "all in the file");
	for (int i = 0; i < eh.e_phnum; i++) {
		if (!gelf_getphdr(elf, i, &ph))
			return bad(image, "its program headers are damaged");
		err = ph.p_type == PT_LOAD   ? add_segment(image, &ph)
		      : ph.p_type == PT_NOTE ? read_notes(image, elf, &ph)
					     : 0;
		if (err)
			return err;
	}
	if (image->seg_count == 0)
		return bad(image, "has no segment to load");
	return check_dyn(image, &eh);
}

static int read_elf(struct image *image)
{
	Elf *elf;
	int err;

	err = check_ident(image);
	if (err)
		return err;
	image->elf64 = image->data[EI_CLASS] == ELFCLASS64;
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)image->data, image->size);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		err = bad(image, "the ELF header is damaged");
	else
		err = read_headers(image, elf);
	elf_end(elf);
	return err;
}

/* No ELF file, no bzImage, nothing that says where it wants to be. */
int image_refuse_format(const struct image *image)
{
	static const struct {
		unsigned at, len;
		const char *magic, *what;
	} known[] = {
		{0, 2, "\x1f\x8b", "compressed; unpack it first: gunzip"},
		{0, 6,
		 "\xfd"
		 "7zXZ",
		 "compressed; unpack it first: unxz"},
		{0, 4, "\x28\xb5\x2f\xfd",
		 "compressed; unpack it first: unzstd"},
		{0, 3, "BZh", "compressed; unpack it first: bunzip2"},
		{0, 4, "\x02\x21\x4c\x18",
		 "compressed; unpack it first: unlz4"},
		{0, 2, "MZ",
		 "a program for EFI or Windows; there is no firmware to start "
		 "it"},
		{0, 2, "#!", "a script"},
		{0x8001, 5, "CD001", "a CD image; take the kernel out of it"},
		{0, 4, "QFI\xfb", "a disk image; take the kernel out of it"},
		{0, 4, "\xfe\xed\xfa\xcf",
		 "a Mach-O file; kernels are ELF files here"},
		{0, 4, "\xcf\xfa\xed\xfe",
		 "a Mach-O file; kernels are ELF files here"},
		{257, 5, "ustar", "a tar archive"},
		{0, 8, "!<arch>\n", "a library of object files"},
		{510, 2, "\x55\xaa",
		 "a boot sector or disk image; there is no BIOS to start it"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (image_in_file(image, known[i].at, known[i].len) &&
		    !memcmp(image->data + known[i].at, known[i].magic,
			    known[i].len))
			return fail(-ENOEXEC,
				    "%s: not an ELF file, nor a Linux bzImage: "
				    "it is %s",
				    image->path, known[i].what);
	if (image->has_multiboot || image->has_multiboot2)
		return bad(image,
			   "not an ELF file, and its Multiboot header does not "
			   "say where it is to be loaded (Multiboot: flag "
			   "10000h; Multiboot 2: tag 2)");
	return bad(image, "not an ELF file, nor a Linux bzImage, nor one with "
			  "a Multiboot header");
}

int image_open(const char *path, struct image *image)
{
	int err;

	err = image_open_raw(path, image);
	if (err)
		return err;
	image_find_multiboot(image);
	image_find_multiboot2(image);
	if (is_elf(image))
		err = read_elf(image);
	else if (image_is_linux(image))
		err = image_take_linux(image);
	else if (image_has_addresses(image))
		err = image_use_addresses(image); /* a flat file will do */
	else if (!image->has_multiboot2)	  /* whose tags will say */
		err = image_refuse_format(image);
	if (err)
		image_close(image);
	return err;
}

/* ---- into memory ---- */

static bool overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a < b ? b - a < a_len : a - b < b_len;
}

static int misplaced(const struct image *image, const struct image_segment *seg,
		     const char *why)
{
	return fail(-ENOEXEC,
		    "%s: the segment at %#" PRIx64 " of %#" PRIx64 " bytes %s",
		    image->path, seg->paddr, seg->memsz, why);
}

static int check_place(const struct image *image, unsigned i,
		       const struct guestmem *gm, uint64_t reserved,
		       uint64_t reserved_end)
{
	const struct image_segment *seg = &image->seg[i];

	if (seg->memsz - 1 > UINT64_MAX - seg->paddr)
		return misplaced(image, seg, "wraps around");
	if (!guestmem_ptr(gm, seg->paddr, seg->memsz))
		return misplaced(image, seg,
				 "is not all in RAM; give "
				 "the guest more with --mem");
	if (overlap(seg->paddr, seg->memsz, reserved, reserved_end - reserved))
		return misplaced(image, seg, "hits the boot data");
	if (overlap(seg->paddr, seg->memsz, IMAGE_HOLE,
		    IMAGE_HOLE_END - IMAGE_HOLE))
		return misplaced(image, seg,
				 "hits the devices' window under 1 MiB");
	for (unsigned j = 0; j < i; j++)
		if (overlap(seg->paddr, seg->memsz, image->seg[j].paddr,
			    image->seg[j].memsz))
			return misplaced(image, seg, "overlaps another one");
	return 0;
}

int image_load(const struct image *image, const struct guestmem *gm,
	       uint64_t reserved, uint64_t reserved_end)
{
	int err;

	for (unsigned i = 0; i < image->seg_count; i++) {
		err = check_place(image, i, gm, reserved, reserved_end);
		if (err)
			return err;
	}
	/* RAM is zero at power-on: the rest of each segment already is. */
	for (unsigned i = 0; i < image->seg_count; i++) {
		const struct image_segment *seg = &image->seg[i];

		guestmem_write(gm, seg->paddr, image->data + seg->offset,
			       seg->filesz);
	}
	return 0;
}

uint64_t image_start(const struct image *image)
{
	uint64_t start = UINT64_MAX;

	for (unsigned i = 0; i < image->seg_count; i++)
		if (image->seg[i].paddr < start)
			start = image->seg[i].paddr;
	return start;
}

uint64_t image_end(const struct image *image)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < image->seg_count; i++) {
		uint64_t seg_end = image->seg[i].paddr + image->seg[i].memsz;

		if (seg_end > end)
			end = seg_end;
	}
	return end;
}

bool image_entry(const struct image *image, uint64_t *pa)
{
	for (unsigned i = 0; i < image->seg_count && !image->entry_is_physical;
	     i++) {
		const struct image_segment *seg = &image->seg[i];

		if (image->entry - seg->vaddr < seg->memsz) {
			*pa = image->entry - seg->vaddr + seg->paddr;
			return true;
		}
	}
	*pa = image->entry;
	return image_holds(image, *pa);
}

bool image_holds(const struct image *image, uint64_t pa)
{
	for (unsigned i = 0; i < image->seg_count; i++)
		if (pa - image->seg[i].paddr < image->seg[i].memsz)
			return true;
	return false;
}
