/*
 * link_driver.h: the debug link's server as a task of the init program's: it
 * holds COM2's interrupt and ports, and does what the host's shell asks for.
 */
#ifndef USER_LINK_DRIVER_H
#define USER_LINK_DRIVER_H

#include "guest-kernel/user/calls.h"

/*
 * By the init program, once, when its input driver has started: it uses slots
 * of the driver's pool. Where there is no COM2 it starts nothing. What the
 * shell is told to start a child with comes from `entry` and `stack`.
 */
enum error link_driver_start(uint64_t entry, uint64_t stack);

#endif
