/* symbols.c: a sorted copy of the symbol table. */
#include "shell/symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How far a label without a size is thought to go. */
#define REACH 0x10000

/* Functions, and assembly's labels, which have neither type nor size. */
static bool wanted(const GElf_Sym *sym, const char *name)
{
	return name && *name && GELF_ST_TYPE(sym->st_info) <= STT_FUNC &&
	       GELF_ST_TYPE(sym->st_info) != STT_OBJECT &&
	       sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS;
}

static void add(struct symbols *s, const GElf_Sym *sym, const char *name)
{
	struct symbol *more = s->symbol;

	/* Room doubles at each power of two. */
	if ((s->count & (s->count - 1)) == 0)
		more = realloc(s->symbol,
			       (s->count ? 2 * s->count : 1) * sizeof(*more));
	if (!more)
		return;
	s->symbol = more;
	more[s->count] =
		(struct symbol){sym->st_value, sym->st_size, strdup(name)};
	if (more[s->count].name)
		s->count++;
}

static void add_section(struct symbols *s, Elf *elf, Elf_Scn *scn)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Shdr sh;
	GElf_Sym sym;

	if (!data || !gelf_getshdr(scn, &sh))
		return;
	for (int i = 0; gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, sh.sh_link, sym.st_name);

		if (wanted(&sym, name))
			add(s, &sym, name);
	}
}

/* Of several at an address, the one with a size comes last, and is found. */
static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->va != y->va)
		return x->va < y->va ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

void symbols_load(struct symbols *s, const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	symbols_read(s, fd);
	if (fd >= 0)
		close(fd);
}

void symbols_read(struct symbols *s, int fd)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	Elf *elf;

	*s = (struct symbols){NULL, 0};
	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	while (elf && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			add_section(s, elf, scn);
	elf_end(elf);
	if (s->count)
		qsort(s->symbol, s->count, sizeof(*s->symbol), compare);
}

void symbols_free(struct symbols *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->symbol[i].name);
	free(s->symbol);
	*s = (struct symbols){NULL, 0};
}

/* The symbol that covers `va`, or NULL. */
static const struct symbol *find(const struct symbols *s, uint64_t va)
{
	size_t lo = 0, hi = s->count;
	const struct symbol *sym;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->symbol[mid].va <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return NULL;
	sym = &s->symbol[lo - 1];
	return va - sym->va >= (sym->size ? sym->size : REACH) ? NULL : sym;
}

bool symbols_name(const struct symbols *s, uint64_t va, char *text, size_t size)
{
	const struct symbol *sym = find(s, va);

	*text = 0;
	if (!sym)
		return false;
	snprintf(text, size, " <%s+%#" PRIx64 ">", sym->name, va - sym->va);
	return true;
}

const char *symbols_function(const struct symbols *s, uint64_t va)
{
	const struct symbol *sym = find(s, va);

	return sym ? sym->name : NULL;
}
