/* no_json.c: what stands for the fixtures in a build without jansson. */
#include "evm/tool/run.h"

static int refuse(const char *name)
{
	return complain(EXIT_BAD,
			"%s: built without jansson; install libjansson-dev "
			"and build again",
			name);
}

int cmd_vmtest(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_statetest(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_txtest(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_rlptest(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_trietest(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_basictest(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_pack(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_bench(int argc, char **argv)
{
	return refuse(argv[0]);
}

int cmd_t8n(int argc, char **argv)
{
	return refuse(argv[0]);
}

int run_load_prestate(struct run *run)
{
	return refuse("run --prestate");
}

int run_dump(const struct run *run)
{
	return refuse("run --dump");
}
