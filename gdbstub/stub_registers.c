/* stub_registers.c: g, G, p, P. */
#include <string.h>

#include "gdbstub/stub_parts.h"

#define REG_MAX 64
#define G_MAX	8192

static void put_reg(struct stub *s, struct gdb_id id, unsigned n)
{
	unsigned size = s->ops->reg_size(s->t, n);
	uint8_t buf[REG_MAX];

	if (s->ops->read_reg(s->t, id, n, buf)) {
		buffer_hex(&s->reply, buf, size);
		return;
	}
	for (unsigned i = 0; i < size; i++)
		buffer_text(&s->reply, "xx");
}

/* gdb fetches what is behind these one by one, when it wants to know. */
bool stub_read_regs(struct stub *s, struct text *t)
{
	if (!text_empty(t))
		return stub_error(s, STUB_EINVAL);
	for (unsigned n = 0; n < s->ops->layout(s->t)->in_g; n++)
		put_reg(s, s->general, n);
	return true;
}

bool stub_write_regs(struct stub *s, struct text *t)
{
	unsigned size, len = 0;
	uint8_t buf[G_MAX];

	for (unsigned n = 0; (size = s->ops->reg_size(s->t, n)); n++) {
		if (n >= s->ops->layout(s->t)->in_g && text_len(t) == 2 * len)
			break;
		len += size;
	}
	if (len > sizeof(buf) || !text_hex(t, buf, len))
		return stub_error(s, STUB_EINVAL);
	if (!s->ops->write_regs(s->t, s->general, buf, len))
		return stub_error(s, STUB_EPERM);
	return stub_ok(s);
}

bool stub_read_reg(struct stub *s, struct text *t)
{
	uint64_t n;

	if (!text_number(t, &n) || !text_empty(t) || n > UINT32_MAX ||
	    !s->ops->reg_size(s->t, n))
		return stub_error(s, STUB_EINVAL);
	put_reg(s, s->general, n);
	return true;
}

bool stub_write_reg(struct stub *s, struct text *t)
{
	uint8_t buf[REG_MAX];
	uint64_t n;
	unsigned size;

	if (!text_number(t, &n) || n > UINT32_MAX || !text_char(t, '='))
		return stub_error(s, STUB_EINVAL);
	size = s->ops->reg_size(s->t, n);
	if (!size || !text_hex(t, buf, size))
		return stub_error(s, STUB_EINVAL);
	if (!s->ops->write_reg(s->t, s->general, n, buf))
		return stub_error(s, STUB_EPERM);
	return stub_ok(s);
}

void stub_expedite(struct stub *s, struct gdb_id id)
{
	const struct gdb_layout *layout = s->ops->layout(s->t);
	uint8_t buf[REG_MAX];

	for (unsigned i = 0; i < sizeof(layout->told); i++) {
		if (!s->ops->read_reg(s->t, id, layout->told[i], buf))
			continue;
		buffer_format(&s->reply, "%02x:", layout->told[i]);
		buffer_hex(&s->reply, buf,
			   s->ops->reg_size(s->t, layout->told[i]));
		buffer_byte(&s->reply, ';');
	}
}
