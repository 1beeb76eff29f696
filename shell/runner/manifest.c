/*
 * manifest.c: section .vmm_test of an ELF file: names, each ended by a NUL,
 * with more NULs between them where the linker aligned.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/runner/manifest.h"
#include "vmm/log.h"

#define SECTION	  ".vmm_test"
#define NAMES_MAX 4096

struct names {
	char **name;
	size_t count;
};

static int add_name(struct names *names, const char *text, size_t len)
{
	char **more;

	if (names->count == NAMES_MAX)
		return -E2BIG;
	more = realloc(names->name, (names->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	names->name = more;
	more[names->count] = strndup(text, len);
	return more[names->count] && ++names->count ? 0 : -ENOMEM;
}

static int split(struct names *names, const char *text, size_t len)
{
	int err = 0;

	while (len && !err) {
		size_t one = strnlen(text, len);

		if (one == len)
			return -EINVAL; /* no NUL */
		if (one)
			err = add_name(names, text, one);
		text += one + 1;
		len -= one + 1;
	}
	return err;
}

static int read_section(struct names *names, Elf *elf, Elf_Scn *scn)
{
	Elf_Data *data = elf_getdata(scn, NULL);

	if (!data || !data->d_buf)
		return data && data->d_size == 0 ? 0 : -EINVAL;
	return split(names, data->d_buf, data->d_size);
}

static int read_elf(struct names *names, Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	size_t index;
	int err = 0;

	if (elf_getshdrstrndx(elf, &index) < 0)
		return 0; /* no names of sections: no manifest */
	while (!err && (scn = elf_nextscn(elf, scn))) {
		const char *name = gelf_getshdr(scn, &sh)
					   ? elf_strptr(elf, index, sh.sh_name)
					   : NULL;

		if (name && !strcmp(name, SECTION))
			err = read_section(names, elf, scn);
	}
	return err;
}

int manifest_read(const char *path, char ***name, size_t *count)
{
	struct names names = {NULL, 0};
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	Elf *elf;

	if (fd < 0)
		return fail(-errno, "%s: cannot be read: %s", path,
			    strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		err = read_elf(&names, elf);
	elf_end(elf);
	close(fd);
	if (err == -EINVAL)
		fail(err, "%s: section " SECTION " is no list of names", path);
	else if (err)
		fail(err, "%s: section " SECTION ": %s", path, strerror(-err));
	*name = names.name;
	*count = names.count;
	return err;
}

void manifest_free(char **name, size_t count)
{
	for (size_t i = 0; name && i < count; i++)
		free(name[i]);
	free(name);
}
