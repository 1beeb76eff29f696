/* wait.c: how a task ended; see task.h. */
#include "guest-kernel/user/message.h"
#include "guest-kernel/user/task.h"

static void say_fault(const struct message *m)
{
	static const char *const names[FAULT_COUNT] = {
#define NAME(name, number, text) [number] = text,
		ABI_FAULTS(NAME)
#undef NAME
	};
	uint32_t kind = MESSAGE_LABEL_OF(m->info);

	rt_print("fault: %s, rip 0x%llx, address 0x%llx",
		 kind < FAULT_COUNT && names[kind] ? names[kind] : "unknown",
		 (unsigned long long)m->word[0],
		 (unsigned long long)m->word[1]);
}

bool task_wait(struct caddr done, struct caddr reply, int *result)
{
	struct message m = {0};
	enum error err = message_receive(done, reply, &m);

	if (err != ERR_OK)
		rt_panic("waiting for a task: %s", error_name(err));
	if (m.info & MESSAGE_FAULT) {
		say_fault(&m);
		return false;
	}
	if (result)
		*result = (int)m.word[0];
	return m.word[0] != RT_PANICKED;
}
