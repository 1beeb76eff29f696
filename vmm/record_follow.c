/*
 * record_follow.c: running as recorded, and watching that it is the same.
 *
 * The inputs are put into the machine's log; marks compare the state where
 * the recorder did. What ended the run from outside is done again at its
 * instant; what the guest did itself it must do again, and nothing later.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/log.h"
#include "vmm/record.h"

static void another_way(struct recording *r, const char *what)
{
	if (r->other_way)
		return;
	r->other_way = true;
	fail(-EIO,
	     "replay: the run went another way by instruction %" PRIu64 ": %s",
	     machine_count(r->m), what);
	machine_stop(r->m, STOP_HOST, 0, "");
}

/* ---- states on the way ---- */

static void set_check(struct recording *r);

static void check(void *ctx)
{
	struct recording *r = ctx;

	if (state_sum(&r->sum) != r->expected) {
		another_way(r, "its state is not the recorded one");
		return;
	}
	r->checked++;
	set_check(r);
}

/* The next one behind r->at. All of it has been read before. */
static void set_check(struct recording *r)
{
	struct record_head head;
	const uint8_t *data;

	while (r->at + sizeof(head) <= r->size) {
		memcpy(&head, r->bytes + r->at, sizeof(head));
		if (!record_next(r, &r->at, head.number, &head, &data))
			return;
		if (head.kind != RECORD_CHECK)
			continue;
		memcpy(&r->expected, data, sizeof(r->expected));
		r->check = (struct mark){
			.count = head.count, .reached = check, .ctx = r};
		machine_mark(r->m, &r->check);
		return;
	}
}

/* ---- the end ---- */

static void end_as_recorded(struct recording *r)
{
	r->done = true;
	if (r->whole)
		machine_stop(r->m, r->end.stop, r->end.code, r->end_why);
	else
		machine_stop(r->m, STOP_BREAK, 0,
			     "the recording ends here: it was cut off");
}

static bool inputs_left(const struct recording *r)
{
	return r->m->inputs.next < r->m->inputs.count;
}

/*
 * What came in last at this very count is applied behind this mark; or all
 * CPUs slept, and go on doing so until the end's time.
 */
static void is_over(void *ctx)
{
	struct recording *r = ctx;

	if (r->whole && r->end.exact) {
		another_way(r, "it did not end where it did");
	} else if (!inputs_left(r) && clock_now(&r->m->clock) >= r->end_ns) {
		end_as_recorded(r);
	} else if (r->over.count == r->last) {
		r->over.count++;
		machine_mark(r->m, &r->over);
	}
}

static bool ran_out(void *ctx)
{
	struct recording *r = ctx;
	uint64_t next = clock_next(&r->m->clock);
	bool own = r->whole && r->end.exact;

	if (!own && machine_count(r->m) >= r->last && next > r->end_ns) {
		clock_skip_to(&r->m->clock, r->end_ns);
		end_as_recorded(r);
		return true;
	}
	if (next == CLOCK_NEVER)
		another_way(r, "it sleeps for ever");
	return next == CLOCK_NEVER;
}

/* ---- all of it ---- */

static int take_inputs(struct recording *r)
{
	size_t at = r->first;
	struct record_head head;
	const uint8_t *data;
	uint32_t number = 2;
	int err = 0;

	while (!err && record_next(r, &at, number++, &head, &data) > 0) {
		struct input_event in = {.count = head.count,
					 .ns = head.ns,
					 .kind = head.input,
					 .point = head.point,
					 .joined = head.joined,
					 .len = head.len,
					 .data = (uint8_t *)data};

		if (head.kind == RECORD_INPUT)
			err = input_log(r->m, &in);
	}
	return err;
}

int recording_follow(struct recording *r, struct machine *m)
{
	int err;

	if (!m->cpu[0]->ops->counted_time || !m->cpu[0]->ops->track_writes)
		return fail(-ENOTSUP,
			    "replay: %s does not count instructions; a replay "
			    "needs --accel sim",
			    m->cpu[0]->ops->name);
	r->m = m;
	r->at = r->first;
	err = take_inputs(r);
	if (!err)
		err = state_sum_init(&r->sum, m);
	if (err)
		return err;
	m->inputs.replay = true;
	m->inputs.ran_out = ran_out;
	m->inputs.ran_out_ctx = r;
	r->over = (struct mark){.count = r->last + (r->whole && r->end.exact),
				.reached = is_over,
				.ctx = r};
	set_check(r);
	machine_mark(m, &r->over);
	return 0;
}

void recording_leave(struct recording *r)
{
	if (!r->m)
		return;
	machine_unmark(r->m, &r->check);
	machine_unmark(r->m, &r->over);
	r->m->inputs.ran_out = NULL;
	state_sum_fini(&r->sum);
	r->m = NULL;
}

/* Did the guest do again what it did? */
static bool same_end(struct recording *r)
{
	if (r->m->stop != r->end.stop || r->m->stop_code != r->end.code ||
	    machine_count(r->m) != r->last)
		another_way(r, "it ended otherwise than it did");
	else if (inputs_left(r))
		another_way(r, "it did not take all its inputs");
	else if (state_sum(&r->sum) != r->end.hash)
		another_way(r, "its last state is not the recorded one");
	return !r->other_way;
}

int recording_judge(struct recording *r)
{
	if (r->other_way)
		return -EIO;
	if (r->whole && r->end.exact && r->m->stop != STOP_QUIT &&
	    r->m->stop != STOP_SIGNAL && r->m->stop != STOP_TIMEOUT) {
		if (!same_end(r))
			return -EIO;
		r->done = true;
	}
	if (!r->done)
		log_warn("replay: ended after instruction %" PRIu64
			 " of %" PRIu64,
			 machine_count(r->m), r->last);
	else
		log_warn("replay: the same run, %s; %u states compared",
			 r->whole ? "to its end" : "as far as it was recorded",
			 r->checked + r->end.exact);
	return 0;
}
