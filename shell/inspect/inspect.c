/* inspect.c: looking anew, and commands by their lines. */
#include "shell/inspect/inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/internal.h"
#include "shell/inspect/record.h"
#include "shell/suggest.h"
#include "shell/words.h"
#include "vmm/log.h"

struct inspect *inspect_create(const struct inspect_config *config)
{
	struct inspect *in = calloc(1, sizeof(*in));

	if (!in) {
		fail(-ENOMEM, "inspector: no memory");
		return NULL;
	}
	in->m = config->m;
	program_open(&in->kernel, config->kernel);
	for (unsigned i = 0; i < config->module_count && i < BOOT_MODULES; i++)
		program_open(&in->program[in->program_count++],
			     config->module[i]);
	return in;
}

void inspect_destroy(struct inspect *in)
{
	if (!in)
		return;
	model_free(&in->model);
	moments_free(in);
	record_free(in->record);
	for (unsigned i = 0; i < in->program_count; i++)
		program_close(&in->program[i]);
	program_close(&in->kernel);
	free(in);
}

int inspect_look(struct inspect *in, char *why, size_t size)
{
	char reason[160] = "";
	int err;

	model_free(&in->model);
	err = model_capture(&in->model, &in->m->mem, in->kernel.fd, reason,
			    sizeof(reason));
	if (err)
		snprintf(why, size, "the kernel's objects cannot be read: %s",
			 reason);
	return err;
}

int inspect_check(struct inspect *in, char *why, size_t size)
{
	return inspect_look(in, why, size);
}

/* ---- commands ---- */

const struct inspect_help inspect_commands[] = {
	{"list", "[-a] [TASK|POOL]", "what is in a task's pools", 2, cmd_list},
	{"tree", "[-a] [SLOT]", "what was made from what", 2, cmd_tree},
	{"tasks", "", "all tasks: their states, where they are, who waits", 0,
	 cmd_tasks},
	{"task", "[TASK]", "one task: registers, and who called whom", 1,
	 cmd_task},
	{"maps", "[TASK|PML4]", "an address space: frames, rights, slots", 1,
	 cmd_maps},
	{"mem", "", "Untyped memory, and what it was made into", 0, cmd_mem},
	{"chan", "", "channels, endpoints and such: what is there, who waits",
	 0, cmd_chan},
	{"caps", "--dot|--svg|--capdl [FILE]",
	 "the whole capability graph, as a picture or as text", 2, cmd_caps},
	{"why", "SLOT", "from what a capability was made", 1, cmd_why},
	{"mark", "[NAME]", "keep this moment, for diff", 1, cmd_mark},
	{"diff", "[NAME]", "what has changed since it was marked", 1, cmd_diff},
	{"check", "", "what does not fit together", 0, cmd_check},
	{NULL, NULL, NULL, 0, NULL},
};

const struct inspect_help *inspect_command(const char *name)
{
	for (const struct inspect_help *h = inspect_commands; h->name; h++)
		if (!strcmp(h->name, name))
			return h;
	return NULL;
}

uint32_t request_task(struct request *r, int i)
{
	const struct model *m = r->m;
	uint32_t task;

	if (r->argc <= i) {
		if (m->task_count)
			return m->task[0];
		out_refuse(r->out, -ENOENT, "there is no task");
		return NIL;
	}
	task = find_task_named(m, r->argv[i]);
	for (uint32_t n = 0; task == NIL && n < m->task_count; n++) {
		const struct object *o = &m->object[m->task[n]];
		const struct program *p = task_program(r->in, o);

		if (p && !strcmp(p->name, r->argv[i]))
			task = m->task[n];
	}
	if (task == NIL) {
		out_refuse(r->out, -ENOENT,
			   *r->argv[i] == '-' ? "there is no option '%s'"
					      : "'%s' is no task",
			   r->argv[i]);
		out_hint(r->out, "tasks: see `tasks`; the first is %s",
			 m->task_count ? object_name(m, m->task[0]).text
				       : "none");
	}
	return task;
}

/* In the middle of a call the kernel's structures need not fit together. */
static bool kernel_busy(const struct inspect *in)
{
	struct x86_state s;

	if (!in->m->cpu_count)
		return false;
	in->m->cpu[0]->ops->get_state(in->m->cpu[0], &s);
	return (s.seg[SEG_CS].selector & 3) == 0 && s.halted == HALT_NONE;
}

static void say_corrupt(struct request *r)
{
	if (!r->m->corrupt || r->out->json)
		return;
	out_line(r->out, "%u thing%s corrupt; `check` says which%s",
		 r->m->corrupt, r->m->corrupt > 1 ? "s are" : " is",
		 kernel_busy(r->in)
			 ? " (but the kernel is at work just now: what it "
			   "changes may look so)"
			 : "");
}

static int refuse_command(const char *name, struct inspect_out *out)
{
	const char *names[32], *near;
	size_t count = 0;

	for (const struct inspect_help *h = inspect_commands; h->name; h++)
		names[count++] = h->name;
	near = suggest(name, strlen(name), names, count);
	if (near)
		out_hint(out, "did you mean '%s'?", near);
	return out_refuse(out, -EINVAL, "unknown command '%s'", name);
}

static void hint_usage(struct inspect_out *out, const struct inspect_help *help)
{
	out_hint(out, "usage: %s%s%s", help->name, *help->usage ? " " : "",
		 help->usage);
}

static int run(struct inspect *in, int argc, const char **argv,
	       struct inspect_out *out)
{
	const struct inspect_help *help = inspect_command(argv[0]);
	struct request r = {in, &in->model, out, argc, argv};
	int err;

	if (!help)
		return refuse_command(argv[0], out);
	if (argc - 1 > help->words) {
		hint_usage(out, help);
		return out_refuse(out, -EINVAL, "%s: '%s' is too much", argv[0],
				  argv[help->words + 1]);
	}
	err = inspect_look(in, out->error, sizeof(out->error));
	if (err)
		return err;
	err = help->run(&r);
	if (!err)
		say_corrupt(&r);
	if (err == -EINVAL && !*out->hint)
		hint_usage(out, help);
	return err;
}

int inspect_run(struct inspect *in, const char *line, struct inspect_out *out)
{
	const char *argv[WORDS_MAX], *why;
	bool json = out->json;
	struct words words;
	int argc = 0, err;

	*out->error = *out->hint = 0;
	if (!words_read(&line, &words, &why))
		return out_refuse(out, -EINVAL, "%s", why);
	if (line[strspn(line, " \t\r\n")])
		return out_refuse(out, -EINVAL, "one command at a time");
	for (unsigned i = 0; i < words.count; i++)
		if (!strcmp(words.word[i], "--json"))
			out->json = true;
		else
			argv[argc++] = words.word[i];
	if (argc == 0) {
		out->json = json;
		return out_refuse(out, -EINVAL, "an empty line");
	}
	err = run(in, argc, argv, out);
	out->json = json;
	return err;
}
