/*
 * svg.c: the capability graph as a picture that needs no other tool.
 *
 * Boxes in columns: tasks; their pools, those inside of others further to the
 * right; and, right of the pools that lead there, the places where tasks
 * meet. A pool's rows are its slots. An edge goes from a slot to the box of
 * what it names, always to the right; what has no box of its own (memory,
 * tables, ports) is a row and no more. A box is as high as the first edge
 * that leads to it, if there is room.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/graph.h"

#define BOXES_MAX   2000
#define ROWS_MAX    20000
#define COLUMNS	    12
#define ROW_HEIGHT  15
#define HEAD_HEIGHT 22
#define CHAR_WIDTH  6.65
#define MARGIN	    24
#define COLUMN_GAP  70
#define BOX_GAP	    18
#define TITLE	    54

struct row {
	char slot[16], text[64], rights[8], tip[DETAIL_SIZE];
	uint8_t type;
	bool bad, dim;
	uint32_t target; /* its object's box; NIL: none */
};

struct box {
	uint32_t object;
	unsigned column;
	uint32_t row, rows;
	double x, y, width, anchor;
	char title[NAME_SIZE], note[48];
};

struct picture {
	struct request *r;
	const struct model *m;
	struct box *box;
	uint32_t boxes;
	struct row *row;
	uint32_t rows;
	uint32_t *box_of; /* by object */
	bool cut;
	double width, height;
};

static const char *colour_of(unsigned type)
{
	static const char *const colours[OBJECT_COUNT] = {
		[OBJECT_UNTYPED] = "#8d6e63",
		[OBJECT_CPOOL] = "#37474f",
		[OBJECT_TASK] = "#1565c0",
		[OBJECT_CHANNEL] = "#2e7d32",
		[OBJECT_RAW_PAGE] = "#90a4ae",
		[OBJECT_LARGE_PAGE] = "#90a4ae",
		[OBJECT_TASK_BUFFER] = "#607d8b",
		[OBJECT_PML4] = "#00838f",
		[OBJECT_PDPT] = "#4db6ac",
		[OBJECT_PD] = "#4db6ac",
		[OBJECT_PT] = "#4db6ac",
		[OBJECT_IO_PORT] = "#a1887f",
		[OBJECT_ENDPOINT] = "#6a1b9a",
		[OBJECT_REPLY] = "#ad1457",
		[OBJECT_NOTIFICATION] = "#e65100",
		[OBJECT_IRQ_CONTROL] = "#c62828",
		[OBJECT_IRQ_HANDLER] = "#c62828",
		[OBJECT_SCHED_CONTEXT] = "#4527a0",
		[OBJECT_SCHED_CONTROL] = "#4527a0",
	};

	return type < OBJECT_COUNT && colours[type] ? colours[type] : "#212121";
}

/* ---- boxes and rows ---- */

static struct box *add_box(struct picture *p, uint32_t object, unsigned column)
{
	struct box *box;

	if (p->boxes == BOXES_MAX || p->box_of[object] != NIL) {
		p->cut |= p->boxes == BOXES_MAX;
		return NULL;
	}
	p->box_of[object] = p->boxes;
	box = &p->box[p->boxes++];
	*box = (struct box){.object = object,
			    .column = column < COLUMNS ? column : COLUMNS - 1,
			    .row = p->rows};
	snprintf(box->title, sizeof(box->title), "%s",
		 object_name(p->m, object).text);
	return box;
}

/* Rows of a box are added before there is another box. */
static struct row *add_row(struct picture *p)
{
	struct row *row;

	if (p->rows == ROWS_MAX) {
		p->cut = true;
		return NULL;
	}
	row = &p->row[p->rows++];
	*row = (struct row){.target = NIL};
	p->box[p->boxes - 1].rows++;
	return row;
}

__attribute__((format(printf, 3, 4))) static void add_fact(struct picture *p,
							   const char *what,
							   const char *format,
							   ...)
{
	struct row *row = add_row(p);
	va_list args;

	if (!row)
		return;
	snprintf(row->slot, sizeof(row->slot), "%s", what);
	va_start(args, format);
	vsnprintf(row->text, sizeof(row->text), format, args);
	va_end(args);
	row->dim = true;
}

static void add_held(struct picture *p, const struct object *task,
		     enum role role, const char *what)
{
	uint32_t cap = model_held(p->m, task, role, 0);
	struct row *row;

	if (cap == NIL)
		return;
	row = add_row(p);
	if (!row)
		return;
	snprintf(row->slot, sizeof(row->slot), "%s", what);
	snprintf(row->text, sizeof(row->text), "%s",
		 object_name(p->m, p->m->cap[cap].object).text);
	row->type = p->m->cap[cap].type;
	row->bad = p->m->cap[cap].corrupt != NULL;
	row->target = p->m->cap[cap].object;
}

static void add_task(struct picture *p, uint32_t object)
{
	const struct object *task = &p->m->object[object];
	struct program *program = task_program(p->r->in, task);
	struct box *box = add_box(p, object, 0);
	struct detail wait = wait_detail(p->m, task);
	struct inspect_task regs;
	bool in_kernel;
	char symbol[64] = "";

	if (!box)
		return;
	snprintf(box->note, sizeof(box->note), "%s",
		 program ? program->name : "");
	task_read(p->r->in, task, &regs, &in_kernel);
	add_fact(p, "state", "%s", task_state_text(p->m, task));
	if (task->corrupt)
		return;
	if (program)
		program_symbol(program, regs.rip, symbol, sizeof(symbol));
	add_fact(p, "at", "%" PRIx64 "%s", regs.rip, symbol);
	if (*wait.text)
		add_fact(p, "waits", "%s", wait.text);
	add_held(p, task, ROLE_CPOOL, "pool");
	add_held(p, task, ROLE_TABLE, "space");
	add_held(p, task, ROLE_FAULT_HANDLER, "faults");
	add_held(p, task, ROLE_NOTIFICATION, "told");
	add_held(p, task, ROLE_CONTEXT, "time");
}

/* An interrupt leads to the notification that it tells. */
static uint32_t leads_to(const struct picture *p, const struct cap *cap)
{
	uint32_t told;

	if (cap->type != OBJECT_IRQ_HANDLER || cap->object == NIL)
		return cap->object;
	told = model_held(p->m, &p->m->object[cap->object], ROLE_NOTIFICATION,
			  0);
	return told == NIL ? NIL : p->m->cap[told].object;
}

static void add_slot(struct picture *p, const struct group *g)
{
	const struct cap *cap = &p->m->cap[g->first];
	struct row *row = add_row(p);

	if (!row)
		return;
	if (g->count > 1)
		snprintf(row->slot, sizeof(row->slot), "%u..%u", cap->index,
			 p->m->cap[g->last].index);
	else
		snprintf(row->slot, sizeof(row->slot), "%u", cap->index);
	snprintf(row->text, sizeof(row->text), "%s", group_name(p->m, g).text);
	if (cap->type == OBJECT_UNTYPED)
		snprintf(row->text, sizeof(row->text), "untyped@%" PRIx64 " %s",
			 cap->base, bytes_text(cap->word[0]).text);
	snprintf(row->rights, sizeof(row->rights), "%.5s",
		 rights_text(cap->rights).text);
	snprintf(row->tip, sizeof(row->tip), "%.100s: %.50s",
		 type_text(cap->type), cap_detail(p->m, cap).text);
	row->type = cap->type;
	row->bad = cap->corrupt != NULL;
	row->target = g->count > 1 ? NIL : leads_to(p, cap);
}

static void add_pool(struct picture *p, uint32_t object)
{
	const struct object *pool = &p->m->object[object];
	struct box *box =
		add_box(p, object, 1 + (pool->task == NIL ? 0 : pool->depth));
	unsigned index = 0, taken = 0;
	struct group g;

	if (!box)
		return;
	while (group_next(p->m, pool, &index, &g)) {
		add_slot(p, &g);
		taken += g.count;
	}
	snprintf(box->note, sizeof(box->note), "%u of %u", taken, CPOOL_SLOTS);
}

static void add_meeting(struct picture *p, uint32_t object)
{
	const struct object *o = &p->m->object[object];
	struct text text = {"", 0};

	if (object_idle(p->m, o) || !add_box(p, object, 2))
		return;
	if (o->corrupt) {
		add_fact(p, "corrupt", "%s", o->corrupt);
		return;
	}
	meeting_content(p->m, o, &text);
	if (text.len)
		add_fact(p, "has", "%s", text.text);
	text = (struct text){"", 0};
	meeting_waiters(p->m, o, &text);
	if (text.len)
		add_fact(p, "waits", "%s", text.text);
}

/* Right of every pool that leads to it. */
static void place_meetings(struct picture *p)
{
	for (uint32_t i = 0; i < p->boxes; i++) {
		const struct box *from = &p->box[i];

		for (uint32_t n = 0; n < from->rows; n++) {
			uint32_t target = p->row[from->row + n].target;
			struct box *to;

			if (target == NIL || p->box_of[target] == NIL)
				continue;
			to = &p->box[p->box_of[target]];
			if (is_meeting(p->m->object[target].type) &&
			    to->column <= from->column &&
			    from->column + 1 < COLUMNS)
				to->column = from->column + 1;
		}
	}
}

static void add_boxes(struct picture *p)
{
	const struct model *m = p->m;

	for (uint32_t i = 0; i < m->task_count; i++)
		add_task(p, m->task[i]);
	for (uint32_t i = 0; i < m->object_count; i++)
		if (m->object[i].type == OBJECT_CPOOL && !m->object[i].corrupt)
			add_pool(p, i);
	for (uint32_t i = 0; i < m->object_count; i++)
		if (is_meeting(m->object[i].type))
			add_meeting(p, i);
	place_meetings(p);
}

/* ---- where they are ---- */

static double box_height(const struct box *b)
{
	return HEAD_HEIGHT + b->rows * ROW_HEIGHT + 6;
}

static double row_y(const struct box *b, uint32_t row)
{
	return b->y + HEAD_HEIGHT + 3 + row * ROW_HEIGHT;
}

static double width_of(const struct picture *p, const struct box *b)
{
	size_t widest = strlen(b->title) + strlen(b->note) + 4;

	for (uint32_t i = 0; i < b->rows; i++) {
		const struct row *row = &p->row[b->row + i];
		size_t len = 9 + strlen(row->text) + 2 + strlen(row->rights);

		if (len > widest)
			widest = len;
	}
	return widest * CHAR_WIDTH + 30;
}

/* The height of the first edge to each box, from boxes that are placed. */
static void find_anchors(struct picture *p, unsigned column)
{
	for (uint32_t i = 0; i < p->boxes; i++)
		if (p->box[i].column == column)
			p->box[i].anchor = column ? 1e9 : i;
	for (uint32_t i = 0; i < p->boxes; i++) {
		const struct box *from = &p->box[i];

		for (uint32_t n = 0; n < from->rows; n++) {
			uint32_t target = p->row[from->row + n].target;
			struct box *to;

			if (target == NIL || p->box_of[target] == NIL ||
			    from->column >= column)
				continue;
			to = &p->box[p->box_of[target]];
			if (to->column == column && row_y(from, n) < to->anchor)
				to->anchor = row_y(from, n);
		}
	}
}

/* The box of the column that comes next: lowest anchor, then first made. */
static struct box *next_box(struct picture *p, unsigned column,
			    const uint8_t *placed)
{
	struct box *best = NULL;

	for (uint32_t i = 0; i < p->boxes; i++)
		if (p->box[i].column == column && !placed[i] &&
		    (!best || p->box[i].anchor < best->anchor))
			best = &p->box[i];
	return best;
}

static double place_column(struct picture *p, unsigned column, double x,
			   uint8_t *placed)
{
	double y = TITLE + MARGIN, widest = 0;
	struct box *b;

	find_anchors(p, column);
	for (uint32_t i = 0; i < p->boxes; i++)
		if (p->box[i].column == column &&
		    width_of(p, &p->box[i]) > widest)
			widest = width_of(p, &p->box[i]);
	while ((b = next_box(p, column, placed))) {
		placed[b - p->box] = 1;
		if (column && b->anchor < 1e9 && b->anchor - 4 > y)
			y = b->anchor - 4;
		b->x = x;
		b->y = y;
		b->width = widest;
		y += box_height(b) + BOX_GAP;
	}
	if (y > p->height)
		p->height = y;
	return widest;
}

static bool place(struct picture *p)
{
	uint8_t *placed = calloc(p->boxes + 1, 1);
	double x = MARGIN, width;

	for (unsigned column = 0; placed && column < COLUMNS; column++) {
		width = place_column(p, column, x, placed);
		if (width > 0)
			x += width + COLUMN_GAP;
	}
	p->width = x - COLUMN_GAP + MARGIN;
	p->height += MARGIN;
	free(placed);
	return placed != NULL;
}

/* ---- drawing ---- */

static void escape(const char *from, char *to, size_t size)
{
	size_t len = 0;

	for (; *from && len + 7 < size; from++)
		switch (*from) {
		case '<':
			len += snprintf(to + len, size - len, "&lt;");
			break;
		case '>':
			len += snprintf(to + len, size - len, "&gt;");
			break;
		case '&':
			len += snprintf(to + len, size - len, "&amp;");
			break;
		default:
			to[len++] = *from;
		}
	to[len] = 0;
}

static void draw_text(struct picture *p, double x, double y, const char *class,
		      const char *text)
{
	char safe[512];

	escape(text, safe, sizeof(safe));
	if (*safe)
		out_text(p->r->out,
			 "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n",
			 x, y, class, safe);
}

static void draw_edge(struct picture *p, const struct box *from, uint32_t row,
		      const struct box *to)
{
	double x1 = from->x + from->width, x2 = to->x;
	double y1 = row_y(from, row) + ROW_HEIGHT / 2.0;
	double y2 = to->y + HEAD_HEIGHT / 2.0, bend = (x2 - x1) / 2;

	out_text(p->r->out,
		 "<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" "
		 "stroke=\"%s\"/>\n",
		 x1, y1, x1 + bend, y1, x2 - bend, y2, x2 - 5, y2,
		 colour_of(p->m->object[to->object].type));
	out_text(p->r->out,
		 "<path d=\"M%.1f %.1fl-6 -3.5v7z\" fill=\"%s\" "
		 "stroke=\"none\"/>\n",
		 x2, y2, colour_of(p->m->object[to->object].type));
}

static void draw_edges(struct picture *p)
{
	out_text(p->r->out, "<g fill=\"none\" stroke-width=\"1.3\">\n");
	for (uint32_t i = 0; i < p->boxes; i++) {
		const struct box *from = &p->box[i];

		for (uint32_t n = 0; n < from->rows; n++) {
			uint32_t target = p->row[from->row + n].target;

			if (target == NIL || p->box_of[target] == NIL ||
			    p->box[p->box_of[target]].column <= from->column)
				continue;
			draw_edge(p, from, n, &p->box[p->box_of[target]]);
		}
	}
	out_text(p->r->out, "</g>\n");
}

static void draw_row(struct picture *p, const struct box *b, uint32_t n)
{
	const struct row *row = &p->row[b->row + n];
	double y = row_y(b, n) + 11;
	char safe[400];

	escape(row->tip, safe, sizeof(safe));
	out_text(p->r->out, "<g>%s%s%s", *safe ? "<title>" : "", safe,
		 *safe ? "</title>\n" : "\n");
	out_text(p->r->out,
		 "<text x=\"%.1f\" y=\"%.1f\" class=\"s\">%s</text>\n",
		 b->x + 8 + 8 * CHAR_WIDTH, y, row->slot);
	if (!row->dim)
		out_text(p->r->out,
			 "<rect x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\" "
			 "rx=\"1.5\" fill=\"%s\"/>\n",
			 b->x + 14 + 8 * CHAR_WIDTH, y - 7.5,
			 colour_of(row->type));
	draw_text(p, b->x + 26 + 8 * CHAR_WIDTH, y, row->bad ? "e" : "n",
		  row->text);
	if (*row->rights)
		draw_text(p, b->x + b->width - 8 - 5 * CHAR_WIDTH, y, "r",
			  row->rights);
	out_text(p->r->out, "</g>\n");
}

static void draw_box(struct picture *p, const struct box *b)
{
	const struct object *o = &p->m->object[b->object];
	const char *colour = o->corrupt ? "#d50000" : colour_of(o->type);

	out_text(p->r->out,
		 "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		 "rx=\"5\" fill=\"#fff\" stroke=\"%s\"%s/>\n",
		 b->x, b->y, b->width, box_height(b), colour,
		 o->dying ? " stroke-dasharray=\"4 3\"" : "");
	out_text(p->r->out,
		 "<path d=\"M%.1f %.1fv-%d.5q0 -5 5 -5h%.1fq5 0 5 5v%d.5z\" "
		 "fill=\"%s\"/>\n",
		 b->x, b->y + HEAD_HEIGHT, HEAD_HEIGHT - 6, b->width - 10,
		 HEAD_HEIGHT - 6, colour);
	draw_text(p, b->x + 9, b->y + 15, "h", b->title);
	if (*b->note)
		draw_text(p, b->x + b->width - 9 - strlen(b->note) * CHAR_WIDTH,
			  b->y + 15, "m", b->note);
	for (uint32_t n = 0; n < b->rows; n++)
		draw_row(p, b, n);
}

static void draw_head(struct picture *p)
{
	char line[160];

	out_text(p->r->out,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
		 "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n"
		 "<title>Capabilities</title>\n<style>\n"
		 "text{font:11px 'DejaVu Sans Mono',Menlo,Consolas,monospace;"
		 "white-space:pre}\n"
		 ".t{font-size:16px;font-weight:bold;fill:#263238}\n"
		 ".u{fill:#607d8b}.h{fill:#fff;font-weight:bold}\n"
		 ".m{fill:#fff;opacity:.8}.n{fill:#263238}.e{fill:#d50000}\n"
		 ".s{fill:#90a4ae;text-anchor:end}.r{fill:#90a4ae}\n"
		 "</style>\n"
		 "<rect width=\"100%%\" height=\"100%%\" fill=\"#f5f7f8\"/>\n",
		 p->width, p->height, p->width, p->height);
	draw_text(p, MARGIN, 32, "t", "Capabilities");
	snprintf(line, sizeof(line),
		 "%" PRIu32 " capabilities of %" PRIu32 " objects, %" PRIu32
		 " tasks%s",
		 p->m->cap_count, p->m->object_count, p->m->task_count,
		 p->cut ? "; not all are drawn" : "");
	draw_text(p, MARGIN, 50, "u", line);
}

static void draw(struct picture *p)
{
	draw_head(p);
	draw_edges(p);
	for (uint32_t i = 0; i < p->boxes; i++)
		draw_box(p, &p->box[i]);
	out_text(p->r->out, "</svg>\n");
}

int graph_svg(struct request *r)
{
	struct picture p = {.r = r, .m = r->m};
	int err = 0;

	p.box = calloc(BOXES_MAX, sizeof(*p.box));
	p.row = calloc(ROWS_MAX, sizeof(*p.row));
	p.box_of = malloc((r->m->object_count + 1) * sizeof(*p.box_of));
	if (p.box_of)
		memset(p.box_of, 0xff,
		       (r->m->object_count + 1) * sizeof(*p.box_of));
	if (p.box && p.row && p.box_of)
		add_boxes(&p);
	if (p.box && p.row && p.box_of && place(&p))
		draw(&p);
	else
		err = out_refuse(r->out, -ENOMEM, "no memory");
	free(p.box);
	free(p.row);
	free(p.box_of);
	return err;
}
