/*
 * input.h: all that enters a run from outside, by one door.
 *
 * A key, a byte, a file's bytes, a register that a debugger sets: each is
 * handed to the machine here and reaches the guest at a point of the run that
 * can be found again. So on CPUs that count, a run is a pure function of what
 * it began with and of its inputs, and repeating it is feeding these again.
 *
 * There are three such points, and a fourth for who looks:
 *
 *	RUNNING	right when the CPUs have retired `count` instructions, after
 *		timers and marks that are due there. Live, that is one more
 *		than when it came.
 *	IDLE	all CPUs sleep, at `count` and at the guest's time `ns`, which
 *		is before the next timer
 *	ASKED	a device wanted it, at this count and time: what it was given
 *
 * What comes together is applied together: `joined` to the one before it.
 */
#ifndef VMM_INPUT_H
#define VMM_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;

enum input_kind {
	INPUT_OF_SERIAL, /* bytes for the line that has the person's input */
	INPUT_OF_KEY,	 /* as shell/feeder_input.c has it */
	INPUT_OF_FILE,	 /* bytes of a file, when they were asked for */
	INPUT_OF_TYPE,	 /* text to be typed */
	INPUT_OF_MEMORY, /* 8 bytes: where; the rest: what; a debugger's */
	INPUT_OF_CPU,	 /* 8 bytes: which; struct x86_state; a debugger's */
	INPUT_OF_HOLD,	 /* 8 bytes: machine.held; a debugger's */
	INPUT_OF_LINK,	 /* bytes for COM2, the debug link */
	INPUT_OF_COM1,	 /* bytes of a client of that line */
	INPUT_OF_COM2,
	INPUT_OF_COM3,
	INPUT_OF_COM4,
	INPUT_KINDS
};

enum input_point { INPUT_RUNNING, INPUT_IDLE, INPUT_ASKED, INPUT_POINTS };

#define INPUT_MAX 65536 /* bytes of one */

struct input_event {
	uint64_t count, ns;
	uint16_t kind;
	uint8_t point;
	bool joined;
	uint32_t len;
	uint8_t *data; /* owned by the log */
};

/* What an input of a kind does. */
typedef void input_fn(void *ctx, const uint8_t *data, size_t len);

struct inputs {
	struct input_handler {
		input_fn *apply;
		void *ctx;
	} handler[INPUT_KINDS];

	/* Those that were applied, if `keep`; and, in a replay, that will be. */
	struct input_event *log;
	size_t count, room;
	size_t next; /* in a replay: the first that was not applied */
	bool keep;
	bool replay; /* they come from the log; others wait in the box */

	/* Those that came and wait to be applied. */
	struct input_event *box;
	size_t box_count, box_room;
	size_t waiting;	  /* bytes of them */
	uint64_t box_due; /* when they will be, if the CPUs run */
	bool started;	  /* before the run nothing has to wait */

	/* Told of each that was applied for the first time. */
	void (*applied)(void *ctx, const struct input_event *in);
	void *applied_ctx;

	/*
	 * In a replay: all CPUs sleep and the log has no more. True: the
	 * machine was stopped.
	 */
	bool (*ran_out)(void *ctx);
	void *ran_out_ctx;
};

/* The outside may be repeated: what an input of this kind does from now on. */
void input_handler(struct machine *m, enum input_kind kind, input_fn *apply,
		   void *ctx);

/*
 * From outside run(): from a loop callback, or before the run. The bytes are
 * copied; at most INPUT_MAX. What there is no memory for is lost, said.
 */
void input_give(struct machine *m, enum input_kind kind, const void *data,
		size_t len);

/*
 * The same at once, while the machine is stopped: for a debugger, which looks
 * at what it did. -EROFS, not said, in a replay: what was cannot be changed.
 */
int input_poke(struct machine *m, enum input_kind kind, const void *data,
	       size_t len);

/* From inside the run: have `source` fill `buf`, or what it gave that time. */
size_t input_ask(struct machine *m, enum input_kind kind,
		 size_t (*source)(void *ctx, uint8_t *buf, size_t size),
		 void *ctx, uint8_t *buf, size_t size);

/* ---- for machine.c ---- */

/* At which count CPUs that run must stop for one; UINT64_MAX: none. */
uint64_t input_due(const struct machine *m);

/* The machine stands at a count: apply what is due there. */
void input_reach(struct machine *m);

/*
 * All CPUs sleep, and the next timer is at `next_ns`: apply one batch, at its
 * time. False: there is none.
 */
bool input_idle(struct machine *m, uint64_t next_ns);

/* ---- for history.c and record.c ---- */

/* Put one more at the end of the log; -ENOMEM, said. The bytes are copied. */
int input_log(struct machine *m, const struct input_event *in);

/* Forget those of the log from `count` on. */
void input_cut(struct machine *m, size_t count);

void inputs_fini(struct machine *m);

#endif
