/*
 * debug_memory.c: the guest's memory and registers as a debugger reads and
 * sets them. What it sets enters the run as an input.
 */
#include <errno.h>
#include <string.h>

#include "vmm/debug.h"

static uint64_t page_rest(uint64_t gva, uint64_t len)
{
	uint64_t rest = GUEST_PAGE_SIZE - gva % GUEST_PAGE_SIZE;

	return len < rest ? len : rest;
}

uint64_t debug_read(struct machine *m, unsigned cpu, uint64_t gva, void *buf,
		    uint64_t len)
{
	struct vcpu *c = m->cpu[cpu];
	uint64_t done = 0, gpa, n;

	while (done < len) {
		n = page_rest(gva + done, len - done);
		if (!c->ops->translate(c, gva + done, &gpa) ||
		    !guestmem_read(&m->mem, gpa, (char *)buf + done, n))
			break;
		done += n;
	}
	return done;
}

static bool writable(struct machine *m, struct vcpu *c, uint64_t gva,
		     uint64_t len)
{
	uint64_t done = 0, gpa, n;

	for (; done < len; done += n) {
		n = page_rest(gva + done, len - done);
		if (!c->ops->translate(c, gva + done, &gpa) ||
		    !guestmem_ptr(&m->mem, gpa, n))
			return false;
	}
	return true;
}

/* As an input, since the run goes on with it. */
static bool poke(struct machine *m, uint64_t gpa, const void *buf, uint64_t len)
{
	uint8_t bytes[sizeof(gpa) + GUEST_PAGE_SIZE];

	memcpy(bytes, &gpa, sizeof(gpa));
	memcpy(bytes + sizeof(gpa), buf, len);
	return input_poke(m, INPUT_OF_MEMORY, bytes, sizeof(gpa) + len) == 0;
}

bool debug_write(struct machine *m, unsigned cpu, uint64_t gva, const void *buf,
		 uint64_t len)
{
	struct vcpu *c = m->cpu[cpu];
	uint64_t gpa, n;

	if (!writable(m, c, gva, len))
		return false;
	for (uint64_t done = 0; done < len; done += n) {
		n = page_rest(gva + done, len - done);
		if (!c->ops->translate(c, gva + done, &gpa) ||
		    !poke(m, gpa, (const char *)buf + done, n))
			return false;
	}
	return true;
}

int debug_set_state(struct machine *m, unsigned cpu,
		    const struct x86_state *state)
{
	uint64_t index = cpu;
	uint8_t bytes[sizeof(index) + sizeof(*state)];
	int err;

	if (m->inputs.replay)
		return -EROFS;
	err = m->cpu[cpu]->ops->set_state(m->cpu[cpu], state);
	if (err)
		return err;
	memcpy(bytes, &index, sizeof(index));
	memcpy(bytes + sizeof(index), state, sizeof(*state));
	return input_poke(m, INPUT_OF_CPU, bytes, sizeof(bytes));
}
