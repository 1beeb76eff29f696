/*
 * vmm_test.h: name your kernel's tests, and `vmm test` counts them.
 *
 *	void vmm_test_puts(const char *text)	write it to COM1: yours
 *	VMM_TEST("frames are zeroed", all_zero(frame));
 *
 * Each name is also kept in the image, in section .vmm_test: `vmm test --list`
 * shows it, and one that was compiled in and not run, or run twice, is an
 * error, however the run ended.
 */
#ifndef VMM_TEST_H
#define VMM_TEST_H

void vmm_test_puts(const char *text);

#define VMM_TEST_NAME	   __attribute__((used, section(".vmm_test")))
#define VMM_TEST_STRING(n) #n
#define VMM_TEST_AT(n)	   "# at " __FILE__ ":" VMM_TEST_STRING(n) "\n"
#define VMM_TEST(name, ok)                                               \
	do {                                                             \
		static const char vmm_test_name[] VMM_TEST_NAME = name;  \
		int vmm_test_ok = (ok) ? 1 : 0;                          \
                                                                         \
		vmm_test_puts(vmm_test_ok ? "ok - " : "not ok - ");      \
		vmm_test_puts(vmm_test_name);                            \
		vmm_test_puts("\n");                                     \
		vmm_test_puts(vmm_test_ok ? "" : VMM_TEST_AT(__LINE__)); \
	} while (0)

#endif
