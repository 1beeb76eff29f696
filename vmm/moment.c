/* moment.c: the parts of a machine, taken and put back. */
#include "vmm/moment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/log.h"

/* ---- memory ---- */

int moment_memory_init(struct moment_memory *mem, struct machine *m)
{
	const struct guestmem_region *r = m->mem.region;
	const struct guestmem_region *top = r[1].len ? &r[1] : &r[0];

	*mem = (struct moment_memory){0};
	pages_init(&mem->maps, top->base + top->len - 1);
	return dirty_begin(m, &mem->dirty);
}

void moment_memory_fini(struct moment_memory *mem, struct machine *m)
{
	dirty_end(m, &mem->dirty);
	pages_drop(&mem->maps, mem->last);
	mem->last = NULL;
}

static bool take_pages(struct moment_memory *mem, struct machine *m)
{
	uint64_t gpa = 0;

	dirty_collect(m);
	mem->taken = 0;
	while (dirty_take(&mem->dirty, &m->mem, &gpa)) {
		const uint8_t *page =
			guestmem_ptr(&m->mem, gpa, GUEST_PAGE_SIZE);

		if (!pages_put(&mem->maps, &mem->last, gpa, page)) {
			dirty_note(&mem->dirty, &m->mem, gpa);
			return false;
		}
		mem->taken++;
	}
	return true;
}

struct page_copy {
	struct machine *m;
	const struct page_maps *maps;
	const struct page_node *from;
};

static void copy_page(void *ctx, uint64_t gpa)
{
	const struct page_copy *c = ctx;
	const uint8_t *bytes = pages_get(c->maps, c->from, gpa);
	uint8_t *page = guestmem_ptr(&c->m->mem, gpa, GUEST_PAGE_SIZE);

	if (bytes)
		memcpy(page, bytes, GUEST_PAGE_SIZE);
	else
		memset(page, 0, GUEST_PAGE_SIZE);
}

static void restore_pages(struct moment_memory *mem, struct machine *m,
			  struct page_node *pages)
{
	struct page_copy c = {m, &mem->maps, pages};
	uint64_t gpa = 0;

	dirty_collect(m);
	while (dirty_take(&mem->dirty, &m->mem, &gpa))
		copy_page(&c, gpa);
	pages_compare(&mem->maps, mem->last, pages, copy_page, &c);
	pages_drop(&mem->maps, mem->last);
	mem->last = pages_share(pages);
}

/* ---- CPUs, devices and the rest ---- */

static bool take_cpus(struct moment *mo, struct machine *m)
{
	mo->cpu_count = m->cpu_count;
	mo->cpu = calloc(m->cpu_count, sizeof(*mo->cpu));
	mo->bytes += m->cpu_count * sizeof(*mo->cpu);
	for (unsigned i = 0; mo->cpu && i < m->cpu_count; i++) {
		const struct vcpu_ops *ops = m->cpu[i]->ops;
		size_t len;

		ops->get_state(m->cpu[i], &mo->cpu[i].state);
		mo->cpu[i].retired = ops->elapsed_ns(m->cpu[i]);
		mo->cpu[i].kept = ops->keep(m->cpu[i], &len);
		if (!mo->cpu[i].kept)
			return false;
		mo->bytes += len;
	}
	return mo->cpu;
}

/* What was taken from this very CPU it does not refuse. */
static void restore_cpus(const struct moment *mo, struct machine *m)
{
	for (unsigned i = 0; i < m->cpu_count; i++) {
		const struct vcpu_ops *ops = m->cpu[i]->ops;

		ops->set_state(m->cpu[i], &mo->cpu[i].state);
		ops->set_retired(m->cpu[i], mo->cpu[i].retired);
		ops->recall(m->cpu[i], mo->cpu[i].kept);
		m->sleep[i] = (struct machine_sleep){0};
	}
}

static size_t devices_size(const struct machine *m)
{
	size_t size = 0;

	for (const struct device *dev = m->devices; dev; dev = dev->next)
		size += dev->ops->state_size;
	return size;
}

static bool take_devices(struct moment *mo, const struct machine *m)
{
	size_t size = devices_size(m);
	uint8_t *at = mo->devices = malloc(size ? size : 1);

	mo->bytes += size;
	for (const struct device *dev = m->devices; at && dev;
	     dev = dev->next) {
		memcpy(at, (const char *)dev + dev->ops->state_offset,
		       dev->ops->state_size);
		at += dev->ops->state_size;
	}
	return at;
}

/* All states first: a device that drives its line then changes nothing. */
static void restore_devices(const struct moment *mo, struct machine *m)
{
	const uint8_t *at = mo->devices;

	for (struct device *dev = m->devices; dev; dev = dev->next) {
		memcpy((char *)dev + dev->ops->state_offset, at,
		       dev->ops->state_size);
		at += dev->ops->state_size;
	}
	for (struct device *dev = m->devices; dev; dev = dev->next)
		dev->ops->restored(dev);
}

static bool take_keepers(struct moment *mo, const struct machine *m)
{
	size_t len;

	for (const struct keeper *k = m->keepers; k; k = k->next)
		mo->kept_count++;
	mo->kept = calloc(mo->kept_count + 1, sizeof(*mo->kept));
	if (!mo->kept)
		return false;
	mo->kept_count = 0;
	for (const struct keeper *k = m->keepers; k; k = k->next) {
		void *bytes = k->keep(k->ctx, &len);

		if (!bytes)
			return false;
		mo->kept[mo->kept_count++] = bytes;
		mo->bytes += len;
	}
	return true;
}

static void restore_keepers(const struct moment *mo, struct machine *m)
{
	unsigned i = 0;

	for (const struct keeper *k = m->keepers; k && i < mo->kept_count;
	     k = k->next)
		k->recall(k->ctx, mo->kept[i++]);
}

/* ---- all of it ---- */

void moment_free(struct moment_memory *mem, struct moment *mo)
{
	if (!mo)
		return;
	for (unsigned i = 0; mo->cpu && i < mo->cpu_count; i++)
		free(mo->cpu[i].kept);
	for (unsigned i = 0; mo->kept && i < mo->kept_count; i++)
		free(mo->kept[i]);
	pages_drop(&mem->maps, mo->pages);
	free(mo->cpu);
	free(mo->devices);
	free(mo->kept);
	free(mo->why);
	free(mo);
}

struct moment *moment_take(struct moment_memory *mem, struct machine *m)
{
	struct moment *mo = calloc(1, sizeof(*mo));

	if (mo) {
		mo->bytes = sizeof(*mo);
		mo->count = machine_count(m);
		mo->skipped_ns = m->clock.skipped_ns;
		mo->turn = m->turn;
		mo->held = m->held;
		mo->next_input = m->inputs.next;
		mo->stop = m->stop;
		mo->stop_code = m->stop_code;
		mo->why = strdup(m->why);
	}
	if (!mo || !mo->why || !take_cpus(mo, m) || !take_devices(mo, m) ||
	    !take_keepers(mo, m) || !take_pages(mem, m)) {
		moment_free(mem, mo);
		fail(-ENOMEM, "history: out of memory");
		return NULL;
	}
	mo->pages = pages_share(mem->last);
	return mo;
}

void moment_restore(struct moment_memory *mem, struct machine *m,
		    const struct moment *mo)
{
	restore_pages(mem, m, mo->pages);
	m->clock.skipped_ns = mo->skipped_ns;
	m->turn = mo->turn;
	m->held = mo->held;
	m->inputs.next = mo->next_input;
	m->stop = mo->stop;
	m->stop_code = mo->stop_code;
	snprintf(m->why, sizeof(m->why), "%s", mo->why);
	restore_cpus(mo, m);
	restore_devices(mo, m);
	restore_keepers(mo, m);
}
