/*
 * source.c: the ELF file's part: its segments, build ID and symbols. What
 * DWARF says comes from source_dwarf.c, or nothing from source_none.c.
 */
#include "shell/source.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/source_dwarf.h"
#include "shell/symbols.h"
#include "shell/unwind.h"
#include "vmm/log.h"

#define NT_BUILD_ID 3

struct source {
	char *path;
	int fd; /* ours to close, or -1 */
	Elf *elf;
	struct symbols symbols;
	struct source_dwarf *dwarf; /* NULL: has none */
	struct unwind *unwind;	    /* the same; when first asked for */
	bool unwind_tried;
	uint8_t id[SOURCE_ID_MAX];
	unsigned id_len;
};

static void read_notes(struct source *s, Elf_Data *data)
{
	size_t at = 0, next, name, desc;
	GElf_Nhdr note;

	while ((next = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
		const uint8_t *bytes = data->d_buf;

		at = next;
		if (note.n_type != NT_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(bytes + name, "GNU", 4) != 0 ||
		    note.n_descsz > SOURCE_ID_MAX)
			continue;
		s->id_len = note.n_descsz;
		memcpy(s->id, bytes + desc, s->id_len);
	}
}

static void read_build_id(struct source *s)
{
	GElf_Phdr ph;
	size_t count;

	if (elf_getphdrnum(s->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		Elf_Data *data;

		if (!gelf_getphdr(s->elf, i, &ph) || ph.p_type != PT_NOTE)
			continue;
		data = elf_getdata_rawchunk(s->elf, ph.p_offset, ph.p_filesz,
					    ELF_T_NHDR);
		if (data)
			read_notes(s, data);
	}
}

struct source *source_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct source *s;

	if (fd < 0) {
		fail(-errno, "%s: cannot open: %s", path, strerror(errno));
		return NULL;
	}
	s = source_open_fd(fd, path);
	if (s)
		s->fd = fd;
	else
		close(fd);
	return s;
}

struct source *source_open_fd(int fd, const char *path)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		fail(-ENOMEM, "%s: no memory", path);
		return NULL;
	}
	s->path = strdup(path);
	s->fd = -1;
	elf_version(EV_CURRENT);
	s->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!s->path || !s->elf || elf_kind(s->elf) != ELF_K_ELF) {
		fail(-ENOEXEC, "%s: not an ELF file", path);
		goto failed;
	}
	read_build_id(s);
	symbols_read(&s->symbols, fd);
	s->dwarf = source_dwarf_open(s->elf);
	return s;
failed:
	source_close(s);
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	unwind_close(s->unwind);
	source_dwarf_close(s->dwarf);
	symbols_free(&s->symbols);
	elf_end(s->elf);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s);
}

const char *source_path(const struct source *s)
{
	return s->path;
}

unsigned source_build_id(const struct source *s, uint8_t id[SOURCE_ID_MAX])
{
	memcpy(id, s->id, s->id_len);
	return s->id_len;
}

bool source_covers(const struct source *s, uint64_t va)
{
	GElf_Phdr ph;
	size_t count;

	if (elf_getphdrnum(s->elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(s->elf, i, &ph) && ph.p_type == PT_LOAD &&
		    ph.p_flags & PF_X && va >= ph.p_vaddr &&
		    va - ph.p_vaddr < ph.p_memsz)
			return true;
	return false;
}

unsigned source_find(struct source *s, uint64_t va,
		     struct source_frame frame[SOURCE_FRAMES_MAX])
{
	const char *symbol;
	unsigned count = 0;

	if (!source_covers(s, va))
		return 0;
	symbol = symbols_function(&s->symbols, va);
	if (s->dwarf)
		count = source_dwarf_find(s->dwarf, va, frame);
	if (count == 0 && symbol)
		frame[count++] = (struct source_frame){0};
	/* Assembly has lines but no functions: the label serves. */
	if (count == 1 && !frame[0].function)
		frame[0].function = symbol;
	return count;
}

bool source_unwind(struct source *s, struct source_regs *regs,
		   const struct source_memory *memory)
{
	if (!s->unwind_tried)
		s->unwind = unwind_open(s->elf);
	s->unwind_tried = true;
	return s->unwind && unwind_step(s->unwind, regs, memory);
}

const struct symbols *source_symbols(const struct source *s)
{
	return &s->symbols;
}
