/* config.c: looks options up in a file and in the environment. */
#include "shell/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/runner/text.h"
#include "shell/suggest.h"
#include "shell/toml.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define ENV_SIZE 80
#define ROWS_MAX 64

/* Read once; values point into it as long as the program runs. */
static struct {
	bool read;
	int err;
	bool named;	 /* by VMM_CONFIG: it has to be there */
	char path[4096]; /* "": no file is to be read */
	struct toml toml;
} file;

/* Where an option's value comes from. */
struct origin {
	const char *value; /* NULL: it is not configured */
	unsigned line;	   /* of the file; 0: the environment */
	char variable[ENV_SIZE];
};

/* ---- the file ---- */

static void find_path(void)
{
	const char *own = getenv("VMM_CONFIG");
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	file.named = own;
	if (own)
		snprintf(file.path, sizeof(file.path), "%s", own);
	else if (xdg && *xdg)
		snprintf(file.path, sizeof(file.path), "%s/vmm/config.toml",
			 xdg);
	else if (home && *home)
		snprintf(file.path, sizeof(file.path),
			 "%s/.config/vmm/config.toml", home);
}

static const struct cli_option *find_option(const struct cli_command *c,
					    const char *name)
{
	for (size_t i = 0; i < c->option_count; i++)
		if (!strcmp(c->option[i].name, name) && !c->option[i].per_run)
			return &c->option[i];
	return NULL;
}

static int unknown_key(const struct cli_command *c, const struct toml_key *k)
{
	const char *names[ROWS_MAX], *near;
	size_t count = 0;

	for (size_t i = 0; i < c->option_count; i++)
		if (!c->option[i].per_run)
			names[count++] = c->option[i].name;
	near = suggest(k->name, strlen(k->name), names, count);
	return fail(-EINVAL, "%s: line %u: [%s] cannot have '%s'%s%s%s",
		    file.path, k->line, c->name, k->name,
		    near ? "; did you mean '" : "", near ? near : "",
		    near ? "'?" : "");
}

/* As a text, which stays as long as the file's own texts do. */
static int spell_number(struct toml_value *v)
{
	if (v->kind == TOML_INTEGER &&
	    asprintf(&v->string, "%" PRId64, v->integer) < 0) {
		v->string = NULL;
		return fail(-ENOMEM, "%s: no memory", file.path);
	}
	return 0;
}

static int check_table(const struct toml_table *t)
{
	const struct cli_command *c = cli_find(t->name);
	const char *near = c ? NULL : cli_meant(t->name);

	if (t->many || !c)
		return fail(-EINVAL,
			    "%s: line %u: [%s] is no command of vmm%s%s%s",
			    file.path, t->line, t->name,
			    near ? "; did you mean [" : "", near ? near : "",
			    near ? "]?" : "");
	for (size_t i = 0; i < t->count; i++) {
		struct toml_value *v = &t->key[i].value;

		if (!find_option(c, t->key[i].name))
			return unknown_key(c, &t->key[i]);
		if (v->kind == TOML_ARRAY)
			return fail(-EINVAL,
				    "%s: line %u: '%s' is to be one value",
				    file.path, t->key[i].line, t->key[i].name);
		if (spell_number(v))
			return -ENOMEM;
	}
	return 0;
}

static int read_file(void)
{
	int err;

	find_path();
	if (!*file.path)
		return 0;
	err = toml_load(file.path, &file.toml);
	if (err == -ENOENT && !file.named)
		return 0;
	if (err == -ENOENT)
		return fail(err, "%s: cannot be read: %s; VMM_CONFIG names it",
			    file.path, strerror(-err));
	if (!err && file.toml.table[0].count)
		err = fail(-EINVAL, "%s: line %u: '%s' stands in no [command]",
			   file.path, file.toml.table[0].key[0].line,
			   file.toml.table[0].key[0].name);
	for (size_t i = 1; i < file.toml.count && !err; i++)
		err = check_table(&file.toml.table[i]);
	return err;
}

static int load(void)
{
	if (!file.read)
		file.err = read_file();
	file.read = true;
	return file.err;
}

/* ---- one option ---- */

/* "VMM_BOOT_SMP_SEED" */
static void name_variable(const struct cli_command *c, const char *option,
			  char name[ENV_SIZE])
{
	snprintf(name, ENV_SIZE, "VMM_%s_%s", c->name, option);
	for (char *at = name; *at; at++)
		*at = *at == '-' ? '_' : toupper((unsigned char)*at);
}

static void look_in_file(const struct cli_command *c,
			 const struct cli_option *row, struct origin *o)
{
	for (size_t i = 1; i < file.toml.count; i++) {
		const struct toml_table *t = &file.toml.table[i];

		if (strcmp(t->name, c->name))
			continue;
		for (size_t k = 0; k < t->count; k++) {
			const struct toml_value *v = &t->key[k].value;

			if (strcmp(t->key[k].name, row->name))
				continue;
			o->line = t->key[k].line;
			o->value = v->string	? v->string
				   : v->boolean ? "true"
						: "false";
		}
	}
}

static void look(const struct cli_command *c, const struct cli_option *row,
		 struct origin *o)
{
	const char *value;

	*o = (struct origin){NULL};
	if (row->per_run)
		return;
	look_in_file(c, row, o);
	name_variable(c, row->name, o->variable);
	value = getenv(o->variable);
	if (!value)
		return;
	o->value = value;
	o->line = 0;
}

/* A switch is on or off; its `set` only switches it on. */
static int is_on(const char *value, bool *on)
{
	static const struct {
		const char *word;
		bool on;
	} words[] = {{"true", true},
		     {"1", true},
		     {"false", false},
		     {"0", false},
		     {"", false}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].word, value)) {
			*on = words[i].on;
			return 0;
		}
	return fail(-EINVAL, "'%s' is neither true nor false", value);
}

static int apply(const struct cli_option *row, struct origin *o, void *ctx)
{
	bool on = true;
	int err = row->arg ? 0 : is_on(o->value, &on);

	if (!err && on)
		err = cli_set(row, ctx, row->arg ? o->value : NULL);
	if (err && o->line)
		fail(err, "%s: line %u: '%s' is refused", file.path, o->line,
		     row->name);
	else if (err)
		fail(err, "environment: %s is refused", o->variable);
	return err;
}

/* A variable that looks like ours and is none is a slip. */
static void warn_of_slips(const struct cli_command *c)
{
	char prefix[ENV_SIZE], known[ENV_SIZE];
	size_t len;

	name_variable(c, "", prefix);
	len = strlen(prefix);
	for (char **env = environ; *env; env++) {
		size_t name = strcspn(*env, "=");
		bool found = strncmp(*env, prefix, len) != 0;

		for (size_t i = 0; i < c->option_count && !found; i++) {
			name_variable(c, c->option[i].name, known);
			found = !c->option[i].per_run &&
				strlen(known) == name &&
				!strncmp(*env, known, name);
		}
		if (!found)
			log_warn("environment: %.*s is no option of vmm %s "
				 "that can be set there",
				 (int)name, *env, c->name);
	}
}

int config_apply(const struct cli_command *c, void *ctx)
{
	int err = load();

	for (size_t i = 0; i < c->option_count && !err; i++) {
		struct origin o;

		look(c, &c->option[i], &o);
		if (o.value)
			err = apply(&c->option[i], &o, ctx);
	}
	if (!err)
		warn_of_slips(c);
	return err;
}

int config_parse(const struct cli_command *c, int argc, char **argv, void *ctx)
{
	int err = config_apply(c, ctx);

	return err ? err : cli_parse(c, argc, argv, ctx);
}

/* ---- vmm config ---- */

static void print_option(const struct cli_command *c,
			 const struct cli_option *row, bool origin)
{
	struct origin o;

	look(c, row, &o);
	if (!o.value)
		return;
	printf("%s.%s = \"", c->name, row->name);
	text_puts(stdout, TEXT_JSON, o.value);
	putchar('"');
	if (origin && o.line)
		printf("\t%s:%u", file.path, o.line);
	else if (origin)
		printf("\tenvironment %s", o.variable);
	putchar('\n');
}

static int run_config(int argc, char **argv)
{
	bool origin = false;
	int err = cli_parse(&command_config, argc, argv, &origin);

	if (err)
		return cli_status(err);
	if (cli_operands(&command_config, argc, argv))
		return EXIT_USAGE;
	if (load())
		return EXIT_USAGE;
	if (origin && *file.path)
		printf("# %s%s\n", file.path,
		       file.toml.count ? "" : " (not there)");
	for (size_t i = 0; cli_commands[i]; i++)
		for (size_t k = 0; k < cli_commands[i]->option_count; k++)
			print_option(cli_commands[i],
				     &cli_commands[i]->option[k], origin);
	return cli_flush();
}

static const struct cli_option rows[] = {
	{"show-origin", 0, NULL, NULL, "also say where each comes from", NULL,
	 true, .kind = CLI_FLAG},
	CLI_HELP,
};

const struct cli_command command_config = {
	.name = "config",
	.usage = "[--show-origin]",
	.summary = "what is configured outside the command line",
	.story = "Print the options that the configuration file and the "
		 "environment set.\n"
		 "The file is ~/.config/vmm/config.toml, or what VMM_CONFIG "
		 "names:\n"
		 "\n"
		 "  [boot]\n"
		 "  accel = \"sim\"          VMM_BOOT_ACCEL=sim does the "
		 "same, and overrides it;\n"
		 "  mem = \"128M\"           the command line overrides "
		 "both.\n",
	CLI_OPTIONS(rows),
	.run = run_config,
};
