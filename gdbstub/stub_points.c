/*
 * stub_points.c: Z and z, and the conditions that come with them.
 *
 * A point with conditions stops where one of them holds, or cannot be
 * evaluated: then a person should look.
 */
#include <stdlib.h>
#include <string.h>

#include "gdbstub/stub_parts.h"

static bool same(const struct gdb_point *a, const struct gdb_point *b)
{
	return a->kind == b->kind && a->pid == b->pid && a->addr == b->addr &&
	       a->len == b->len;
}

static struct stub_point **find(struct stub *s, const struct gdb_point *at)
{
	struct stub_point **p = &s->points;

	while (*p && !same(&(*p)->at, at))
		p = &(*p)->next;
	return p;
}

/* ---- conditions ---- */

struct view {
	struct stub *s;
	struct gdb_id id;
};

static bool view_reg(void *ctx, unsigned n, uint64_t *val)
{
	const struct view *v = ctx;
	unsigned size = v->s->ops->reg_size(v->s->t, n);
	uint8_t buf[64] = {0};

	if (!size || size > sizeof(buf) ||
	    !v->s->ops->read_reg(v->s->t, v->id, n, buf))
		return false;
	memcpy(val, buf, sizeof(*val));
	return true;
}

static bool view_mem(void *ctx, uint64_t addr, void *buf, unsigned len)
{
	const struct view *v = ctx;

	return v->s->ops->read_mem(v->s->t, v->id, addr, buf, len) == len;
}

static bool wanted(void *ctx, struct gdb_id id)
{
	const struct stub_point *p = ctx;
	struct view view = {p->stub, id};
	struct agent_source from = {&view, view_reg, view_mem};
	uint64_t val;

	for (unsigned i = 0; i < p->conditions; i++)
		if (!agent_eval(p->condition[i], &from, &val) || val)
			return true;
	return p->conditions == 0;
}

/* "XLEN,BYTES" */
static struct agent_code *read_code(struct text *t)
{
	struct agent_code *code;
	struct text bytes;
	uint64_t len;

	if (!text_char(t, 'X') || !text_number(t, &len) || len == 0 ||
	    len > AGENT_CODE_MAX || !text_char(t, ',') || text_len(t) < 2 * len)
		return NULL;
	code = malloc(sizeof(*code) + len);
	if (!code)
		return NULL;
	bytes = text_of(t->at, 2 * len);
	t->at += 2 * len;
	code->len = len;
	if (text_hex(&bytes, code->byte, len))
		return code;
	free(code);
	return NULL;
}

/* Commands, which were not offered, are refused; so is what is no code. */
static bool read_conditions(struct stub_point *p, struct text *t)
{
	while (!text_empty(t)) {
		text_char(t, ';');
		if (p->conditions == STUB_CONDITIONS)
			return false;
		p->condition[p->conditions] = read_code(t);
		if (!p->condition[p->conditions])
			return false;
		p->conditions++;
	}
	return true;
}

static void point_free(struct stub_point *p)
{
	for (unsigned i = 0; i < p->conditions; i++)
		free(p->condition[i]);
	free(p);
}

/* ---- the packets ---- */

static bool read_point(struct stub *s, struct text *t, struct gdb_point *at)
{
	uint64_t kind;

	if (!text_number(t, &kind) || kind >= GDB_POINT_KINDS ||
	    !text_char(t, ',') || !text_number(t, &at->addr) ||
	    !text_char(t, ',') || !text_number(t, &at->len))
		return false;
	at->kind = kind;
	at->pid = s->general.pid;
	if (kind <= GDB_HW_BREAK) /* a kind of instruction: of no matter */
		at->len = 1;
	return at->len && at->addr + at->len - 1 >= at->addr;
}

/* Kinds above Z4 are none of the protocol's. */
static bool known_kind(const struct text *t)
{
	return !text_empty(t) && *t->at >= '0' && *t->at <= '4';
}

static void put_in(struct stub *s, struct stub_point *new)
{
	struct stub_point **at = find(s, &new->at), *old = *at;

	new->next = old ? old->next : NULL;
	*at = new;
	if (old)
		point_free(old);
	else
		s->point_count++;
}

bool stub_insert(struct stub *s, struct text *t)
{
	struct stub_point *p;
	int err;

	if (!known_kind(t))
		return true;
	p = calloc(1, sizeof(*p));
	if (!p || s->point_count == STUB_POINTS) {
		free(p);
		return stub_error(s, STUB_ENOSPC);
	}
	p->stub = s;
	if (!read_point(s, t, &p->at) || !read_conditions(p, t)) {
		point_free(p);
		return stub_error(s, STUB_EINVAL);
	}
	err = s->ops->set_point(s->t, &p->at, wanted, p);
	if (err) {
		point_free(p);
		return stub_error(s, STUB_ENOSPC);
	}
	put_in(s, p);
	return stub_ok(s);
}

static void drop(struct stub *s, struct stub_point **at)
{
	struct stub_point *gone = *at;

	*at = gone->next;
	s->point_count--;
	point_free(gone);
}

bool stub_remove(struct stub *s, struct text *t)
{
	struct stub_point **p;
	struct gdb_point at;

	if (!known_kind(t))
		return true;
	if (!read_point(s, t, &at) || !text_empty(t))
		return stub_error(s, STUB_EINVAL);
	p = find(s, &at);
	if (*p) {
		s->ops->remove_point(s->t, &at);
		drop(s, p);
	}
	return stub_ok(s);
}

void stub_forget_points(struct stub *s, bool tell)
{
	while (s->points) {
		if (tell)
			s->ops->remove_point(s->t, &s->points->at);
		drop(s, &s->points);
	}
}
