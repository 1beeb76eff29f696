/* internal.h: between the inspector's commands; see inspect.h. */
#ifndef SHELL_INSPECT_INTERNAL_H
#define SHELL_INSPECT_INTERNAL_H

#include "shell/inspect/inspect.h"
#include "shell/inspect/model.h"
#include "shell/inspect/names.h"
#include "shell/inspect/programs.h"
#include "shell/inspect/table.h"
#include "shell/inspect/tasks.h"
#include "vmm/boot.h"

struct moment;
struct record;

struct inspect {
	struct machine *m;
	struct program kernel;
	struct program program[BOOT_MODULES];
	unsigned program_count;
	struct model model;	/* of the call that goes on */
	struct moment *moments; /* that were marked */
	struct record *record;	/* of calls, or NULL */
};

/* One command, its words, and where its output goes. */
struct request {
	struct inspect *in;
	const struct model *m;
	struct inspect_out *out;
	int argc;
	const char **argv; /* [0]: the command */
};

/* Look anew; -ENOEXEC, -ENOMEM with the reason. */
int inspect_look(struct inspect *in, char *why, size_t size);

/* Each 0, or -errno with out->error. */
int cmd_list(struct request *r);
int cmd_tree(struct request *r);
int cmd_tasks(struct request *r);
int cmd_task(struct request *r);
int cmd_maps(struct request *r);
int cmd_mem(struct request *r);
int cmd_chan(struct request *r);
int cmd_caps(struct request *r);
int cmd_why(struct request *r);
int cmd_mark(struct request *r);
int cmd_diff(struct request *r);
int cmd_check(struct request *r);

void moments_free(struct inspect *in);

/*
 * The task or object that argument `i` names, the first task if there is no
 * such argument; NIL, refused.
 */
uint32_t request_task(struct request *r, int i);

/* What a task runs; NULL: none of the files that were given. */
struct program *task_program(struct inspect *in, const struct object *task);

/* "task#2" and, if known, " (rinit)". */
struct name task_title(struct inspect *in, const struct object *task);

/* Registers; see struct inspect_task. `in_kernel` as it says there. */
void task_read(struct inspect *in, const struct object *task,
	       struct inspect_task *t, bool *in_kernel);

#endif
