/* plan.c: what is to be run, all of it checked before anything runs. */
#include <errno.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/runner/runner.h"
#include "shell/suggest.h"
#include "shell/toml.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define TESTS_MAX 65536
#define ARGS_MAX  128

/* One [[test]], or the command line's idea of one, before it is a test. */
struct draft {
	const char *name, *kernel, *init, *append, *timeout, *verdict, *skip;
	const char *module[BOOT_MODULES];
	unsigned module_count;
	const char *option[ARGS_MAX / 2];
	unsigned option_count;
	const struct toml_value *planned;
	const char *file; /* where it stands, for messages */
	unsigned line;
};

/* The string becomes the plan's; NULL when there is no memory. */
static const char *keep(struct plan *p, char *string)
{
	char **more = p->owned;

	if (!string)
		return NULL;
	if ((p->owned_count & (p->owned_count - 1)) == 0)
		more = realloc(more, (p->owned_count ? 2 * p->owned_count : 1) *
					     sizeof(*more));
	if (!more) {
		free(string);
		return NULL;
	}
	p->owned = more;
	return more[p->owned_count++] = string;
}

static const char *keep_format(struct plan *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static const char *keep_format(struct plan *p, const char *fmt, ...)
{
	char *string;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&string, fmt, args) < 0)
		string = NULL;
	va_end(args);
	return keep(p, string);
}

static int draft_fail(const struct draft *d, const char *what)
{
	if (d->file)
		return fail(-EINVAL, "%s: line %u: %s", d->file, d->line, what);
	return fail(-EINVAL, "%s: %s", d->name, what);
}

/* ---- a draft to a test ---- */

/* The file's name without folders and its last ending. */
static const char *base_name(struct plan *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	return keep(p, strndup(base, dot && dot > base ? (size_t)(dot - base)
						       : strlen(base)));
}

static int set_args(struct plan *p, struct test *t, const struct draft *d,
		    const struct runner_options *o)
{
	const char *arg[ARGS_MAX];
	unsigned count = 0;

	arg[count++] = d->kernel;
	if (d->init) {
		arg[count++] = "--init";
		arg[count++] = d->init;
	}
	for (unsigned i = 0; i < d->module_count; i++) {
		arg[count++] = "--module";
		arg[count++] = d->module[i];
	}
	if (d->append) {
		arg[count++] = "--append";
		arg[count++] = d->append;
	}
	arg[count++] = "--timeout";
	arg[count++] = d->timeout ? d->timeout : o->timeout;
	if (count + d->option_count + o->boot_arg_count > ARGS_MAX)
		return draft_fail(d, "too many options");
	for (unsigned i = 0; i < d->option_count; i++)
		arg[count++] = d->option[i];
	for (unsigned i = 0; i < o->boot_arg_count; i++)
		arg[count++] = o->boot_arg[i];
	t->arg = malloc(count * sizeof(*t->arg));
	if (!t->arg)
		return fail(-ENOMEM, "test: no memory");
	memcpy(t->arg, arg, count * sizeof(*arg));
	t->arg_count = count;
	return 0;
}

/* What `vmm boot` would refuse is refused now. */
static int check_args(struct test *t, const struct draft *d)
{
	char *argv[ARGS_MAX + 2] = {(char *)"boot"};
	struct options o;
	int err;

	memcpy(argv + 1, t->arg, t->arg_count * sizeof(*t->arg));
	err = options_parse(t->arg_count + 1, argv, &o);
	if (err == 0 && o.exit_map != EXIT_MAP_VERDICT)
		err = draft_fail(d, "--exit-map has no place in a test: its "
				    "verdict is what counts");
	else if (err == 0 && o.display != DISPLAY_NONE)
		err = draft_fail(d, "--display has no place in a test");
	else if (err)
		err = draft_fail(d, "its options are refused");
	t->timeout_ns = o.timeout_ns;
	t->accel_auto = o.accel == ACCEL_AUTO;
	options_fini(&o);
	return err;
}

static int set_planned(struct test *t, const struct draft *d)
{
	if (!d->planned)
		return manifest_read(t->image, &t->planned, &t->planned_count);
	t->planned = calloc(d->planned->count + 1, sizeof(*t->planned));
	if (!t->planned)
		return fail(-ENOMEM, "test: no memory");
	for (size_t i = 0; i < d->planned->count; i++) {
		t->planned[i] = strdup(d->planned->item[i].string);
		if (!t->planned[i])
			return fail(-ENOMEM, "test: no memory");
		t->planned_count++;
	}
	return 0;
}

static bool selected(const char *name, const struct runner_options *o)
{
	for (unsigned i = 0; i < o->filter_count; i++)
		if (strpbrk(o->filter[i], "*?[")
			    ? fnmatch(o->filter[i], name, 0) == 0
			    : strstr(name, o->filter[i]) != NULL)
			return true;
	return o->filter_count == 0;
}

static int add_test(struct plan *p, const struct draft *d,
		    const struct runner_options *o)
{
	struct test *t = p->test, *old = t;
	int err;

	if (!selected(d->name, o))
		return 0;
	if (p->count == TESTS_MAX)
		return fail(-E2BIG, "test: more than %d tests", TESTS_MAX);
	if ((p->count & (p->count - 1)) == 0)
		t = realloc(old, (p->count ? 2 * p->count : 1) * sizeof(*t));
	if (!t)
		return fail(-ENOMEM, "test: no memory");
	p->test = t;
	t += p->count++;
	*t = (struct test){.name = d->name,
			   .image = d->init ? d->init : d->kernel,
			   .skip = d->skip};
	if (d->verdict && !verdict_of_word(d->verdict, &t->expect))
		return draft_fail(d, "verdict: none of success, failure, "
				     "panic, reset, stall, none, timeout");
	err = set_args(p, t, d, o);
	if (!err)
		err = check_args(t, d);
	if (!err && !t->skip)
		err = set_planned(t, d);
	return err;
}

/* ---- images ---- */

static int add_image(struct plan *p, const char *path,
		     const struct runner_options *o)
{
	struct draft d = {.name = base_name(p, path),
			  .kernel = o->kernel ? o->kernel : path,
			  .init = o->kernel ? path : NULL};

	if (!d.name)
		return fail(-ENOMEM, "test: no memory");
	return add_test(p, &d, o);
}

/* ---- vmm.toml ---- */

struct list_file {
	struct plan *plan;
	const char *path;
	char *dir; /* with its '/', or "" */
};

static int key_fail(const struct list_file *f, const struct toml_key *k,
		    const char *what)
{
	return fail(-EINVAL, "%s: line %u: '%s' %s", f->path, k->line, k->name,
		    what);
}

/* A file's name is relative to where the list stands. */
static const char *resolve(const struct list_file *f, const char *path)
{
	if (*path == '/' || !*f->dir)
		return path;
	return keep_format(f->plan, "%s%s", f->dir, path);
}

static int take_strings(const struct list_file *f, const struct toml_key *k,
			const char **to, unsigned *count, unsigned room,
			bool files)
{
	if (k->value.kind != TOML_ARRAY)
		return key_fail(f, k, "is to be a list of texts");
	for (size_t i = 0; i < k->value.count; i++) {
		const struct toml_value *v = &k->value.item[i];

		if (v->kind != TOML_STRING)
			return key_fail(f, k, "is to be a list of texts");
		if (!to)
			continue;
		if (*count == room)
			return key_fail(f, k, "is too long");
		to[(*count)++] = files ? resolve(f, v->string) : v->string;
	}
	return 0;
}

static int take_key(const struct list_file *f, const struct toml_key *k,
		    struct draft *d)
{
	const struct {
		const char *name;
		const char **to;
		bool file;
	} texts[] = {
		{"name", &d->name},	  {"kernel", &d->kernel, true},
		{"init", &d->init, true}, {"append", &d->append},
		{"timeout", &d->timeout}, {"verdict", &d->verdict},
		{"skip", &d->skip},
	};
	static const char *const names[] = {
		"name",	   "kernel", "init",	"append",  "timeout",
		"verdict", "skip",   "modules", "options", "plan"};
	const char *near;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(k->name, texts[i].name))
			continue;
		if (k->value.kind != TOML_STRING)
			return key_fail(f, k, "is to be a \"text\"");
		*texts[i].to = texts[i].file ? resolve(f, k->value.string)
					     : k->value.string;
		return 0;
	}
	if (!strcmp(k->name, "modules"))
		return take_strings(f, k, d->module, &d->module_count,
				    BOOT_MODULES, true);
	if (!strcmp(k->name, "options"))
		return take_strings(f, k, d->option, &d->option_count,
				    ARGS_MAX / 2, false);
	if (!strcmp(k->name, "plan")) {
		d->planned = &k->value;
		return take_strings(f, k, NULL, NULL, 0, false);
	}
	near = suggest(k->name, strlen(k->name), names,
		       sizeof(names) / sizeof(names[0]));
	if (near)
		return fail(-EINVAL,
			    "%s: line %u: unknown key '%s'; did you mean "
			    "'%s'?",
			    f->path, k->line, k->name, near);
	return key_fail(f, k, "is none of a test's keys; see vmm help test");
}

static int take_table(const struct list_file *f, const struct toml_table *t,
		      struct draft *d)
{
	int err = 0;

	d->file = f->path;
	d->line = t->line;
	for (size_t i = 0; i < t->count && !err; i++)
		err = take_key(f, &t->key[i], d);
	return err;
}

static int take_test(struct list_file *f, const struct toml_table *t,
		     const struct draft *defaults,
		     const struct runner_options *o)
{
	struct draft d = *defaults;
	int err = take_table(f, t, &d);

	if (err)
		return err;
	if (!d.kernel)
		return draft_fail(&d, "a test without 'kernel'");
	if (!d.name)
		d.name = base_name(f->plan, d.init ? d.init : d.kernel);
	if (!d.name || !*d.name)
		return draft_fail(&d, "a test without a name");
	/* The strings of the file are gone before the plan is. */
	return add_test(f->plan, &d, o);
}

static int take_tables(struct list_file *f, const struct toml *toml,
		       const struct runner_options *o)
{
	struct draft defaults = {.kernel = o->kernel};
	int err = 0;

	if (toml->table[0].count)
		return key_fail(f, &toml->table[0].key[0],
				"stands above [defaults] and [[test]]");
	for (size_t i = 1; i < toml->count && !err; i++) {
		const struct toml_table *t = &toml->table[i];

		if (!t->many && !strcmp(t->name, "defaults"))
			err = take_table(f, t, &defaults);
		else if (!t->many || strcmp(t->name, "test"))
			err = fail(-EINVAL,
				   "%s: line %u: '%s' is neither [defaults] "
				   "nor [[test]]",
				   f->path, t->line, t->name);
	}
	for (size_t i = 1; i < toml->count && !err; i++)
		if (toml->table[i].many)
			err = take_test(f, &toml->table[i], &defaults, o);
	return err;
}

/* All its strings are the plan's from now on. */
static bool own_strings(struct plan *p, struct toml_value *v)
{
	bool ok = true;

	if (v->string) {
		ok = keep(p, v->string) != NULL;
		v->string = ok ? v->string : NULL;
	}
	for (size_t i = 0; i < v->count; i++)
		ok &= own_strings(p, &v->item[i]);
	return ok;
}

static void disown(struct toml_value *v)
{
	v->string = NULL;
	for (size_t i = 0; i < v->count; i++)
		disown(&v->item[i]);
}

static int add_file(struct plan *p, const char *path,
		    const struct runner_options *o)
{
	struct list_file f = {.plan = p, .path = path};
	const char *slash = strrchr(path, '/');
	struct toml toml;
	bool owned = true;
	int err = toml_load(path, &toml);

	if (err == -ENOENT)
		fail(err, "%s: no such file", path);
	if (err) {
		toml_fini(&toml);
		return err;
	}
	f.dir = strndup(path, slash ? slash + 1 - path : 0);
	for (size_t i = 0; i < toml.count; i++)
		for (size_t k = 0; k < toml.table[i].count; k++)
			owned &= own_strings(p, &toml.table[i].key[k].value);
	if (!err && (!f.dir || !owned))
		err = fail(-ENOMEM, "%s: no memory", path);
	if (!err)
		err = take_tables(&f, &toml, o);
	for (size_t i = 0; i < toml.count; i++)
		for (size_t k = 0; k < toml.table[i].count; k++)
			disown(&toml.table[i].key[k].value);
	toml_fini(&toml);
	free(f.dir);
	return err;
}

/* ---- all of it ---- */

static bool is_list(const char *path)
{
	size_t len = strlen(path);

	return len > 5 && !strcmp(path + len - 5, ".toml");
}

static int compare_names(const void *a, const void *b)
{
	const struct test *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	return order ? order : (*x > *y) - (*x < *y);
}

/* Two tests of one name get their images' paths, then numbers. */
static int make_unique(struct plan *p)
{
	struct test **sorted = malloc((p->count + 1) * sizeof(struct test *));
	int err = sorted ? 0 : fail(-ENOMEM, "test: no memory");

	for (int round = 0; !err && round < 2; round++) {
		size_t same = 0;

		for (size_t i = 0; i < p->count; i++)
			sorted[i] = &p->test[i];
		if (p->count)
			qsort(sorted, p->count, sizeof(*sorted), compare_names);
		for (size_t i = 0; i < p->count && !err; i++) {
			const char *name = sorted[i]->name;
			size_t end = i;

			while (end < p->count &&
			       !strcmp(sorted[end]->name, name))
				end++;
			same = end - i;
			for (size_t k = i; k < end && same > 1 && !err; k++) {
				sorted[k]->name =
					round == 0
						? sorted[k]->image
						: keep_format(p, "%s#%zu", name,
							      k - i + 1);
				if (!sorted[k]->name)
					err = fail(-ENOMEM, "test: no memory");
			}
			i = end - 1;
		}
	}
	free(sorted);
	return err;
}

static int make_jobs(struct plan *p, const struct runner_options *o)
{
	bool seeded = o->seeded || o->repeat > 1;
	size_t at = 0;

	if (p->count > SIZE_MAX / sizeof(*p->job) / o->repeat)
		return fail(-E2BIG, "--repeat: too many runs");
	p->job_count = p->count * o->repeat;
	p->job = calloc(p->job_count + 1, sizeof(*p->job));
	if (!p->job)
		return fail(-ENOMEM, "test: no memory for %zu runs",
			    p->job_count);
	for (size_t t = 0; t < p->count; t++)
		for (unsigned k = 0; k < o->repeat; k++)
			p->job[at++] =
				(struct job){&p->test[t], seeded, o->seed + k};
	return 0;
}

int plan_make(struct plan *p, const struct runner_options *o)
{
	int err = 0;

	*p = (struct plan){NULL, 0, NULL, 0, NULL, 0};
	if (o->kernel && access(o->kernel, R_OK) != 0)
		err = fail(-errno, "%s: cannot be read: %s", o->kernel,
			   strerror(errno));
	for (unsigned i = 0; i < o->image_count && !err; i++)
		err = is_list(o->image[i]) ? add_file(p, o->image[i], o)
					   : add_image(p, o->image[i], o);
	if (!err)
		err = make_unique(p);
	if (!err && p->count == 0)
		err = fail(-ENOENT, o->filter_count
					    ? "test: no test has such a name; "
					      "see vmm test --list"
					    : "test: there is no test in it");
	return err ? err : make_jobs(p, o);
}

void plan_fini(struct plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->test[i].arg);
		manifest_free(p->test[i].planned, p->test[i].planned_count);
	}
	for (size_t i = 0; i < p->owned_count; i++)
		free(p->owned[i]);
	free(p->owned);
	free(p->test);
	free(p->job);
	*p = (struct plan){NULL, 0, NULL, 0, NULL, 0};
}
