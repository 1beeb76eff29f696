/* ioport.c: input and output through ranges of I/O ports. */
#include "guest-kernel/kernel/kernel.h"

static enum error decode_port(struct invocation *inv)
{
	const struct cap *cap = &inv->self->cap;
	uint64_t port = inv->word[0], size = inv->word[1];

	if (size != 1 && size != 2 && size != 4)
		return refuse(inv, 2, ERR_RANGE);
	if (port < cap->port.first || port > cap->port.last ||
	    size - 1 > cap->port.last - port)
		return refuse(inv, 1, ERR_RANGE);
	return ERR_OK;
}

enum error io_port_in(struct invocation *inv)
{
	enum error err = decode_port(inv);

	if (!err)
		inv->result[0] = arch_port_in(inv->word[0], inv->word[1]);
	return err;
}

enum error io_port_out(struct invocation *inv)
{
	enum error err = decode_port(inv);

	if (!err)
		arch_port_out(inv->word[0], inv->word[1], inv->word[2]);
	return err;
}
