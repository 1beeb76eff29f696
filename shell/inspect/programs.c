/* programs.c: what is needed of the files' headers, at once; names, later. */
#include "shell/inspect/programs.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/inspect/space.h"

static void name_it(struct program *p, const char *path)
{
	const char *slash = strrchr(path, '/'),
		   *from = slash ? slash + 1 : path;
	size_t len = strlen(from);

	if (len > 4 && !strcmp(from + len - 4, ".elf"))
		len -= 4;
	if (len >= sizeof(p->name))
		len = sizeof(p->name) - 1;
	memcpy(p->name, from, len);
	p->name[len] = 0;
	for (char *c = p->name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

/* False: the file is too short. */
static bool take_mark(struct program *p, struct program_mark *mark,
		      const GElf_Phdr *ph, uint64_t at)
{
	mark->va = ph->p_vaddr + at;
	return pread(p->fd, mark->bytes, mark->len, ph->p_offset + at) ==
	       mark->len;
}

static void take_segment(struct program *p, const GElf_Phdr *ph)
{
	if (ph->p_type != PT_LOAD || p->segments == PROGRAM_SEGMENTS ||
	    ph->p_memsz > UINT64_MAX - ph->p_vaddr)
		return;
	p->segment[p->segments++] = (struct program_segment){
		ph->p_vaddr, ph->p_vaddr + ph->p_memsz, ph->p_flags};
	if (p->head.len || !(ph->p_flags & PF_X) || ph->p_filesz > ph->p_memsz)
		return;
	p->head.len = ph->p_filesz < PROGRAM_MARK ? ph->p_filesz : PROGRAM_MARK;
	p->tail.len = p->head.len;
	if (!take_mark(p, &p->head, ph, 0) ||
	    !take_mark(p, &p->tail, ph, ph->p_filesz - p->tail.len))
		p->head.len = p->tail.len = 0;
}

void program_open(struct program *p, const char *path)
{
	size_t count = 0;
	GElf_Phdr ph;
	Elf *elf;

	memset(p, 0, sizeof(*p));
	p->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (p->fd < 0)
		return;
	name_it(p, path);
	elf_version(EV_CURRENT);
	elf = elf_begin(p->fd, ELF_C_READ, NULL);
	if (elf && !elf_getphdrnum(elf, &count))
		for (size_t i = 0; i < count; i++)
			if (gelf_getphdr(elf, i, &ph))
				take_segment(p, &ph);
	elf_end(elf);
}

void program_close(struct program *p)
{
	symbols_free(&p->symbols);
	source_close(p->source);
	p->source = NULL;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static bool is_there(const struct program_mark *mark,
		     const struct guestmem *mem, uint64_t top)
{
	uint8_t bytes[PROGRAM_MARK];

	return space_read(mem, top, mark->va, bytes, mark->len) &&
	       !memcmp(bytes, mark->bytes, mark->len);
}

bool program_runs(const struct program *p, const struct guestmem *mem,
		  uint64_t top)
{
	return p->head.len && top && is_there(&p->head, mem, top) &&
	       is_there(&p->tail, mem, top);
}

static const struct symbols *symbols_of(struct program *p)
{
	if (!p->named && p->fd >= 0)
		symbols_read(&p->symbols, p->fd);
	p->named = true;
	return &p->symbols;
}

void program_symbol(struct program *p, uint64_t va, char *text, size_t size)
{
	symbols_name(symbols_of(p), va, text, size);
}

bool program_calls(struct program *p, uint64_t va)
{
	const char *part = program_part(p, va - 1);

	return part && !strcmp(part, "code") &&
	       symbols_function(symbols_of(p), va - 1);
}

bool program_line(struct program *p, uint64_t va, struct source_frame *frame)
{
	struct source_frame all[SOURCE_FRAMES_MAX];

	if (!p->lined && p->segments)
		p->source = source_open_fd(p->fd, p->name);
	p->lined = true;
	if (!p->source || !source_find(p->source, va, all) || !all[0].file)
		return false;
	*frame = all[0];
	return true;
}

const char *program_part(const struct program *p, uint64_t va)
{
	for (unsigned i = 0; i < p->segments; i++) {
		const struct program_segment *s = &p->segment[i];

		if ((va | 0xfff) < s->va || (va & ~UINT64_C(0xfff)) >= s->end)
			continue;
		if (s->flags & PF_X)
			return "code";
		return s->flags & PF_W ? "data" : "constants";
	}
	return NULL;
}
