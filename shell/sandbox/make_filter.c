/*
 * make_filter.c: run by the build: calls.h to the kernel's filter programs,
 * as C arrays, one for each set of modes.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/sandbox/sandbox.h"

#define CHANGES (O_ACCMODE | O_CREAT | O_TRUNC)

static const struct {
	unsigned mode;
	const char *call;
	unsigned long request; /* of ioctl; 0: any */
	bool reads;	       /* openat that neither makes nor changes */
} rows[] = {
#define CALL(mode, call)     {mode, #call, 0, false},
#define IOCTL(mode, request) {mode, "ioctl", request, false},
#define READS(mode)	     {mode, "openat", 0, true},
#include "shell/sandbox/calls.h"
};

static void check(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "make_filter: %s: %s\n", what, strerror(-err));
	exit(1);
}

static void add_row(scmp_filter_ctx filter, size_t i)
{
	int call = seccomp_syscall_resolve_name(rows[i].call);

	if (call < 0) /* this architecture does without it */
		return;
	if (rows[i].request)
		check(seccomp_rule_add(
			      filter, SCMP_ACT_ALLOW, call, 1,
			      SCMP_A1_32(SCMP_CMP_EQ, rows[i].request)),
		      rows[i].call);
	else if (rows[i].reads)
		check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				       SCMP_A2_32(SCMP_CMP_MASKED_EQ, CHANGES,
						  O_RDONLY)),
		      rows[i].call);
	else
		check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0),
		      rows[i].call);
}

static void print_filter(scmp_filter_ctx filter, unsigned modes)
{
	struct sock_filter code[4096];
	FILE *temp = tmpfile();
	size_t count;

	check(temp ? 0 : -errno, "a temporary file");
	check(seccomp_export_bpf(filter, fileno(temp)), "export");
	rewind(temp);
	count = fread(code, sizeof(code[0]), 4096, temp);
	fclose(temp);
	printf("static const struct sock_filter filter%u[] = {\n", modes);
	for (size_t i = 0; i < count; i++)
		printf("\t{%#x, %u, %u, %#x},\n", code[i].code, code[i].jt,
		       code[i].jf, code[i].k);
	printf("};\n");
}

int main(void)
{
	for (unsigned modes = 0; modes < SANDBOX_MODES; modes++) {
		/* TRAP: the terminal is restored on the way out. */
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);

		check(filter ? 0 : -ENOMEM, "seccomp_init");
		/* A tree: few comparisons for each call. */
		check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2),
		      "optimize");
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if ((rows[i].mode & modes) == rows[i].mode)
				add_row(filter, i);
		print_filter(filter, modes);
		seccomp_release(filter);
	}
	printf("#define FILTER(n) {sizeof(filter##n) / sizeof(filter##n[0]), "
	       "\\\n\t(struct sock_filter *)filter##n}\n"
	       "static const struct sock_fprog filters[] = {\n");
	for (unsigned modes = 0; modes < SANDBOX_MODES; modes++)
		printf("\tFILTER(%u),\n", modes);
	printf("};\n");
	return 0;
}
