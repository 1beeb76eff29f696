/* print.h: output to COM1 and the end, for the test programs of all modes. */
#ifndef TESTS_GUEST_PRINT_H
#define TESTS_GUEST_PRINT_H

#include <stdint.h>

void out8(uint16_t port, uint8_t val);
uint8_t in8(uint16_t port);
void put(char c);
void print(const char *text);
void hex(uint64_t val, unsigned digits);
/* "end" and success. */
_Noreturn void finish(void);

#endif
