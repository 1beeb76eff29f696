/* ioport.c: input and output through ranges of I/O ports. */
#include "guest-kernel/kernel/kernel.h"

static enum error decode_port(const struct invocation *inv, unsigned words)
{
	const struct cap *cap = &inv->self->cap;
	uint64_t port = inv->word[0], size = inv->word[1];

	if (inv->words < words)
		return ERR_TRUNCATED;
	if (size != 1 && size != 2 && size != 4)
		return ERR_RANGE;
	if (port < cap->port.first || port > cap->port.last ||
	    size - 1 > cap->port.last - port)
		return ERR_RANGE;
	return ERR_OK;
}

enum error io_port_call(struct invocation *inv)
{
	uint8_t rights = inv->self->cap.rights;
	enum error err;

	switch (inv->label) {
	case IO_PORT_IN:
		if (!(rights & RIGHT_READ))
			return ERR_NO_RIGHT;
		err = decode_port(inv, 2);
		if (!err)
			inv->result[0] =
				arch_port_in(inv->word[0], inv->word[1]);
		return err;
	case IO_PORT_OUT:
		if (!(rights & RIGHT_WRITE))
			return ERR_NO_RIGHT;
		err = decode_port(inv, 3);
		if (!err)
			arch_port_out(inv->word[0], inv->word[1], inv->word[2]);
		return err;
	default:
		return ERR_NO_SUCH_CALL;
	}
}
