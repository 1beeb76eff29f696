/*
 * source_dwarf.c: DWARF by libdw. Units are searched one by one, since not
 * every compiler writes .debug_aranges. File names, which compilers write
 * relative to where they ran, are made as short as they can be from here.
 */
#include "shell/source_dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file name as DWARF has it, and as it is shown. */
struct name {
	struct name *next;
	const char *raw;
	char *shown;
};

struct source_dwarf {
	Dwarf *dwarf;
	struct name *names;
};

/* Half of it elsewhere: after a run no file may be opened by name. */
static bool in_two_files(Dwarf *dwarf)
{
	const char *name;
	const void *id;

	return dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id) > 0;
}

struct source_dwarf *source_dwarf_open(Elf *elf)
{
	struct source_dwarf *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!d->dwarf || in_two_files(d->dwarf)) {
		source_dwarf_close(d);
		return NULL;
	}
	return d;
}

void source_dwarf_close(struct source_dwarf *d)
{
	struct name *n, *next;

	if (!d)
		return;
	for (n = d->names; n; n = next) {
		next = n->next;
		free(n->shown);
		free(n);
	}
	dwarf_end(d->dwarf);
	free(d);
}

/* ---- file names ---- */

/*
 * Where the component before `to` begins, or `to` if ".." cannot undo one.
 * Between path and to are whole components, each with its slash.
 */
static char *component_before(char *path, char *to)
{
	char *last = to;

	if (to <= path + 1)
		return to;
	for (last = to - 1; last > path && last[-1] != '/';)
		last--;
	return strncmp(last, "../", 3) ? last : to;
}

/* Takes "x/../", "./" and double slashes out, in place. */
static void collapse(char *path)
{
	char *to = path, *from = path;

	if (*from == '/')
		to = ++from;
	while (*from) {
		size_t len = strcspn(from, "/");
		bool slash = from[len];
		bool up = len == 2 && !memcmp(from, "..", 2);
		char *last = up ? component_before(path, to) : to;

		if (last < to) {
			to = last;
		} else if (len > 0 && !(len == 1 && *from == '.')) {
			memmove(to, from, len);
			to += len;
			if (slash)
				*to++ = '/';
		}
		from += len + slash;
	}
	*to = 0;
}

/* What comes behind the current folder's name, if it begins with that. */
static const char *from_here(const char *path)
{
	char here[PATH_MAX];
	size_t len;

	if (!getcwd(here, sizeof(here)))
		return path;
	len = strlen(here);
	if (len > 1 && !strncmp(path, here, len) && path[len] == '/')
		return path + len + 1;
	return path;
}

static char *shorten(const char *folder, const char *raw)
{
	char *path, *shown;
	int len;

	if (*raw == '/' || !folder)
		len = asprintf(&path, "%s", raw);
	else
		len = asprintf(&path, "%s/%s", folder, raw);
	if (len < 0)
		return NULL;
	collapse(path);
	shown = strdup(from_here(path));
	free(path);
	return shown;
}

static const char *show(struct source_dwarf *d, Dwarf_Die *unit,
			const char *raw)
{
	Dwarf_Attribute folder;
	struct name *n;

	if (!raw || !strcmp(raw, "???"))
		return NULL;
	for (n = d->names; n; n = n->next)
		if (n->raw == raw)
			return n->shown;
	n = calloc(1, sizeof(*n));
	if (!n)
		return raw;
	n->raw = raw;
	n->shown = shorten(
		dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &folder)),
		raw);
	if (!n->shown) {
		free(n);
		return raw;
	}
	n->next = d->names;
	d->names = n;
	return n->shown;
}

/* ---- addresses ---- */

static bool find_unit(Dwarf *dwarf, uint64_t va, Dwarf_Die *unit)
{
	Dwarf_CU *cu = NULL;

	while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, unit, NULL) == 0)
		if (dwarf_haspc(unit, va) == 1)
			return true;
	return false;
}

static void set_line(struct source_dwarf *d, Dwarf_Die *unit, uint64_t va,
		     struct source_frame *frame)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, va);
	int number = 0;

	if (!line)
		return;
	dwarf_lineno(line, &number);
	frame->line = number > 0 ? number : 0;
	frame->file = show(d, unit, dwarf_linesrc(line, NULL, NULL));
}

static Dwarf_Word number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	if (!dwarf_attr(die, name, &attr) ||
	    dwarf_formudata(&attr, &value) != 0)
		return 0;
	return value;
}

/* Where an inlined function was called: a line of the function around it. */
static void set_call(struct source_dwarf *d, Dwarf_Die *unit, Dwarf_Die *call,
		     struct source_frame *frame)
{
	Dwarf_Word file = number_of(call, DW_AT_call_file);
	Dwarf_Files *files;
	size_t count;

	frame->line = number_of(call, DW_AT_call_line);
	if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
		frame->file =
			show(d, unit, dwarf_filesrc(files, file, NULL, NULL));
}

/*
 * The scopes around an address as they lie in one another in the code, the
 * innermost first. (dwarf_getscopes() goes from an inlined function on to
 * where that is written; only its first answer is wanted.)
 */
static int find_scopes(Dwarf_Die *unit, uint64_t va, Dwarf_Die **scope)
{
	Dwarf_Die *lexical = NULL;
	int count = dwarf_getscopes(unit, va, &lexical);

	if (count > 0)
		count = dwarf_getscopes_die(&lexical[0], scope);
	free(lexical);
	return count;
}

unsigned source_dwarf_find(struct source_dwarf *d, uint64_t va,
			   struct source_frame frame[SOURCE_FRAMES_MAX])
{
	Dwarf_Die unit, *scope = NULL;
	unsigned at = 0;
	int scopes;

	if (!find_unit(d->dwarf, va, &unit))
		return 0;
	frame[0] = (struct source_frame){0};
	set_line(d, &unit, va, &frame[0]);
	scopes = find_scopes(&unit, va, &scope);
	for (int i = 0; i < scopes; i++) {
		int tag = dwarf_tag(&scope[i]);

		if (tag != DW_TAG_inlined_subroutine &&
		    tag != DW_TAG_subprogram)
			continue;
		frame[at].function = dwarf_diename(&scope[i]);
		if (tag == DW_TAG_subprogram || at + 1 == SOURCE_FRAMES_MAX)
			break;
		frame[++at] = (struct source_frame){0};
		set_call(d, &unit, &scope[i], &frame[at]);
	}
	free(scope);
	return frame[at].function || frame[at].line ? at + 1 : at;
}
