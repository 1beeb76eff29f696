/* symbols.c: a walk over the symbol table, for the few names of a report. */
#include "shell/symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct nearest {
	GElf_Sym sym;
	const char *name;
};

/* Assembly's labels have no size: they reach to the next symbol. */
static bool better(const struct nearest *best, const GElf_Sym *sym, uint64_t va)
{
	if (GELF_ST_TYPE(sym->st_info) > STT_FUNC || sym->st_value > va ||
	    sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
		return false;
	if (sym->st_size && va - sym->st_value >= sym->st_size)
		return false;
	return !best->name || sym->st_value >= best->sym.st_value;
}

static void search(Elf *elf, Elf_Scn *scn, uint64_t va, struct nearest *best)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Shdr sh;
	GElf_Sym sym;

	if (!data || !gelf_getshdr(scn, &sh))
		return;
	for (int i = 0; gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, sh.sh_link, sym.st_name);

		if (name && *name && better(best, &sym, va))
			*best = (struct nearest){sym, name};
	}
}

static void search_file(Elf *elf, uint64_t va, char *text, size_t size)
{
	struct nearest best = {.name = NULL};
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			search(elf, scn, va, &best);
	if (best.name)
		snprintf(text, size, " <%s+%#" PRIx64 ">", best.name,
			 va - best.sym.st_value);
}

void symbols_describe(const char *path, uint64_t va, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	*text = 0;
	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		search_file(elf, va, text, size);
	elf_end(elf);
	close(fd);
}
