/*
 * hello.c: a program with main(): it says what it was given, uses what it has
 * and returns a number. First word "panic" or "fault": that it does; "echo":
 * it answers one call, at the Endpoint that comes through the channel, with
 * the capability that the call brings. `child.c` and rinit start it as a
 * child; it is an init program as well.
 */
#include <assert.h>

#include "guest-kernel/user/message.h"
#include "guest-kernel/user/rt.h"

static __thread int own = 5;

static int constructed;

static __attribute__((constructor)) void construct(void)
{
	constructed = 1;
}

/* A number that came through the channel, if there is one. */
static void receive(void)
{
	struct taken got;

	if (sys_channel_take(caddr_root(BOOT_SLOT_CHANNEL), CHANNEL_TRY,
			     CADDR_ANY, &got) == ERR_OK)
		rt_print("hello: received %llu", (unsigned long long)got.value);
}

static int echo(void)
{
	struct caddr endpoint = caddr_root(100), reply = caddr_root(101),
		     slot = caddr_root(102);
	struct message m = {0};
	struct taken got;

	rt_buffer()->receive[0] =
		(struct message_cap){slot.path, slot.depth, MESSAGE_COPY};
	rt_buffer()->send[0] = rt_buffer()->receive[0];
	if (sys_channel_take(caddr_root(BOOT_SLOT_CHANNEL), 0, endpoint,
			     &got) != ERR_OK ||
	    sys_untyped_retype(caddr_root(BOOT_SLOT_UNTYPED), OBJECT_REPLY, 0,
			       1, reply, NULL) != ERR_OK ||
	    message_receive(endpoint, reply, &m) != ERR_OK)
		return 1;
	rt_print("hello: a call with %u capabilities", MESSAGE_CAPS(m.info));
	m.info = MESSAGE_INFO(MESSAGE_LABEL_OF(m.info), MESSAGE_CAPS(m.info),
			      MESSAGE_LENGTH(m.info));
	return message_send(reply, m) != ERR_OK;
}

int main(int argc, char **argv)
{
	char *copy = malloc(100000);
	int *volatile wrong = (int *)8;

	for (int i = 1; i < argc; i++)
		rt_print("hello: argument %d is \"%s\"", i, argv[i]);
	assert(constructed && own == 5 && argv[argc] == NULL);
	if (argc > 1 && !strcmp(argv[1], "panic"))
		rt_panic("as I was told");
	if (argc > 1 && !strcmp(argv[1], "fault"))
		*wrong = 1;
	if (argc > 1 && !strcmp(argv[1], "echo"))
		return echo();
	rt_print("hello: memory %s", copy ? "is there" : "is missing");
	if (copy)
		memset(copy, 1, 100000);
	free(copy);
	receive();
	return argc > 1 ? 40 + argc : 0;
}
