/* task.c: see task.h. */
#include "guest-kernel/user/task.h"

struct step {
	const char *name;
	enum error (*word)(struct caddr task, uint64_t value);
	enum error (*cap)(struct caddr task, struct caddr cap);
	uint64_t value;
	struct caddr given;
};

enum error task_set_up(struct caddr task, const struct task_setup *s,
		       const char **name)
{
	const struct step steps[] = {
		{"stack", sys_task_set_sp, NULL, s->sp, CADDR_ANY},
		{"instruction", sys_task_set_ip, NULL, s->ip, CADDR_ANY},
		{"cpool", NULL, sys_task_set_cpool, 0, s->pool},
		{"table", NULL, sys_task_set_table, 0, s->table},
		{"buffer", NULL, sys_task_set_buffer, 0, s->buffer},
		{"argument", sys_task_set_arg, NULL, s->argument, CADDR_ANY},
		{"FS base", sys_task_set_fs_base, NULL, s->fs_base, CADDR_ANY},
	};
	enum error err = ERR_OK;

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct step *step = &steps[i];

		if (step->word && step->value == 0)
			continue;
		if (name)
			*name = step->name;
		err = step->word ? step->word(task, step->value)
				 : step->cap(task, step->given);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}
