/*
 * vga_text.c: the registers of a VGA in text mode 3, IBM VGA manual.
 *
 * The cells themselves are ordinary guest memory at b8000h; here is what
 * tells where the screen begins in it, how many cells it has and where the
 * cursor stands. All registers of the five register files are kept and read
 * back. The register number is the port less 3c0h. Retrace is worked out from
 * the clock: 449 lines, 400 of them shown, 70 frames a second.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

enum {
	AC_INDEX = 0x00, /* 3c0h, and data on every second write */
	AC_DATA = 0x01,
	MISC_WRITE = 0x02,
	SEQ_INDEX = 0x04,
	SEQ_DATA = 0x05,
	DAC_MASK = 0x06,
	DAC_READ = 0x07,
	DAC_WRITE = 0x08,
	DAC_DATA = 0x09,
	FEATURE_READ = 0x0a,
	MISC_READ = 0x0c,
	GC_INDEX = 0x0e,
	GC_DATA = 0x0f,
	CRTC_INDEX = 0x14, /* 3d4h */
	CRTC_DATA = 0x15,
	STATUS1 = 0x1a, /* 3dah; written, the feature control */
};

enum {
	CRTC_COLS = 0x01,
	CRTC_OVERFLOW = 0x07,
	CRTC_MAX_SCAN = 0x09,
	CRTC_CURSOR_START = 0x0a,
	CRTC_CURSOR_END = 0x0b,
	CRTC_START_HIGH = 0x0c,
	CRTC_START_LOW = 0x0d,
	CRTC_CURSOR_HIGH = 0x0e,
	CRTC_CURSOR_LOW = 0x0f,
	CRTC_RETRACE_END = 0x11,
	CRTC_ROWS = 0x12,
	CRTCS = 0x19,
};

#define CURSOR_OFF	0x20
#define CRTC_PROTECT	0x80 /* of CRTC_RETRACE_END: 0..7 are locked */
#define LINE_COMPARE8	0x10 /* of CRTC_OVERFLOW: never locked */

#define ACS		0x15
#define AC_VIDEO	0x20 /* of the index: the screen is on */
#define AC_MODE		0x10
#define AC_BLINK	0x08
#define SEQS		5
#define GCS		9
#define GC_MAP		6
#define DAC_BYTES	(256 * 3)

#define STATUS1_BLANK	0x01
#define STATUS1_RETRACE 0x08

#define LINE_NS		31778
#define LINE_SHOWN_NS	25422 /* 720 of 900 dots */
#define LINES		449
#define LINES_SHOWN	400
#define RETRACE_FIRST	412
#define RETRACE_LAST	413

#define WINDOW_LEN	0x8000u /* of text memory at b8000h or b0000h */

CHIP_STATE_BEGIN
struct vga_state {
	uint8_t crtc_index, crtc[CRTCS];
	uint8_t ac_index, ac[ACS];
	uint8_t seq_index, seq[SEQS];
	uint8_t gc_index, gc[GCS];
	uint8_t misc, feature;
	bool ac_data_next; /* the flip-flop of 3c0h */
	uint8_t dac_mask;
	bool dac_reading;
	uint8_t dac_index, dac_part; /* colour, and which of its r, g, b */
	uint8_t dac[DAC_BYTES];
};
CHIP_STATE_END

struct vga {
	struct device dev;
	struct vga_state s;
	const struct clock *clock;
};

/* What the BIOS sets for mode 3: 80x25, 9x16 cells, colours blink. */
static const uint8_t mode3_crtc[CRTCS] = {
	0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00,
	0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
	0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
};
static const uint8_t mode3_ac[ACS] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
	0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00,
};
static const uint8_t mode3_seq[SEQS] = {0x03, 0x00, 0x03, 0x00, 0x02};
static const uint8_t mode3_gc[GCS] = {0x00, 0x00, 0x00, 0x00, 0x00,
				      0x10, 0x0e, 0x00, 0xff};
#define MODE3_MISC 0x67

static uint8_t read_status1(struct vga *v)
{
	uint64_t now = clock_now(v->clock);
	unsigned line = now / LINE_NS % LINES;
	uint8_t status = 0;

	v->s.ac_data_next = false;
	if (line >= LINES_SHOWN || now % LINE_NS >= LINE_SHOWN_NS)
		status |= STATUS1_BLANK;
	if (line >= RETRACE_FIRST && line <= RETRACE_LAST)
		status |= STATUS1_RETRACE;
	return status;
}

static uint8_t *dac_next(struct vga *v)
{
	uint8_t *at = &v->s.dac[v->s.dac_index * 3u + v->s.dac_part];

	if (++v->s.dac_part == 3) {
		v->s.dac_part = 0;
		v->s.dac_index++;
	}
	return at;
}

static void dac_begin(struct vga *v, uint8_t index, bool reading)
{
	v->s.dac_index = index;
	v->s.dac_part = 0;
	v->s.dac_reading = reading;
}

static uint8_t indexed(const uint8_t *reg, unsigned count, uint8_t index)
{
	return index < count ? reg[index] : 0;
}

static uint8_t read_reg(struct vga *v, uint64_t reg)
{
	switch (reg) {
	case AC_INDEX:
		return v->s.ac_index;
	case AC_DATA:
		return indexed(v->s.ac, ACS, v->s.ac_index & 0x1f);
	case MISC_WRITE: /* reads as input status 0: no interrupt, no sense */
		return 0;
	case SEQ_INDEX:
		return v->s.seq_index;
	case SEQ_DATA:
		return indexed(v->s.seq, SEQS, v->s.seq_index);
	case DAC_MASK:
		return v->s.dac_mask;
	case DAC_READ: /* reads as the state: 3 reading, 0 writing */
		return v->s.dac_reading ? 3 : 0;
	case DAC_WRITE:
		return v->s.dac_index;
	case DAC_DATA:
		return *dac_next(v);
	case FEATURE_READ:
		return v->s.feature;
	case MISC_READ:
		return v->s.misc;
	case GC_INDEX:
		return v->s.gc_index;
	case GC_DATA:
		return indexed(v->s.gc, GCS, v->s.gc_index);
	case CRTC_INDEX:
		return v->s.crtc_index;
	case CRTC_DATA:
		return indexed(v->s.crtc, CRTCS, v->s.crtc_index);
	case STATUS1:
		return read_status1(v);
	}
	return 0xff;
}

static uint64_t vga_read(struct device *dev, uint64_t reg, unsigned size)
{
	return read_reg(container_of(dev, struct vga, dev), reg);
}

static void write_ac(struct vga *v, uint8_t val)
{
	uint8_t index = v->s.ac_index & 0x1f;

	if (!v->s.ac_data_next)
		v->s.ac_index = val & 0x3f;
	/* The palette is locked while it is in use. */
	else if (index < ACS && (index >= 0x10 || !(v->s.ac_index & AC_VIDEO)))
		v->s.ac[index] = val & 0x3f;
	v->s.ac_data_next = !v->s.ac_data_next;
}

static void write_crtc(struct vga *v, uint8_t val)
{
	uint8_t index = v->s.crtc_index, *crtc = v->s.crtc;

	if (index >= CRTCS)
		return;
	if (index > CRTC_OVERFLOW || !(crtc[CRTC_RETRACE_END] & CRTC_PROTECT))
		crtc[index] = val;
	else if (index == CRTC_OVERFLOW)
		crtc[index] =
			(crtc[index] & ~LINE_COMPARE8) | (val & LINE_COMPARE8);
}

static void write_indexed(uint8_t *reg, unsigned count, uint8_t index,
			  uint8_t val)
{
	if (index < count)
		reg[index] = val;
}

static void vga_write(struct device *dev, uint64_t reg, unsigned size,
		      uint64_t val)
{
	struct vga *v = container_of(dev, struct vga, dev);

	switch (reg) {
	case AC_INDEX:
		write_ac(v, val);
		break;
	case MISC_WRITE:
		v->s.misc = val;
		break;
	case SEQ_INDEX:
		v->s.seq_index = val & 7;
		break;
	case SEQ_DATA:
		write_indexed(v->s.seq, SEQS, v->s.seq_index, val);
		break;
	case DAC_MASK:
		v->s.dac_mask = val;
		break;
	case DAC_READ:
		dac_begin(v, val, true);
		break;
	case DAC_WRITE:
		dac_begin(v, val, false);
		break;
	case DAC_DATA:
		*dac_next(v) = val & 0x3f;
		break;
	case GC_INDEX:
		v->s.gc_index = val & 0xf;
		break;
	case GC_DATA:
		write_indexed(v->s.gc, GCS, v->s.gc_index, val);
		break;
	case CRTC_INDEX:
		v->s.crtc_index = val & 0x1f;
		break;
	case CRTC_DATA:
		write_crtc(v, val);
		break;
	case STATUS1:
		v->s.feature = val;
		break;
	}
}

/* The first 64 colours: bits 2:0 are r, g, b at 2/3, bits 5:3 at 1/3. */
static void default_dac(struct vga *v)
{
	for (unsigned i = 0; i < 64; i++)
		for (unsigned part = 0; part < 3; part++)
			v->s.dac[i * 3 + part] = (i >> (2 - part) & 1) * 0x2a +
						 (i >> (5 - part) & 1) * 0x15;
}

static void vga_reset(struct device *dev)
{
	struct vga *v = container_of(dev, struct vga, dev);

	memset(&v->s, 0, sizeof(v->s));
	memcpy(v->s.crtc, mode3_crtc, sizeof(mode3_crtc));
	memcpy(v->s.ac, mode3_ac, sizeof(mode3_ac));
	memcpy(v->s.seq, mode3_seq, sizeof(mode3_seq));
	memcpy(v->s.gc, mode3_gc, sizeof(mode3_gc));
	v->s.ac_index = AC_VIDEO;
	v->s.misc = MODE3_MISC;
	v->s.dac_mask = 0xff;
	default_dac(v);
}

static void vga_restored(struct device *dev)
{
}

static const struct state_field vga_fields[] = {
	STATE_BOOL(struct vga_state, ac_data_next),
	STATE_BOOL(struct vga_state, dac_reading),
	STATE_MAX(struct vga_state, dac_part, 2),
	STATE_END,
};

static const struct device_ops vga_ops = {
	.name = "vga",
	.width = 1,
	.read = vga_read,
	.write = vga_write,
	.reset = vga_reset,
	.restored = vga_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct vga, s, 1),
	.fields = vga_fields,
};

struct device *vga_create(const struct clock *clock)
{
	struct vga *v = chip_alloc(sizeof(*v), &vga_ops);

	if (!v)
		return NULL;
	v->clock = clock;
	vga_reset(&v->dev);
	return &v->dev;
}

/* ---- What is shown ---- */

static unsigned rows(const struct vga *v)
{
	unsigned overflow = v->s.crtc[CRTC_OVERFLOW];
	unsigned lines = v->s.crtc[CRTC_ROWS] | (overflow & 0x02) << 7 |
			 (overflow & 0x40) << 3;
	unsigned cell = (v->s.crtc[CRTC_MAX_SCAN] & 0x1f) + 1;

	return (lines + 1) / cell;
}

static unsigned word(const struct vga *v, unsigned high)
{
	return v->s.crtc[high] << 8 | v->s.crtc[high + 1];
}

static void place_cursor(const struct vga *v, struct vga_screen *screen)
{
	unsigned first = v->s.crtc[CRTC_CURSOR_START];
	unsigned last = v->s.crtc[CRTC_CURSOR_END] & 0x1f;
	unsigned cell = word(v, CRTC_CURSOR_HIGH) - word(v, CRTC_START_HIGH);

	screen->cursor_x = screen->cursor_y = -1;
	if ((first & CURSOR_OFF) || (first & 0x1f) > last ||
	    cell >= screen->cols * screen->rows)
		return;
	screen->cursor_x = cell % screen->cols;
	screen->cursor_y = cell / screen->cols;
}

/* A geometry no text mode has, or a start that runs out of the window, is
 * cut to what fits: the cells told are always in text memory. */
void vga_screen(const struct device *dev, struct vga_screen *screen)
{
	const struct vga *v = container_of(dev, struct vga, dev);
	uint32_t base = (v->s.gc[GC_MAP] >> 2 & 3) == 2 ? 0xb0000 : 0xb8000;
	uint32_t start = word(v, CRTC_START_HIGH) * 2 % WINDOW_LEN, len;

	screen->cols = v->s.crtc[CRTC_COLS] + 1u;
	if (screen->cols > VGA_COLS_MAX)
		screen->cols = VGA_COLS_MAX;
	screen->rows = rows(v);
	if (screen->rows < 1)
		screen->rows = 1;
	if (screen->rows > VGA_ROWS_MAX)
		screen->rows = VGA_ROWS_MAX;
	len = screen->cols * screen->rows * 2;
	if (start > WINDOW_LEN - len)
		start = WINDOW_LEN - len;
	screen->text_gpa = base + start;
	screen->blink = v->s.ac[AC_MODE] & AC_BLINK;
	place_cursor(v, screen);
}
