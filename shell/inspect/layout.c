/* layout.c: the note, in the file or in memory. */
#include "shell/inspect/layout.h"

#include <errno.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOTE_HEAD      16 /* three words and the name */
#define STRUCT_MAX     (1u << 20)
/* The kernel lies low, but not under 1 MiB. */
#define SEARCHED_FROM  (UINT64_C(1) << 20)
#define SEARCHED_BYTES (UINT64_C(15) << 20)

__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t size,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return -ENOEXEC;
}

/* ---- checks ---- */

static int check_head(const struct inspect_head *h, size_t len, char *why,
		      size_t size)
{
	if (len < sizeof(*h) || h->magic != INSPECT_MAGIC)
		return refuse(why, size, "its description of itself is broken");
	if (h->version != INSPECT_VERSION)
		return refuse(why, size,
			      "it describes itself in version %u, this vmm "
			      "knows version %u",
			      h->version, INSPECT_VERSION);
	if (h->field_count < INSPECT_FIELD_COUNT ||
	    h->size_count < INSPECT_SIZE_COUNT)
		return refuse(why, size,
			      "it is older than this vmm: it tells of %u "
			      "fields, %u are needed",
			      h->field_count, INSPECT_FIELD_COUNT);
	if ((uint64_t)h->field_count * sizeof(struct inspect_field) +
		    (uint64_t)h->size_count * sizeof(uint32_t) >
	    len - sizeof(*h))
		return refuse(why, size, "its description of itself is cut");
	return 0;
}

static bool sane(const struct layout *l)
{
	for (unsigned i = 0; i < INSPECT_SIZE_COUNT; i++)
		if (l->size[i] == 0 || l->size[i] > STRUCT_MAX)
			return false;
	for (unsigned i = 0; i < INSPECT_FIELD_COUNT; i++)
		if (l->field[i].offset > STRUCT_MAX ||
		    l->field[i].size > STRUCT_MAX)
			return false;
	return l->head.irqs <= 4096 && l->head.spaces <= 1u << 20;
}

static int take(struct layout *l, const uint8_t *desc, size_t len, char *why,
		size_t size)
{
	const uint8_t *fields = desc + sizeof(l->head);
	int err;

	memset(&l->head, 0, sizeof(l->head));
	if (len >= sizeof(l->head))
		memcpy(&l->head, desc, sizeof(l->head));
	err = check_head(&l->head, len, why, size);
	if (err)
		return err;
	memcpy(l->field, fields, sizeof(l->field));
	memcpy(l->size,
	       fields + l->head.field_count * sizeof(struct inspect_field),
	       sizeof(l->size));
	if (!sane(l) || !layout_pointer(l, l->head.kernel, &l->kernel))
		return refuse(why, size, "its description of itself is broken");
	return 0;
}

/* ---- in the file ---- */

static bool next_note(Elf_Data *data, size_t *at, GElf_Nhdr *nh,
		      const uint8_t **desc)
{
	size_t name, from;

	*at = gelf_getnote(data, *at, nh, &name, &from);
	if (!*at)
		return false;
	*desc = NULL;
	if (nh->n_namesz == 4 && nh->n_type == INSPECT_NOTE_TYPE &&
	    !memcmp((uint8_t *)data->d_buf + name, INSPECT_NOTE_NAME, 4))
		*desc = (uint8_t *)data->d_buf + from;
	return true;
}

static const uint8_t *note_in(Elf *elf, size_t *len)
{
	size_t count = 0;

	if (!elf || elf_getphdrnum(elf, &count))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *desc;
		Elf_Data *data;
		GElf_Phdr ph;
		GElf_Nhdr nh;
		size_t at = 0;

		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_NOTE)
			continue;
		data = elf_getdata_rawchunk(elf, ph.p_offset, ph.p_filesz,
					    ELF_T_NHDR);
		while (data && next_note(data, &at, &nh, &desc))
			if (desc) {
				*len = nh.n_descsz;
				return desc;
			}
	}
	return NULL;
}

static int find_in_file(struct layout *l, int fd, char *why, size_t size)
{
	const uint8_t *desc;
	size_t len = 0;
	Elf *elf;
	int err;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	desc = note_in(elf, &len);
	if (desc)
		err = take(l, desc, len, why, size);
	else
		err = refuse(why, size,
			     "it is not ours: it does not describe itself "
			     "(ELF note \"%s\")",
			     INSPECT_NOTE_NAME);
	elf_end(elf);
	return err;
}

/* ---- in memory ---- */

/* The note was found where the image that it tells of lies. */
static bool at_home(const struct layout *l, uint64_t gpa)
{
	return gpa < l->head.image_end - l->head.image_offset &&
	       l->kernel < l->head.image_end - l->head.image_offset;
}

/* Is there a note around what looks like its first bytes? */
static bool has_head(const uint8_t *desc, uint32_t *len)
{
	uint32_t head[4];

	memcpy(head, desc - NOTE_HEAD, sizeof(head));
	*len = head[1];
	return head[0] == 4 && head[2] == INSPECT_NOTE_TYPE &&
	       !memcmp(&head[3], INSPECT_NOTE_NAME, 4);
}

static int find_in_memory(struct layout *l, char *why, size_t size)
{
	const uint64_t magic = INSPECT_MAGIC;
	const uint8_t *start, *hit;
	uint64_t len, at = NOTE_HEAD;
	uint32_t desc_len;
	int err;

	len = l->mem->region[0].len > SEARCHED_FROM
		      ? l->mem->region[0].len - SEARCHED_FROM
		      : 0;
	if (len > SEARCHED_BYTES)
		len = SEARCHED_BYTES;
	start = guestmem_ptr(l->mem, SEARCHED_FROM, len);
	while (start && at < len &&
	       (hit = memmem(start + at, len - at, &magic, sizeof(magic)))) {
		at = hit - start + 1;
		if (!has_head(hit, &desc_len))
			continue;
		if (desc_len > len - (hit - start))
			desc_len = len - (hit - start);
		err = take(l, hit, desc_len, why, size);
		if (!err && at_home(l, SEARCHED_FROM + at))
			return 0;
		if (err)
			return err;
	}
	return refuse(why, size,
		      "it is not ours: no description of its objects "
		      "is in memory");
}

int layout_find(struct layout *l, const struct guestmem *mem, int fd, char *why,
		size_t size)
{
	l->mem = mem;
	return fd >= 0 ? find_in_file(l, fd, why, size)
		       : find_in_memory(l, why, size);
}

/* ---- reading ---- */

uint64_t layout_get(const struct layout *l, uint64_t at,
		    enum inspect_field_number field)
{
	uint64_t val = 0, size = l->field[field].size;

	at += l->field[field].offset;
	return size <= sizeof(val) && guestmem_read(l->mem, at, &val, size)
		       ? val
		       : 0;
}

bool layout_pointer(const struct layout *l, uint64_t va, uint64_t *pa)
{
	const struct inspect_head *h = &l->head;

	if (va >= h->image_offset && va < h->image_end)
		*pa = va - h->image_offset;
	else if (va >= h->direct_map &&
		 va - h->direct_map < h->direct_map_bytes)
		*pa = va - h->direct_map;
	else
		return false;
	return guestmem_ptr(l->mem, *pa, 1) != NULL;
}

uint64_t layout_follow(const struct layout *l, uint64_t at,
		       enum inspect_field_number field)
{
	uint64_t pa, va = layout_get(l, at, field);

	return va && layout_pointer(l, va, &pa) ? pa : 0;
}
