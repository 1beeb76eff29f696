/*
 * sandbox_none.c: for builds without libseccomp, and for sanitizers and
 * coverage, whose own code makes system calls of its own.
 */
#include "shell/sandbox/sandbox.h"
#include "vmm/log.h"

const bool sandbox_built = false;

int sandbox_enter(unsigned modes)
{
	log_info("sandbox: this vmm was built without");
	return 0;
}
