/*
 * cases.h: tests with a name each, that leave nothing behind. A case makes
 * what it needs by make() and its like; afterwards all of it is deleted, and
 * the case fails if the Untyped it came from is not whole again, or if the
 * root pool does not have as many free slots as before.
 */
#ifndef TESTS_KERNEL_CASES_H
#define TESTS_KERNEL_CASES_H

#include "tests/kernel/check.h"

#include "guest-kernel/user/message.h"

struct test_case {
	const char *name;
	void (*run)(void);
	bool elsewhere; /* the actors live in another address space */
};

/* The same case twice: with actors of our address space, and of others. */
#define HERE_AND_THERE(name, run)                         \
	{name, run, false},                               \
	{                                                 \
		name ", across address spaces", run, true \
	}

/* What user_main() returns. */
int run_cases(const struct test_case *cases, unsigned count);
#define RUN_CASES(cases) run_cases(cases, sizeof(cases) / sizeof((cases)[0]))

/* Facts of the case that runs; those that do not hold are told on the log. */
void expect_at(bool ok, unsigned line, const char *what);
void expect_equal_at(uint64_t got, uint64_t want, unsigned line,
		     const char *what);

#define EXPECT(fact)		expect_at(fact, __LINE__, #fact)
#define EXPECT_EQUAL(got, want) expect_equal_at(got, want, __LINE__, #got)
#define EXPECT_OK(call)		expect_equal_at(call, ERR_OK, __LINE__, #call)

/* The Untyped of the cases: all of it is free when one begins. */
#define CASE_MEMORY		caddr_root(240)
#define CASE_BYTES		(UINT64_C(8) << 20)

/* A copy in a slot of make()'s, with these rights and this badge. */
struct caddr minted(struct caddr cap, uint64_t rights, uint64_t badge);

/* An empty slot of make()'s. */
struct caddr empty_slot(void);

/*
 * Another address space with the program's image in it, shared: functions and
 * variables are where they are here, all else is missing.
 */
struct caddr make_space(void);

/* ---- tasks that follow a script ---- */

/* One system call of those with messages. */
struct step {
	unsigned number; /* SYS_CALL to SYS_NB_RECV */
	struct caddr target, reply;
	uint64_t deadline; /* 0: none */
	struct message m;
	volatile uint64_t error; /* NOT_YET, and then what it returned */
};

#define NOT_YET UINT64_C(1000)
#define STEPS	4
#define ACTORS	4

struct actor {
	struct step step[STEPS];
	struct thread thread;
	struct caddr space;
};

/*
 * A task that makes these calls, one after the other, and ends. It shares our
 * variables, wherever it lives. At most ACTORS in a case.
 */
struct actor *make_actor(const struct step *steps, unsigned count);
struct actor *start_actor(const struct step *steps, unsigned count);
#define START(...)                                               \
	start_actor((const struct step[]){__VA_ARGS__},          \
		    sizeof((const struct step[]){__VA_ARGS__}) / \
			    sizeof(struct step))

/* The same with a function; it must not use its task buffer. */
struct actor *start_function(void (*run)(uint64_t), uint64_t argument);

/* One call of our own. */
enum error do_step(struct step *step);

/* A task's state and priority by TASK_INFO. */
uint64_t state_of(struct caddr task);
uint64_t priority_of(struct caddr task);

/* Let the others run until the task is in this state; false: it never is. */
bool await_state(struct caddr task, enum abi_task_state state);

#endif
