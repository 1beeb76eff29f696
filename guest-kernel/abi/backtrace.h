/*
 * backtrace.h: who called, as a token of one short word on the log. A program
 * that panics makes it, `vmm symbolize` turns it into functions and lines.
 *
 *	1:1f0c33a8:8b12+4e-1a0~:990c83d2
 *	|     |      |     |   |    |
 *	|     |      |     |   |    CRC-32 of all before the last colon
 *	|     |      |     |   how the walk ended, if not at the first caller
 *	|     |      |     differences, in hex: of each from the one before
 *	|     |      the innermost return address, in hex
 *	|     the first four bytes of the image's build ID
 *	the version of this format
 *
 * The CRC is that of Ethernet and zip: reflected, polynomial 04c11db7h, eight
 * digits. All digits are lower case.
 */
#ifndef ABI_BACKTRACE_H
#define ABI_BACKTRACE_H

#define BACKTRACE_VERSION    1
#define BACKTRACE_FRAMES_MAX 32
#define BACKTRACE_POLYNOMIAL 0xedb88320u /* reflected */

#define BACKTRACE_CUT	     '~' /* there are more frames than that */
#define BACKTRACE_BROKEN     '!' /* the chain of frames left the stack */

/* "backtrace: " stands before the token. */
#define BACKTRACE_WORD	     "backtrace: "

#endif
