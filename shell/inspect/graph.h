/* graph.h: the capability graph as a picture or as text: `caps`. */
#ifndef SHELL_INSPECT_GRAPH_H
#define SHELL_INSPECT_GRAPH_H

#include "shell/inspect/internal.h"

/* Capabilities in neighbouring slots of a pool that are alike: frames. */
struct group {
	uint32_t first, last; /* indices of model.cap */
	unsigned count;
};

/* From slot `index` of a pool on: the next group; false: no more. */
bool group_next(const struct model *m, const struct object *pool,
		unsigned *index, struct group *group);
/* "page@194000" or "12 pages@1a1000". */
struct name group_name(const struct model *m, const struct group *group);

/* The meeting places: channels, endpoints and others that tasks wait at. */
bool is_meeting(unsigned type);
struct text {
	char text[256];
	size_t len;
};
__attribute__((format(printf, 2, 3))) void text_add(struct text *t,
						    const char *format, ...);
/* What lies in one, and who waits there. */
void meeting_content(const struct model *m, const struct object *o,
		     struct text *t);
void meeting_waiters(const struct model *m, const struct object *o,
		     struct text *t);

/* To out; 0 or -ENOMEM, refused. */
int graph_svg(struct request *r);
int graph_dot(struct request *r);
int graph_capdl(struct request *r);

#endif
