/* job_id.c: what a run depends on, hashed; files by their bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evm/hash.h"
#include "shell/runner/runner.h"
#include "vmm/log.h"

#define ARGS_MAX  160
#define HASH_SIZE 32

static void to_hex(const uint8_t hash[HASH_SIZE], char id[JOB_ID])
{
	for (int i = 0; i < HASH_SIZE; i++)
		snprintf(id + 2 * i, 3, "%02x", hash[i]);
}

/* Files by path: most jobs share their kernel. */
static struct {
	char *path;
	char id[JOB_ID];
} known[64];
static size_t known_count;

static int hash_stream(FILE *in, const char *path, char id[JOB_ID])
{
	uint8_t hash[HASH_SIZE];
	char *text = NULL, buf[65536];
	size_t len, n;
	FILE *all = open_memstream(&text, &len);
	bool bad = !all;

	while (!bad && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		bad = fwrite(buf, 1, n, all) != n;
	bad |= ferror(in) != 0;
	if (all)
		bad |= fclose(all) != 0;
	if (!bad) {
		evm_sha256((uint8_t *)text, len, hash);
		to_hex(hash, id);
	}
	free(text);
	return bad ? fail(-EIO, "%s: cannot be read: %s", path, strerror(errno))
		   : 0;
}

static int hash_file(const char *path, char id[JOB_ID])
{
	FILE *in;
	int err;

	for (size_t i = 0; i < known_count; i++)
		if (!strcmp(known[i].path, path)) {
			memcpy(id, known[i].id, JOB_ID);
			return 0;
		}
	in = fopen(path, "re");
	if (!in)
		return fail(-errno, "%s: cannot be read: %s", path,
			    strerror(errno));
	err = hash_stream(in, path, id);
	fclose(in);
	if (!err && known_count < sizeof(known) / sizeof(known[0]) &&
	    (known[known_count].path = strdup(path)))
		memcpy(known[known_count++].id, id, JOB_ID);
	return err;
}

void job_id_forget(void)
{
	while (known_count)
		free(known[--known_count].path);
}

/* A text and its length, so that two lists never read the same. */
static void put(FILE *out, const char *text)
{
	fprintf(out, "%zu:%s\n", strlen(text), text);
}

static int put_file(FILE *out, const char *path)
{
	char id[JOB_ID];
	int err = hash_file(path, id);

	if (!err)
		put(out, id);
	return err;
}

/* Is it the name of a file, whose bytes count? */
static bool names_file(const struct options *o, const char *arg)
{
	bool found = arg == o->kernel || arg == o->restore;

	for (unsigned i = 0; i < o->module_count; i++)
		found |= arg == o->module[i];
	return found;
}

static int put_args(FILE *out, const struct test *t, const struct options *o)
{
	int err = 0;

	for (unsigned i = 0; i < t->arg_count; i++)
		put(out, names_file(o, t->arg[i]) ? "" : t->arg[i]);
	if (o->kernel)
		err = put_file(out, o->kernel);
	if (!err && o->restore)
		err = put_file(out, o->restore);
	for (unsigned i = 0; i < o->module_count && !err; i++)
		err = put_file(out, o->module[i]);
	return err;
}

static int put_job(FILE *out, const struct job *job)
{
	const struct test *t = job->test;
	char *argv[ARGS_MAX] = {(char *)"boot"};
	struct options o;
	int err;

	put(out, "vmm job 1");
	err = put_file(out, "/proc/self/exe");
	put(out, t->name);
	fprintf(out, "%d %d %llu %d\n", t->expect, job->seeded,
		(unsigned long long)job->seed, t->skip != NULL);
	for (size_t i = 0; i < t->planned_count; i++)
		put(out, t->planned[i]);
	for (unsigned i = 0; i < t->arg_count; i++)
		argv[i + 1] = (char *)t->arg[i];
	if (!err)
		err = options_parse(t->arg_count + 1, argv, &o);
	if (!err)
		err = put_args(out, t, &o);
	options_fini(&o);
	return err;
}

int job_id(const struct job *job, char id[JOB_ID])
{
	uint8_t hash[HASH_SIZE];
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return fail(-ENOMEM, "test: no memory");
	err = put_job(out, job);
	if (fclose(out) && !err)
		err = fail(-ENOMEM, "test: no memory");
	if (!err) {
		evm_sha256((uint8_t *)text, len, hash);
		to_hex(hash, id);
	}
	free(text);
	return err;
}
