/*
 * shard.c: results as files, each written whole or not at all.
 *
 *	DIR/ab/ab12...json	a run, named by its job's ID
 *	DIR/shard-2-of-8.json	all that was planned, and that part 2 of it
 *				is done
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evm/hash.h"
#include "shell/runner/runner.h"
#include "shell/runner/text.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define PATH_SIZE 4096

static int make_dir(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	return fail(-errno, "--results: %s: cannot be made: %s", path,
		    strerror(errno));
}

/* ---- a file that is whole when it is there ---- */

struct whole {
	FILE *out;
	char temp[PATH_SIZE + 16], path[PATH_SIZE];
};

static int whole_begin(struct whole *w, const char *dir, const char *name)
{
	int fd;

	if (snprintf(w->path, sizeof(w->path), "%s/%s", dir, name) >=
	    (int)sizeof(w->path))
		return fail(-ENAMETOOLONG, "--results: %s: too long", dir);
	snprintf(w->temp, sizeof(w->temp), "%s/.tmpXXXXXX", dir);
	fd = mkostemp(w->temp, O_CLOEXEC);
	w->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (w->out)
		return 0;
	if (fd >= 0)
		close(fd);
	return fail(-errno, "--results: %s: cannot be written: %s", dir,
		    strerror(errno));
}

static int whole_end(struct whole *w)
{
	bool bad = fflush(w->out) != 0 || ferror(w->out) ||
		   fchmod(fileno(w->out), 0644) < 0 ||
		   fsync(fileno(w->out)) < 0;

	bad |= fclose(w->out) != 0;
	if (!bad && rename(w->temp, w->path) == 0)
		return 0;
	fail(-errno, "--results: %s: cannot be written: %s", w->path,
	     strerror(errno));
	unlink(w->temp);
	return -EIO;
}

/* ---- which jobs ---- */

static void hash_plan(struct shard *s)
{
	uint8_t hash[32];

	evm_sha256((uint8_t *)s->id, s->all_count * sizeof(*s->id), hash);
	for (int i = 0; i < 32; i++)
		snprintf(s->plan + 2 * i, 3, "%02x", hash[i]);
}

int shard_begin(struct shard *s, struct plan *plan,
		const struct runner_options *o)
{
	int err = make_dir(o->results);

	*s = (struct shard){.dir = o->results,
			    .shard = o->shard ? o->shard : 1,
			    .shards = o->shards ? o->shards : 1,
			    .all_count = plan->job_count};
	s->id = calloc(plan->job_count, sizeof(*s->id));
	s->all = malloc(plan->job_count * sizeof(*s->all));
	if (!err && (!s->id || !s->all))
		err = fail(-ENOMEM, "test: no memory");
	if (err)
		return err;
	memcpy(s->all, plan->job, plan->job_count * sizeof(*s->all));
	for (size_t i = 0; i < s->all_count && !err; i++)
		err = job_id(&s->all[i], s->id[i]);
	job_id_forget();
	if (err)
		return err;
	hash_plan(s);
	plan->job_count = 0;
	for (size_t i = s->shard - 1; i < s->all_count; i += s->shards)
		plan->job[plan->job_count++] = s->all[i];
	return 0;
}

static const char *id_of(const struct shard *s, size_t i)
{
	return s->id[s->shard - 1 + i * s->shards];
}

void shard_note(const struct shard *s, size_t i, struct result *r)
{
	memcpy(r->job, id_of(s, i), JOB_ID);
}

int shard_keep(const struct shard *s, size_t i, const struct result *r)
{
	char dir[PATH_SIZE - 128], name[JOB_ID + 8];
	struct whole w;
	int err;

	if (snprintf(dir, sizeof(dir), "%s/%.2s", s->dir, id_of(s, i)) >=
	    (int)sizeof(dir))
		return fail(-ENAMETOOLONG, "--results: %s: too long", s->dir);
	snprintf(name, sizeof(name), "%s.json", id_of(s, i));
	err = make_dir(dir);
	if (!err)
		err = whole_begin(&w, dir, name);
	if (err)
		return err;
	report_json(w.out, r);
	return whole_end(&w);
}

bool shard_read(const struct shard *s, size_t i, struct result *r)
{
	struct result kept;
	char path[PATH_SIZE];
	const char *id = id_of(s, i);

	snprintf(path, sizeof(path), "%s/%.2s/%s.json", s->dir, id, id);
	if (result_read(path, id, &kept) < 0)
		return false;
	if (kept.status < 0 || kept.status == EXIT_HOST) {
		result_fini(&kept);
		return false;
	}
	result_fini(r);
	*r = kept;
	return true;
}

int shard_end(const struct shard *s)
{
	char name[64];
	struct whole w;
	int err;

	snprintf(name, sizeof(name), "shard-%u-of-%u.json", s->shard,
		 s->shards);
	err = whole_begin(&w, s->dir, name);
	if (err)
		return err;
	fprintf(w.out,
		"{\"type\":\"shard\",\"shard\":%u,\"of\":%u,"
		"\"plan\":\"%s\",\"jobs\":[",
		s->shard, s->shards, s->plan);
	for (size_t i = 0; i < s->all_count; i++) {
		fprintf(w.out, "%s\n{\"id\":\"%s\",\"name\":\"", i ? "," : "",
			s->id[i]);
		text_puts(w.out, TEXT_JSON, s->all[i].test->name);
		fputc('"', w.out);
		if (s->all[i].seeded)
			fprintf(w.out, ",\"seed\":%llu",
				(unsigned long long)s->all[i].seed);
		fputc('}', w.out);
	}
	fputs("]}\n", w.out);
	return whole_end(&w);
}

void shard_fini(struct shard *s)
{
	free(s->id);
	free(s->all);
	s->id = NULL;
	s->all = NULL;
}
