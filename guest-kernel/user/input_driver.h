/*
 * input_driver.h: the keyboard and COM1, as a task of their own: it holds
 * their interrupts and ports, and puts what they bring into the boot's input
 * channel (abi/bootinfo.h). While that is full it leaves bytes in the devices.
 */
#ifndef USER_INPUT_DRIVER_H
#define USER_INPUT_DRIVER_H

#include "guest-kernel/user/calls.h"

/* The slot of its pool in the root pool; 0..15 of that are its own. */
#define INPUT_DRIVER_POOL 245

/* By the init program, once. */
enum error input_driver_start(void);

#endif
