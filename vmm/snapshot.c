/*
 * snapshot.c: a machine as a row of parts, and a row of parts as a machine.
 *
 * Writing goes over the machine twice with the same code: once to measure and
 * to sum up, for the header, and once to write. What would not be the same at
 * the second look, the host's time, is read once. Restoring first checks every
 * part against the machine and then sets all; only the CPU can still refuse,
 * and it is asked before anything else is touched.
 */
#include "vmm/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/crc32c.h"
#include "vmm/log.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "states are kept as they lie in memory");
_Static_assert(sizeof(struct snapshot_header) == 32, "as on file");
_Static_assert(sizeof(struct snapshot_head) == 40, "as on file");

#define MAGIC		"VMMSNAP\x1a"
#define MACHINE_VERSION 3 /* its devices, too: a board of others is another */
#define CLOCK_VERSION	2
#define CPU_VERSION	4
#define MEMORY_VERSION	1
#define PAGE_RECORD	(8 + GUEST_PAGE_SIZE)

struct machine_part {
	uint64_t mem_len;
	uint64_t cpus;
	uint64_t level; /* enum cpu_level */
	uint64_t quantum, seed;
};

/* ---- writing ---- */

struct sink {
	FILE *out; /* NULL: only sum up */
	uint64_t len;
	uint32_t crc;
	uint32_t parts;
};

static void put(struct sink *sink, const void *data, size_t len)
{
	sink->len += len;
	if (sink->out)
		fwrite(data, 1, len, sink->out);
	else
		sink->crc = crc32c(sink->crc, data, len);
}

static void put_head(struct sink *sink, enum snapshot_kind kind, uint32_t index,
		     uint32_t version, const char *name, uint64_t len)
{
	struct snapshot_head head = {
		.kind = kind, .index = index, .version = version, .len = len};

	assert(strlen(name) < sizeof(head.name));
	memcpy(head.name, name, strlen(name));
	put(sink, &head, sizeof(head));
	sink->parts++;
}

static bool page_is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, GUEST_PAGE_SIZE - 1);
}

/* How many pages there are to keep; with a sink, put them there. */
static uint64_t each_page(const struct guestmem *gm, struct sink *sink)
{
	uint64_t count = 0;

	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		const struct guestmem_region *r = &gm->region[i];

		for (uint64_t at = 0; at < r->len; at += GUEST_PAGE_SIZE) {
			uint64_t gpa = r->base + at;

			if (page_is_zero(r->host + at))
				continue;
			count++;
			if (!sink)
				continue;
			put(sink, &gpa, sizeof(gpa));
			put(sink, r->host + at, GUEST_PAGE_SIZE);
		}
	}
	return count;
}

/*
 * What goes on while nobody runs, if time is the host's: the clock, and the
 * processors' own, which is in their registers.
 */
struct instant {
	struct snapshot_clock clock;
	struct x86_state cpu[MACHINE_CPUS];
};

/*
 * The host's time that is left out while a machine is held makes skipped_ns
 * negative: only the sum is the guest's time then.
 */
static void take_clock(const struct machine *m, struct snapshot_clock *clock)
{
	uint64_t count = machine_count(m);

	*clock = (struct snapshot_clock){count, m->clock.skipped_ns, m->turn,
					 m->seed};
	if (m->cpu[0]->ops->counted_time)
		return;
	clock->skipped_ns += count;
	clock->retired = 0;
}

static void take_instant(struct machine *m, struct instant *now)
{
	take_clock(m, &now->clock);
	for (unsigned i = 0; i < m->cpu_count; i++)
		m->cpu[i]->ops->get_state(m->cpu[i], &now->cpu[i]);
}

static void put_cpus(struct sink *sink, const struct machine *m,
		     const struct instant *now)
{
	for (unsigned i = 0; i < m->cpu_count; i++) {
		put_head(sink, SNAPSHOT_CPU, i, CPU_VERSION, "cpu",
			 sizeof(now->cpu[i]));
		put(sink, &now->cpu[i], sizeof(now->cpu[i]));
	}
}

static void put_devices(struct sink *sink, const struct machine *m)
{
	uint32_t index = 0;

	for (const struct device *dev = m->devices; dev; dev = dev->next) {
		const struct device_ops *ops = dev->ops;

		put_head(sink, SNAPSHOT_DEVICE, index++, ops->state_version,
			 ops->name, ops->state_size);
		put(sink, (const char *)dev + ops->state_offset,
		    ops->state_size);
	}
}

static void put_all(struct sink *sink, const struct machine *m,
		    const struct instant *now,
		    const struct snapshot_extra *extra, unsigned extras)
{
	struct machine_part machine = {guestmem_size(&m->mem), m->cpu_count,
				       m->level, m->quantum, m->seed};

	put_head(sink, SNAPSHOT_MACHINE, 0, MACHINE_VERSION, "machine",
		 sizeof(machine));
	put(sink, &machine, sizeof(machine));
	put_head(sink, SNAPSHOT_CLOCK, 0, CLOCK_VERSION, "clock",
		 sizeof(now->clock));
	put(sink, &now->clock, sizeof(now->clock));
	put_cpus(sink, m, now);
	put_devices(sink, m);
	for (unsigned i = 0; i < extras; i++) {
		put_head(sink, SNAPSHOT_EXTRA, 0, extra[i].version,
			 extra[i].name, extra[i].len);
		put(sink, extra[i].data, extra[i].len);
	}
	put_head(sink, SNAPSHOT_MEMORY, 0, MEMORY_VERSION, "memory",
		 each_page(&m->mem, NULL) * PAGE_RECORD);
	each_page(&m->mem, sink);
}

void snapshot_write(struct machine *m, const struct snapshot_extra *extra,
		    unsigned extras, FILE *out)
{
	struct snapshot_header h = {.magic = MAGIC, .format = SNAPSHOT_FORMAT};
	struct sink sums = {.out = NULL}, sink = {.out = out};
	struct instant now;

	take_instant(m, &now);
	put_all(&sums, m, &now, extra, extras);
	assert(sums.parts <= SNAPSHOT_PARTS);
	h.parts = sums.parts;
	h.len = sizeof(h) + sums.len;
	h.parts_crc = sums.crc;
	h.header_crc =
		crc32c(0, &h, offsetof(struct snapshot_header, header_crc));
	put(&sink, &h, sizeof(h));
	put_all(&sink, m, &now, extra, extras);
}

/* ---- checking a file ---- */

static int refuse(const struct snapshot *s, const char *why)
{
	return fail(-EINVAL, "snapshot: %s: %s", s->path, why);
}

static int refuse_part(const struct snapshot *s, const struct snapshot_head *h,
		       const char *why)
{
	return fail(-EINVAL, "snapshot: %s: %s %u: %s", s->path, h->name,
		    h->index, why);
}

static int check_header(const struct snapshot *s, size_t size,
			struct snapshot_header *h)
{
	size_t known = size < sizeof(h->magic) ? size : sizeof(h->magic);

	if (memcmp(s->bytes, MAGIC, known) || size == 0)
		return refuse(s, "not a snapshot");
	if (size < sizeof(*h))
		return refuse(s, "truncated: its header is not whole");
	memcpy(h, s->bytes, sizeof(*h));
	if (h->format > SNAPSHOT_FORMAT)
		return fail(-EINVAL,
			    "snapshot: %s: format %u, and this vmm reads up to "
			    "%u; restore it with the one that wrote it",
			    s->path, h->format, SNAPSHOT_FORMAT);
	if (h->header_crc !=
	    crc32c(0, h, offsetof(struct snapshot_header, header_crc)))
		return refuse(s, "damaged: its header does not sum up");
	if (h->format != SNAPSHOT_FORMAT)
		return refuse(s, "a format that never was");
	if (size < h->len)
		return fail(-EINVAL,
			    "snapshot: %s: truncated: %zu of %llu bytes",
			    s->path, size, (unsigned long long)h->len);
	if (size > h->len)
		return refuse(s, "damaged: bytes behind its end");
	if (h->parts_crc != crc32c(0, s->bytes + sizeof(*h), size - sizeof(*h)))
		return refuse(s, "damaged: its contents do not sum up");
	if (h->parts > SNAPSHOT_PARTS)
		return refuse(s, "more parts than any machine has");
	return 0;
}

/* Beyond this point a file sums up: what is wrong was written so. */
static int read_part(struct snapshot *s, size_t size, size_t *at)
{
	struct snapshot_part *part = &s->part[s->parts];
	struct snapshot_head *h = &part->head;

	if (size - *at < sizeof(*h))
		return refuse(s, "its parts do not fit");
	memcpy(h, s->bytes + *at, sizeof(*h));
	*at += sizeof(*h);
	if (h->kind >= SNAPSHOT_KINDS || h->name[sizeof(h->name) - 1] ||
	    h->len > size - *at)
		return refuse(s, "a part of it makes no sense");
	part->data = s->bytes + *at;
	*at += h->len;
	s->parts++;
	return 0;
}

static const struct snapshot_part *find_part(const struct snapshot *s,
					     enum snapshot_kind kind,
					     uint32_t index)
{
	for (unsigned i = 0; i < s->parts; i++)
		if (s->part[i].head.kind == kind &&
		    s->part[i].head.index == index)
			return &s->part[i];
	return NULL;
}

const struct snapshot_part *snapshot_find(const struct snapshot *s,
					  const char *name)
{
	for (unsigned i = 0; i < s->parts; i++)
		if (s->part[i].head.kind == SNAPSHOT_EXTRA &&
		    !strcmp(s->part[i].head.name, name))
			return &s->part[i];
	return NULL;
}

/* The part, of this version and length; NULL, said. */
static const struct snapshot_part *need_part(const struct snapshot *s,
					     enum snapshot_kind kind,
					     uint32_t index, const char *name,
					     uint32_t version, uint64_t len)
{
	const struct snapshot_part *part = find_part(s, kind, index);

	if (!part)
		fail(-EINVAL, "snapshot: %s: has no %s %u", s->path, name,
		     index);
	else if (strcmp(part->head.name, name))
		fail(-EINVAL,
		     "snapshot: %s: has a %s where this machine "
		     "has a %s; give the options of the run that was saved",
		     s->path, part->head.name, name);
	else if (part->head.version != version || part->head.len != len)
		refuse_part(s, &part->head,
			    "of another version of vmm; restore it with the "
			    "one that wrote it");
	else
		return part;
	return NULL;
}

/* Whole pages of RAM, each once, in order. */
static int check_pages(const struct snapshot *s, const struct guestmem *gm)
{
	const struct snapshot_part *part = find_part(s, SNAPSHOT_MEMORY, 0);
	uint64_t gpa, next = 0;

	if (!part || part->head.version != MEMORY_VERSION ||
	    part->head.len % PAGE_RECORD)
		return refuse(s, "its memory makes no sense");
	for (uint64_t at = 0; at < part->head.len; at += PAGE_RECORD) {
		memcpy(&gpa, part->data + at, sizeof(gpa));
		if (gpa % GUEST_PAGE_SIZE || gpa < next ||
		    !guestmem_ptr(gm, gpa, GUEST_PAGE_SIZE))
			return refuse(s, "a page of it lies outside its "
					 "memory");
		next = gpa + GUEST_PAGE_SIZE;
	}
	return 0;
}

int snapshot_parse(const char *path, uint8_t *bytes, size_t size,
		   struct snapshot *s)
{
	size_t at = sizeof(struct snapshot_header);
	const struct snapshot_part *part;
	struct snapshot_header h;
	struct machine_part machine;
	int err;

	*s = (struct snapshot){.path = path, .bytes = bytes};
	err = check_header(s, size, &h);
	while (!err && s->parts < h.parts)
		err = read_part(s, size, &at);
	if (!err && at != size)
		err = refuse(s, "bytes that belong to no part");
	if (err)
		return err;
	part = need_part(s, SNAPSHOT_MACHINE, 0, "machine", MACHINE_VERSION,
			 sizeof(machine));
	if (!part)
		return -EINVAL;
	memcpy(&machine, part->data, sizeof(machine));
	if (machine.level > CPU_MAX)
		return refuse(s, "of a processor level that is not known");
	if (machine.cpus < 1 || machine.cpus > MACHINE_CPUS)
		return refuse(s, "of a machine with no or too many "
				 "processors");
	s->mem_len = machine.mem_len;
	s->cpus = machine.cpus;
	s->level = machine.level;
	return 0;
}

void snapshot_close(struct snapshot *s)
{
	free(s->bytes);
	s->bytes = NULL;
	s->parts = 0;
}

/* ---- restoring ---- */

#define TIME_MAX (UINT64_C(1) << 62) /* so that nothing added to it wraps */

static bool clock_ok(const struct machine_part *m,
		     const struct snapshot_clock *c)
{
	return c->retired <= TIME_MAX && c->skipped_ns <= TIME_MAX &&
	       c->turn.cpu < m->cpus && c->turn.end <= 2 * TIME_MAX &&
	       m->quantum > 0 && m->quantum <= UINT32_MAX && m->seed == c->seed;
}

static int check_device(const struct snapshot *s, const struct device *dev,
			uint32_t index, uint64_t now_ns)
{
	const struct snapshot_part *part =
		need_part(s, SNAPSHOT_DEVICE, index, dev->ops->name,
			  dev->ops->state_version, dev->ops->state_size);

	if (!part)
		return -EINVAL;
	if (!device_state_ok(dev, part->data, now_ns))
		return refuse_part(s, &part->head,
				   "a state that such a device is never in");
	return 0;
}

static int check_machine(const struct snapshot *s, const struct machine *m)
{
	struct machine_part machine;
	const struct snapshot_part *part =
		need_part(s, SNAPSHOT_MACHINE, 0, "machine", MACHINE_VERSION,
			  sizeof(machine));
	struct snapshot_clock clock;
	unsigned devices = 0, found = 0;

	if (!part || !need_part(s, SNAPSHOT_CLOCK, 0, "clock", CLOCK_VERSION,
				sizeof(struct snapshot_clock)))
		return -EINVAL;
	memcpy(&machine, part->data, sizeof(machine));
	memcpy(&clock, find_part(s, SNAPSHOT_CLOCK, 0)->data, sizeof(clock));
	if (machine.mem_len != guestmem_size(&m->mem) ||
	    machine.cpus != m->cpu_count || machine.level != m->level)
		return refuse(s, "of a machine with other memory or "
				 "processors");
	if (!clock_ok(&machine, &clock))
		return refuse(s, "its clock makes no sense");
	for (unsigned i = 0; i < m->cpu_count; i++)
		if (!need_part(s, SNAPSHOT_CPU, i, "cpu", CPU_VERSION,
			       sizeof(struct x86_state)))
			return -EINVAL;
	for (const struct device *dev = m->devices; dev; dev = dev->next)
		if (check_device(s, dev, devices++,
				 clock.retired + clock.skipped_ns) < 0)
			return -EINVAL;
	for (unsigned i = 0; i < s->parts; i++)
		found += s->part[i].head.kind == SNAPSHOT_DEVICE;
	if (found != devices)
		return refuse(s, "of a machine with more devices");
	return check_pages(s, &m->mem);
}

/* One that refuses changes nothing; those before it get theirs back. */
static int set_cpus(const struct snapshot *s, struct machine *m)
{
	struct x86_state old[MACHINE_CPUS], state;

	for (unsigned i = 0; i < m->cpu_count; i++) {
		struct vcpu *cpu = m->cpu[i];

		cpu->ops->get_state(cpu, &old[i]);
		memcpy(&state, find_part(s, SNAPSHOT_CPU, i)->data,
		       sizeof(state));
		if (cpu->ops->set_state(cpu, &state) == 0)
			continue;
		while (i-- > 0)
			m->cpu[i]->ops->set_state(m->cpu[i], &old[i]);
		return fail(-EINVAL,
			    "snapshot: %s: the processor (%s) refuses its "
			    "registers",
			    s->path, cpu->ops->name);
	}
	return 0;
}

/* The count goes on where it was, if the CPU counts; time does always. */
static void set_clock(const struct snapshot *s, struct machine *m)
{
	const struct snapshot_part *part = find_part(s, SNAPSHOT_CLOCK, 0);
	struct machine_part machine;
	struct snapshot_clock clock;

	memcpy(&machine, find_part(s, SNAPSHOT_MACHINE, 0)->data,
	       sizeof(machine));
	m->quantum = machine.quantum;
	m->seed = machine.seed;
	memcpy(&clock, part->data, sizeof(clock));
	m->turn = clock.turn;
	m->seed = clock.seed;
	for (unsigned i = 0; i < m->cpu_count; i++) {
		struct vcpu *cpu = m->cpu[i];

		m->sleep[i] = (struct machine_sleep){0};
		if (cpu->ops->set_retired)
			cpu->ops->set_retired(cpu, i ? 0 : clock.retired);
	}
	m->clock.skipped_ns =
		clock.skipped_ns + clock.retired - machine_count(m);
}

static void set_memory(const struct snapshot *s, const struct guestmem *gm)
{
	const struct snapshot_part *part = find_part(s, SNAPSHOT_MEMORY, 0);
	uint64_t gpa;

	guestmem_clear(gm);
	for (uint64_t at = 0; at < part->head.len; at += PAGE_RECORD) {
		memcpy(&gpa, part->data + at, sizeof(gpa));
		guestmem_write(gm, gpa, part->data + at + sizeof(gpa),
			       GUEST_PAGE_SIZE);
	}
}

/* All states first: a device that drives its line then changes nothing. */
static void set_devices(const struct snapshot *s, struct machine *m)
{
	uint32_t index = 0;

	for (struct device *dev = m->devices; dev; dev = dev->next)
		memcpy((char *)dev + dev->ops->state_offset,
		       find_part(s, SNAPSHOT_DEVICE, index++)->data,
		       dev->ops->state_size);
	for (struct device *dev = m->devices; dev; dev = dev->next)
		dev->ops->restored(dev);
}

int snapshot_restore(const struct snapshot *s, struct machine *m)
{
	int err = check_machine(s, m);

	if (!err)
		err = set_cpus(s, m);
	if (err)
		return err;
	set_clock(s, m);
	/* Where time is the host's, the TSC goes by the clock just set. */
	if (!m->cpu[0]->ops->counted_time)
		set_cpus(s, m);
	set_memory(s, &m->mem);
	set_devices(s, m);
	return 0;
}
