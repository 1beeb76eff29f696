/* servant.h: between spaces.c and servant.c: slots, and results. */
#ifndef TESTS_KERNEL_SERVANT_H
#define TESTS_KERNEL_SERVANT_H

#define SERVANT_NAMES	60 /* Endpoint: the name service, or its client's */
#define SERVANT_FRAME	61 /* timer: the HPET's registers */
#define SERVANT_HANDLER 62 /* and its IRQ_HANDLER */

enum servant_result {
	SERVANT_GOOD = 10,
	SERVANT_UNKNOWN,
	SERVANT_NO_TIMER,
	SERVANT_TOO_EARLY,
	SERVANT_NO_MUTEX,
	SERVANT_GONE,
	SERVANT_FORBIDDEN,
};

#endif
