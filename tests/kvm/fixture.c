/* fixture.c: see fixture.h. */
#include "tests/kvm/fixture.h"

#include <string.h>

GUEST(handler);

/* ---- a machine that writes down ---- */

static void note(struct fixture *f, uint64_t addr, unsigned size, uint64_t val,
		 bool write)
{
	if (f->count == ACCESSES)
		return;
	f->tpr_at_access[f->count] = f->tpr;
	f->access[f->count++] = (struct access){addr, size, val, write};
}

static uint64_t on_read(void *ctx, enum vcpu_space space, uint64_t addr,
			unsigned size)
{
	struct fixture *f = ctx;

	note(f, addr, size, f->next, false);
	if (addr == PORT_STOP)
		f->cpu->ops->kick(f->cpu);
	return f->next++;
}

static void on_write(void *ctx, enum vcpu_space space, uint64_t addr,
		     unsigned size, uint64_t val)
{
	struct fixture *f = ctx;

	note(f, addr, size, val, true);
	if (addr == PORT_RAISE)
		f->raised = true;
	if (addr == PORT_STOP)
		f->cpu->ops->kick(f->cpu);
}

static bool on_pending(void *ctx)
{
	return ((struct fixture *)ctx)->raised;
}

static int on_acknowledge(void *ctx)
{
	((struct fixture *)ctx)->raised = false;
	return VECTOR;
}

static uint8_t on_get_tpr(void *ctx)
{
	return ((struct fixture *)ctx)->tpr;
}

static void on_set_tpr(void *ctx, uint8_t tpr)
{
	((struct fixture *)ctx)->tpr = tpr;
}

static uint64_t on_now(void *ctx)
{
	struct fixture *f = ctx;

	return f->cpu->ops->elapsed_ns(f->cpu);
}

static uint64_t on_deadline(void *ctx)
{
	return ((struct fixture *)ctx)->deadline;
}

uint64_t now_of(struct fixture *f)
{
	return f->cpu->ops->elapsed_ns(f->cpu);
}

int setup(void **state)
{
	static struct fixture f;
	struct vcpu_env env = {
		.ctx = &f,
		.mem = &f.mem,
		.read = on_read,
		.write = on_write,
		.pending = on_pending,
		.acknowledge = on_acknowledge,
		.get_tpr = on_get_tpr,
		.set_tpr = on_set_tpr,
		.now_ns = on_now,
		.deadline_ns = on_deadline,
	};

	memset(&f, 0, sizeof(f));
	f.next = 0xa1;
	f.deadline = LONG_NS;
	*state = &f;
	return guestmem_init(&f.mem, UINT64_C(1) << 20) ||
	       kvm_create(&env, &f.cpu);
}

int teardown(void **state)
{
	struct fixture *f = *state;

	f->cpu->ops->destroy(f->cpu);
	guestmem_fini(&f->mem);
	return 0;
}

/* ---- loading and running ---- */

void put64(struct fixture *f, uint64_t gpa, uint64_t val)
{
	assert_true(guestmem_write(&f->mem, gpa, &val, sizeof(val)));
}

static void put_tables(struct fixture *f)
{
	put64(f, AT_GDT + SEL_CODE, UINT64_C(0x00cf9b000000ffff));
	put64(f, AT_GDT + SEL_DATA, UINT64_C(0x00cf93000000ffff));
	put64(f, AT_GDT + SEL_CODE64, UINT64_C(0x00af9b000000ffff));
	put64(f, AT_IDT + 8 * VECTOR,
	      AT_HANDLER | SEL_CODE << 16 | UINT64_C(0x8e) << 40);
	guestmem_write(&f->mem, AT_HANDLER, guest_handler,
		       guest_handler_end - guest_handler);
}

void flat_state(struct x86_state *s)
{
	const struct x86_segment data = {0, UINT32_MAX, SEL_DATA,
					 SEG_ATTR_DATA | SEG_ATTR_B |
						 SEG_ATTR_G};

	x86_state_reset(s);
	for (int i = 0; i <= SEG_GS; i++)
		s->seg[i] = data;
	s->seg[SEG_CS].selector = SEL_CODE;
	s->seg[SEG_CS].attr = SEG_ATTR_CODE | SEG_ATTR_B | SEG_ATTR_G;
	s->gdt = (struct x86_table){AT_GDT, 0x1f};
	s->idt = (struct x86_table){AT_IDT, 8 * VECTOR + 7};
	s->cr0 = CR0_PE | CR0_ET | CR0_NE;
	s->rip = AT_CODE;
	s->gpr[GPR_RSP] = AT_TOP;
}

void long_state(struct fixture *f, struct x86_state *s)
{
	flat_state(s);
	put64(f, 0x4000, 0x5000 | PTE_P | PTE_W);
	put64(f, 0x5000, PTE_PS | PTE_P | PTE_W);
	s->cr3 = 0x4000;
	s->cr4 = CR4_PAE;
	s->efer = EFER_LME | EFER_LMA;
	s->cr0 |= CR0_PG;
	s->seg[SEG_CS].selector = SEL_CODE64;
	s->seg[SEG_CS].attr = SEG_ATTR_CODE | SEG_ATTR_L | SEG_ATTR_G;
}

void load_at(struct fixture *f, const uint8_t *code, const uint8_t *end)
{
	put_tables(f);
	assert_true(guestmem_write(&f->mem, AT_CODE, code, end - code));
}

void run(struct fixture *f, enum vcpu_exit_reason want)
{
	f->cpu->ops->run(f->cpu, &f->exit);
	if (f->exit.reason != want)
		print_message("exit %d: %s\n", f->exit.reason, f->exit.why);
	assert_int_equal(f->exit.reason, want);
}

uint64_t gpr(struct fixture *f, enum x86_gpr reg)
{
	struct x86_state s;

	f->cpu->ops->get_state(f->cpu, &s);
	return s.gpr[reg];
}

void expect_accesses(struct fixture *f, const struct access *want,
		     unsigned count)
{
	assert_int_equal(f->count, count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(f->access[i].addr, want[i].addr);
		assert_int_equal(f->access[i].size, want[i].size);
		assert_int_equal(f->access[i].val, want[i].val);
		assert_int_equal(f->access[i].write, want[i].write);
	}
}
