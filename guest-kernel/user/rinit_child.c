/* rinit_child.c: see rinit_child.h. */
#include "guest-kernel/user/rinit_child.h"

#include "guest-kernel/user/child.h"

#define CHILDREN 8
#define MEMORY	 4 /* grains for each, 1 MiB */

static struct {
	struct child child;
	const struct boot_module *module; /* NULL: none */
} children[CHILDREN];

static size_t word_length(const char *s)
{
	size_t len = 0;

	while (s[len] && s[len] != ' ')
		len++;
	return len;
}

static void say_modules(struct console *out, const char *name, size_t len)
{
	const struct boot_info *info = rt_boot_info();

	console_print(out, "start child: no module \"%.*s\"; ", (int)len, name);
	if (info->module_count == 0)
		console_print(out, "there are none: boot with --module FILE");
	else
		console_print(out, "there are:");
	for (unsigned i = 0; i < info->module_count; i++)
		console_print(out, " %s", info->module[i].name);
	console_print(out, "\n");
}

/* NULL, having said so, if there is none. */
static const struct boot_module *find_module(struct console *out,
					     const char *name)
{
	const struct boot_info *info = rt_boot_info();
	size_t len = word_length(name);

	for (unsigned i = 0; i < info->module_count; i++) {
		const struct boot_module *m = &info->module[i];

		if (strlen(m->name) == len && !memcmp(m->name, name, len))
			return m;
	}
	say_modules(out, name, len);
	return NULL;
}

static bool start(struct console *out, struct child *c,
		  const struct boot_module *m, const char *arguments)
{
	const struct child_options options = {
		.arguments = arguments,
		.grains = MEMORY,
		.channel = caddr_root(BOOT_SLOT_CHANNEL),
	};
	enum error err = child_make(c, (const void *)m->va, m->bytes, &options);

	if (err == ERR_RANGE && !strncmp(c->problem, "it ", 3)) {
		console_print(out, "start child: %s: %s\n", m->name,
			      c->problem);
		return false;
	}
	if (err == ERR_OK) {
		c->problem = "starting it";
		err = child_go(c);
		if (err != ERR_OK)
			child_destroy(c);
	}
	if (err == ERR_OK)
		return true;
	console_print(out, "start child: %s: %s: %s: %s\n", m->name, c->problem,
		      error_name(err), error_text(err));
	return false;
}

bool rinit_start_module(struct console *out, const char *line)
{
	const struct boot_module *m = find_module(out, line);
	unsigned i = 0;

	if (!m)
		return false;
	while (i < CHILDREN && children[i].module)
		i++;
	if (i == CHILDREN) {
		console_print(out,
			      "start child: %d children run already; \"wait "
			      "child NAME\" makes room\n",
			      CHILDREN);
		return false;
	}
	if (!start(out, &children[i].child, m, line + word_length(line)))
		return false;
	children[i].module = m;
	return true;
}

bool rinit_wait_module(struct console *out, const char *name)
{
	size_t len = word_length(name);
	int result = 0;

	if (!len) {
		console_print(out, "wait child: expected: wait child MODULE\n");
		return false;
	}
	for (unsigned i = 0; i < CHILDREN; i++) {
		const struct boot_module *m = children[i].module;

		if (!m || strlen(m->name) != len || memcmp(m->name, name, len))
			continue;
		if (child_join(&children[i].child, &result))
			console_print(out, "%s ended: %d\n", m->name, result);
		else
			console_print(out, "%s has failed: see the log\n",
				      m->name);
		child_destroy(&children[i].child);
		children[i].module = NULL;
		return true;
	}
	console_print(out, "wait child: no child runs \"%.*s\"\n", (int)len,
		      name);
	return false;
}
