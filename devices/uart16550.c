/*
 * uart16550.c: a serial port, PC16550D data sheet.
 *
 * Bytes sent leave at once, so the transmitter is always empty and only the
 * THRE interrupt remembers that it became so. Bytes received wait in the
 * FIFO. No baud rate is paced: the character timeout, which says that fewer
 * bytes than the trigger level wait, has always passed already. The line is
 * computed in one place, from the state; MCR.OUT2 gates it, as on a PC.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

enum { RBR = 0, THR = 0, IER = 1, IIR = 2, FCR = 2, LCR, MCR, LSR, MSR, SCR };

#define IER_RX	     0x01
#define IER_THRE     0x02
#define IER_LINE     0x04
#define IER_MODEM    0x08
#define IER_MASK     0x0f

#define IIR_NONE     0x01
#define IIR_MODEM    0x00
#define IIR_THRE     0x02
#define IIR_RX	     0x04
#define IIR_LINE     0x06
#define IIR_TIMEOUT  0x0c
#define IIR_FIFO     0xc0

#define FCR_ENABLE   0x01
#define FCR_RX_RESET 0x02

#define LCR_DLAB     0x80

#define MCR_DTR	     0x01
#define MCR_RTS	     0x02
#define MCR_OUT1     0x04
#define MCR_OUT2     0x08
#define MCR_LOOP     0x10
#define MCR_MASK     0x1f

#define LSR_DR	     0x01
#define LSR_OE	     0x02
#define LSR_ERROR    0x1e /* OE, PE, FE, BI: what reading LSR clears */
#define LSR_THRE     0x20
#define LSR_TEMT     0x40

#define MSR_TERI     0x04
#define MSR_CTS	     0x10
#define MSR_DSR	     0x20
#define MSR_RI	     0x40
#define MSR_DCD	     0x80

#define FIFO_SIZE    16
#define DIVISOR	     12 /* 9600 baud: what QEMU and firmware leave */

/*
 * So many reads of LSR in a row are a wait for a byte to come: one who waits
 * to send reads it once, since the transmitter is always empty.
 */
#define POLLS	     16

CHIP_STATE_BEGIN
struct uart_state {
	uint8_t divisor[2]; /* low, high; kept, paces nothing */
	uint8_t ier, fcr, lcr, mcr, scr;
	uint8_t errors;	   /* LSR_ERROR bits not yet read */
	uint8_t lines;	   /* MSR 7:4: the modem's outputs */
	uint8_t deltas;	   /* MSR 3:0: changes not yet read */
	bool thre_pending; /* empty, and nobody was told */
	uint8_t polls;	   /* reads of LSR that found nothing, in a row */
	uint8_t rx_first, rx_count;
	uint8_t rx[FIFO_SIZE];
};
CHIP_STATE_END

struct uart {
	struct device dev;
	struct uart_state s;
	struct byte_sink sink;
};

static unsigned fifo_size(const struct uart *u)
{
	return u->s.fcr & FCR_ENABLE ? FIFO_SIZE : 1;
}

static unsigned trigger(const struct uart *u)
{
	static const uint8_t level[] = {1, 4, 8, 14};

	return u->s.fcr & FCR_ENABLE ? level[u->s.fcr >> 6] : 1;
}

/* The interrupt of highest priority that is enabled and waits. */
static uint8_t identify(const struct uart *u)
{
	if ((u->s.ier & IER_LINE) && u->s.errors)
		return IIR_LINE;
	if ((u->s.ier & IER_RX) && u->s.rx_count >= trigger(u))
		return IIR_RX;
	if ((u->s.ier & IER_RX) && u->s.rx_count)
		return IIR_TIMEOUT;
	if ((u->s.ier & IER_THRE) && u->s.thre_pending)
		return IIR_THRE;
	if ((u->s.ier & IER_MODEM) && u->s.deltas)
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_irq(struct uart *u)
{
	/* In loopback OUT2's pin is held inactive, and the gate shut. */
	bool gate = (u->s.mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;

	irq_set(&u->dev.irq, gate && identify(u) != IIR_NONE);
}

static void flush_rx(struct uart *u)
{
	u->s.rx_first = u->s.rx_count = 0;
	memset(u->s.rx, 0, sizeof(u->s.rx));
}

/* A byte arrives; with no room left it is lost and the overrun is noted. */
static void push_rx(struct uart *u, uint8_t byte)
{
	if (u->s.rx_count >= fifo_size(u)) {
		u->s.errors |= LSR_OE;
		return;
	}
	u->s.rx[(u->s.rx_first + u->s.rx_count++) % FIFO_SIZE] = byte;
}

static uint8_t pop_rx(struct uart *u)
{
	uint8_t byte = u->s.rx[u->s.rx_first];

	if (u->s.rx_count) {
		u->s.rx_first = (u->s.rx_first + 1) % FIFO_SIZE;
		u->s.rx_count--;
	}
	return byte;
}

/* The modem's lines as they are now; in loopback, our own outputs. */
static uint8_t modem_lines(const struct uart *u)
{
	uint8_t mcr = u->s.mcr;

	if (!(mcr & MCR_LOOP)) /* the other side is always there and ready */
		return MSR_DCD | MSR_DSR | MSR_CTS;
	return (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
	       (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
}

/* Note what changed; the ring indicator counts only when it ends (TERI). */
static void update_modem(struct uart *u)
{
	uint8_t now = modem_lines(u), changed = now ^ u->s.lines;

	if ((changed & MSR_RI) && (now & MSR_RI))
		changed &= ~MSR_RI;
	u->s.deltas |= changed >> 4;
	u->s.lines = now;
}

static void transmit(struct uart *u, uint8_t byte)
{
	if (u->s.mcr & MCR_LOOP)
		push_rx(u, byte);
	else if (u->sink.send)
		u->sink.send(u->sink.host, &byte, 1);
	u->s.thre_pending = true; /* empty again at once */
	u->s.polls = 0;
}

static void write_fcr(struct uart *u, uint8_t val)
{
	if (((val ^ u->s.fcr) & FCR_ENABLE) ||
	    ((val & FCR_ENABLE) && (val & FCR_RX_RESET)))
		flush_rx(u);
	/* Without the enable bit the others are not programmed. */
	u->s.fcr = val & FCR_ENABLE ? (val & 0xc0) | FCR_ENABLE : 0;
}

/* Enabling THRE while the transmitter is empty raises it at once. */
static void write_ier(struct uart *u, uint8_t val)
{
	if ((val & ~u->s.ier) & IER_THRE)
		u->s.thre_pending = true;
	u->s.ier = val & IER_MASK;
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t iir = identify(u);

	if (iir == IIR_THRE) /* reading it is what takes it back */
		u->s.thre_pending = false;
	return iir | (u->s.fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static uint8_t read_lsr(struct uart *u)
{
	uint8_t lsr = LSR_THRE | LSR_TEMT | u->s.errors;

	u->s.errors = 0;
	if (u->s.rx_count)
		return lsr | LSR_DR;
	if (u->s.polls < POLLS)
		u->s.polls++;
	return lsr;
}

static uint8_t read_msr(struct uart *u)
{
	uint8_t msr = u->s.lines | u->s.deltas;

	u->s.deltas = 0;
	return msr;
}

static uint8_t read_reg(struct uart *u, uint64_t reg)
{
	switch (reg) {
	case RBR:
		return pop_rx(u);
	case IER:
		return u->s.ier;
	case IIR:
		return read_iir(u);
	case LCR:
		return u->s.lcr;
	case MCR:
		return u->s.mcr;
	case LSR:
		return read_lsr(u);
	case MSR:
		return read_msr(u);
	case SCR:
		return u->s.scr;
	}
	return 0xff;
}

static uint64_t uart_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct uart *u = container_of(dev, struct uart, dev);
	uint8_t val;

	if ((u->s.lcr & LCR_DLAB) && reg <= IER)
		return u->s.divisor[reg];
	val = read_reg(u, reg);
	update_irq(u);
	return val;
}

static void uart_write(struct device *dev, uint64_t reg, unsigned size,
		       uint64_t val)
{
	struct uart *u = container_of(dev, struct uart, dev);
	uint8_t byte = val;

	if ((u->s.lcr & LCR_DLAB) && reg <= IER) {
		u->s.divisor[reg] = byte;
		return;
	}
	switch (reg) {
	case THR:
		transmit(u, byte);
		break;
	case IER:
		write_ier(u, byte);
		break;
	case FCR:
		write_fcr(u, byte);
		break;
	case LCR:
		u->s.lcr = byte;
		break;
	case MCR:
		u->s.mcr = byte & MCR_MASK;
		update_modem(u);
		break;
	case SCR:
		u->s.scr = byte;
		break;
	}
	update_irq(u);
}

static void uart_reset(struct device *dev)
{
	struct uart *u = container_of(dev, struct uart, dev);

	memset(&u->s, 0, sizeof(u->s));
	u->s.divisor[0] = DIVISOR;
	u->s.lines = modem_lines(u);
	update_irq(u);
}

static void uart_restored(struct device *dev)
{
	struct uart *u = container_of(dev, struct uart, dev);

	update_irq(u);
}

static const struct state_field uart_fields[] = {
	STATE_BITS(struct uart_state, ier, IER_MASK),
	STATE_BITS(struct uart_state, fcr, 0xc0 | FCR_ENABLE),
	STATE_BITS(struct uart_state, mcr, MCR_MASK),
	STATE_BITS(struct uart_state, errors, LSR_ERROR),
	STATE_BITS(struct uart_state, lines, 0xf0),
	STATE_BITS(struct uart_state, deltas, 0x0f),
	STATE_BOOL(struct uart_state, thre_pending),
	STATE_MAX(struct uart_state, polls, POLLS),
	STATE_MAX(struct uart_state, rx_first, FIFO_SIZE - 1),
	STATE_MAX(struct uart_state, rx_count, FIFO_SIZE),
	STATE_END,
};

static const struct device_ops uart_ops = {
	.name = "uart16550",
	.width = 1,
	.read = uart_read,
	.write = uart_write,
	.reset = uart_reset,
	.restored = uart_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct uart, s, 1),
	.fields = uart_fields,
};

struct device *uart_create(const struct byte_sink *sink)
{
	struct uart *u = chip_alloc(sizeof(*u), &uart_ops);

	if (!u)
		return NULL;
	u->sink = *sink;
	uart_reset(&u->dev);
	return &u->dev;
}

void uart_set_sink(struct device *dev, const struct byte_sink *sink)
{
	container_of(dev, struct uart, dev)->sink = *sink;
}

bool uart_listening(const struct device *dev)
{
	const struct uart *u = container_of(dev, struct uart, dev);

	return u->s.ier & IER_RX || u->s.polls == POLLS;
}

/* In loopback the receiver is cut off from the outside. */
size_t uart_room(const struct device *dev)
{
	const struct uart *u = container_of(dev, struct uart, dev);

	if ((u->s.mcr & MCR_LOOP) || u->s.rx_count >= fifo_size(u))
		return 0;
	return fifo_size(u) - u->s.rx_count;
}

size_t uart_receive(struct device *dev, const uint8_t *buf, size_t len)
{
	struct uart *u = container_of(dev, struct uart, dev);
	size_t room = uart_room(dev), count = len < room ? len : room;

	for (size_t i = 0; i < count; i++)
		push_rx(u, buf[i]);
	update_irq(u);
	return count;
}
