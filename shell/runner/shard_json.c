/*
 * shard_json.c: kept results read back, by jansson; and the shards of a
 * folder put together.
 *
 * The files may come from anywhere: what is not as we write it is damaged.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "shell/runner/runner.h"
#include "vmm/log.h"

#define SHARDS_MAX 4096
#define PATH_SIZE  4096

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static bool outcome_of(const json_t *object, enum outcome *outcome)
{
	const char *word = text_of(object, "outcome");

	for (int o = OUTCOME_PASS; word && o <= OUTCOME_ERROR; o++)
		if (!strcmp(outcome_word(o), word)) {
			*outcome = o;
			return true;
		}
	return false;
}

/* ---- a result ---- */

static bool read_point(struct points *p, const json_t *object)
{
	const char *name = text_of(object, "name");
	enum outcome outcome;

	if (!name || !outcome_of(object, &outcome))
		return false;
	points_add(p, outcome, name, text_of(object, "note"));
	/* There may have been no room for it. */
	if (p->located && text_of(object, "file")) {
		p->point[p->count - 1].file = strdup(text_of(object, "file"));
		p->point[p->count - 1].line = number_of(object, "line");
	}
	return true;
}

static bool read_points(struct points *p, const json_t *list)
{
	size_t i;
	json_t *object;

	json_array_foreach(list, i,
			   object) if (p->count == POINTS_MAX ||
				       !read_point(p, object)) return false;
	return json_is_array(list) && !p->no_memory;
}

static void copy_bytes(const json_t *object, const char *key, char **bytes,
		       size_t *len)
{
	const json_t *string = json_object_get(object, key);

	*len = json_string_length(string);
	*bytes = *len ? malloc(*len) : NULL;
	if (*bytes)
		memcpy(*bytes, json_string_value(string), *len);
	else
		*len = 0;
}

static void read_summary(struct run_summary *s, const json_t *object)
{
	s->instructions = number_of(object, "instructions");
	s->guest_ns = number_of(object, "guest_ns");
	s->wall_ns = number_of(object, "wall_ns");
	if (text_of(object, "hash")) {
		s->want_hash = true;
		s->hash = strtoull(text_of(object, "hash"), NULL, 16);
	}
}

static bool read_result(const json_t *object, const char *id, struct result *r)
{
	const char *job = text_of(object, "job"), *name, *why;
	const json_t *status = json_object_get(object, "status");

	name = text_of(object, "name");
	why = text_of(object, "why");
	if (!job || strcmp(job, id) || !name || !why ||
	    !json_is_integer(status) || !outcome_of(object, &r->outcome) ||
	    !read_points(&r->points, json_object_get(object, "points")))
		return false;
	memcpy(r->job, id, JOB_ID);
	r->name = strdup(name);
	r->status = json_integer_value(status);
	snprintf(r->why, sizeof(r->why), "%s", why);
	if (text_of(object, "command"))
		r->command = strdup(text_of(object, "command"));
	if (text_of(object, "image"))
		r->image = strdup(text_of(object, "image"));
	r->seeded = json_object_get(object, "seed") != NULL;
	r->seed = number_of(object, "seed");
	copy_bytes(object, "out", &r->out, &r->out_len);
	copy_bytes(object, "err", &r->err, &r->err_len);
	read_summary(&r->summary, object);
	r->done = true;
	r->cut = false;
	return r->name != NULL;
}

int result_read(const char *path, const char *id, struct result *r)
{
	FILE *in = fopen(path, "re");
	json_t *object;
	bool ok;

	memset(r, 0, sizeof(*r));
	if (!in)
		return -ENOENT;
	object = json_loadf(in, JSON_ALLOW_NUL, NULL);
	fclose(in);
	ok = object && read_result(object, id, r);
	json_decref(object);
	if (ok)
		return 0;
	result_fini(r);
	return fail(-EINVAL,
		    "%s: no result of this run; remove it and run "
		    "its shard again",
		    path);
}

/* ---- shards ---- */

struct merge {
	const char *dir;
	json_t *first; /* the shard whose list of jobs counts */
	bool seen[SHARDS_MAX + 1];
	unsigned shards;
};

static bool is_shard(const json_t *o)
{
	const char *type = text_of(o, "type");
	uint64_t shard = number_of(o, "shard"), of = number_of(o, "of");

	return type && !strcmp(type, "shard") && text_of(o, "plan") &&
	       of >= 1 && of <= SHARDS_MAX && shard >= 1 && shard <= of &&
	       json_is_array(json_object_get(o, "jobs"));
}

static int add_shard(struct merge *m, const char *path)
{
	json_t *o = json_load_file(path, 0, NULL);
	char name[64];
	size_t len = strlen(path), name_len;
	int err = 0;

	if (!o || !is_shard(o)) {
		json_decref(o);
		return fail(-EINVAL, "%s: not what a shard leaves", path);
	}
	name_len = snprintf(name, sizeof(name), "/shard-%u-of-%u.json",
			    (unsigned)number_of(o, "shard"),
			    (unsigned)number_of(o, "of"));
	if (len < name_len || strcmp(path + len - name_len, name))
		err = fail(-EINVAL, "%s: holds another shard", path);
	else if (m->first &&
		 (strcmp(text_of(o, "plan"), text_of(m->first, "plan")) ||
		  number_of(o, "of") != m->shards))
		err = fail(-EINVAL,
			   "%s: is of another plan than the first shard: "
			   "other images, options, or number of shards; "
			   "remove what is old",
			   path);
	if (!err) {
		m->seen[number_of(o, "shard")] = true;
		m->shards = number_of(o, "of");
	}
	if (!err && !m->first)
		m->first = json_incref(o);
	json_decref(o);
	return err;
}

static int is_shard_name(const struct dirent *entry)
{
	return fnmatch("shard-*-of-*.json", entry->d_name, 0) == 0;
}

static int add_shards(struct merge *m)
{
	struct dirent **found;
	int count = scandir(m->dir, &found, is_shard_name, alphasort), err = 0;
	char path[PATH_SIZE];

	if (count < 0)
		return fail(-errno, "--merge: %s: cannot be read: %s", m->dir,
			    strerror(errno));
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", m->dir, found[i]->d_name);
		if (!err)
			err = add_shard(m, path);
		free(found[i]);
	}
	free(found);
	if (!err && !count)
		err = fail(-ENOENT,
			   "--merge: %s: no shard has left anything there",
			   m->dir);
	return err;
}

/* One that should be there and is not. */
static bool missing(struct result *r, const json_t *job, const char *why)
{
	const char *name = text_of(job, "name");

	memset(r, 0, sizeof(*r));
	r->name = strdup(name ? name : "?");
	r->seeded = json_object_get(job, "seed") != NULL;
	r->seed = number_of(job, "seed");
	r->outcome = OUTCOME_ERROR;
	r->status = -1;
	r->done = true;
	snprintf(r->why, sizeof(r->why), "%s", why);
	return r->name != NULL;
}

static bool read_job(struct merge *m, size_t i, const json_t *job,
		     struct result *r)
{
	const char *id = text_of(job, "id"), *name = text_of(job, "name");
	unsigned shard = i % m->shards + 1;
	char path[PATH_SIZE], why[80];
	int err;

	if (!m->seen[shard]) {
		snprintf(why, sizeof(why), "shard %u of %u is missing", shard,
			 m->shards);
		return missing(r, job, why);
	}
	if (!id || strlen(id) != JOB_ID - 1 || !name ||
	    id[strspn(id, "0123456789abcdef")])
		return missing(r, job, "the shard's list is damaged");
	snprintf(path, sizeof(path), "%s/%.2s/%s.json", m->dir, id, id);
	err = result_read(path, id, r);
	if (err)
		return missing(r, job,
			       err == -ENOENT ? "its result is missing"
					      : "its result is damaged");
	if (!strcmp(r->name, name))
		return true;
	result_fini(r);
	return missing(r, job, "its result is another's");
}

static int read_jobs(struct merge *m, struct result **result, size_t *count)
{
	const json_t *jobs = json_object_get(m->first, "jobs");
	size_t all = json_array_size(jobs);

	*result = calloc(all + 1, sizeof(**result));
	if (!*result)
		return fail(-ENOMEM, "--merge: no memory");
	if (!all)
		return fail(-EINVAL, "--merge: %s: nothing was planned",
			    m->dir);
	for (*count = 0; *count < all; ++*count)
		if (!read_job(m, *count, json_array_get(jobs, *count),
			      &(*result)[*count]))
			return fail(-ENOMEM, "--merge: no memory");
	for (unsigned i = 1; i <= m->shards; i++)
		if (!m->seen[i])
			log_warn("--merge: %s: shard %u of %u is missing",
				 m->dir, i, m->shards);
	return 0;
}

int merge_read(const char *dir, struct result **result, size_t *count)
{
	struct merge m = {.dir = dir};
	int err;

	*result = NULL;
	*count = 0;
	err = add_shards(&m);
	if (!err)
		err = read_jobs(&m, result, count);
	json_decref(m.first);
	return err;
}
