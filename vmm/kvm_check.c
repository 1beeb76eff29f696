/*
 * kvm_check.c: is there a KVM that we can use, and if not, why and what to do.
 *
 * That the device opens and has the capabilities proves little: some hosts
 * have a KVM that cannot run a kernel. So kvm_usable() runs one.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "vmm/kvm.h"
#include "vmm/selftest.h"

#define API_VERSION 12

static const struct {
	int err;
	const char *advice;
} advice[] = {
	{-ENOENT,
	 "this kernel, virtual machine or container has no KVM; load "
	 "kvm_intel or kvm_amd, enable nested virtualization, or start "
	 "the container with --device /dev/kvm"},
	{-EPERM, "a container's device rules or a sandbox forbid it; start the "
		 "container with --device /dev/kvm"},
	{-EBUSY, "another hypervisor holds the processor; stop its machines or "
		 "unload its module (vboxdrv, vmmon)"},
	{-ENODEV, "no driver is behind it; load kvm_intel or kvm_amd, and turn "
		  "virtualization on in the firmware"},
	{-ENXIO, "no driver is behind it; load kvm_intel or kvm_amd, and turn "
		 "virtualization on in the firmware"},
	{-ENOTTY, "that is no KVM device; check VMM_KVM_DEVICE"},
	{-ENOMEM, "the host is short of memory; end something or give less "
		  "--mem"},
	{-EMFILE, "too many files are open; raise `ulimit -n`"},
};

static const char *advice_for(int err)
{
	for (unsigned i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (advice[i].err == err)
			return advice[i].advice;
	return "use --accel=sim";
}

/* As `ls -l` shows it: "crw-rw---- root:kvm". */
static void describe_owner(char *text, size_t size, const struct stat *st)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	const struct group *gr = getgrgid(st->st_gid);
	char mode[] = "?rwxrwxrwx";
	char user[24], group[24];

	mode[0] = S_ISCHR(st->st_mode) ? 'c' : S_ISDIR(st->st_mode) ? 'd' : '-';
	for (int i = 0; i < 9; i++)
		if (!(st->st_mode & (0400 >> i)))
			mode[1 + i] = '-';
	snprintf(user, sizeof(user), "%u", st->st_uid);
	snprintf(group, sizeof(group), "%u", st->st_gid);
	snprintf(text, size, "%s %s:%s", mode, pw ? pw->pw_name : user,
		 gr ? gr->gr_name : group);
}

static int explain_forbidden(struct reason *why, int err, const char *path,
			     const struct stat *st, unsigned uid)
{
	const struct group *gr = getgrgid(st->st_gid);
	char owner[96], fix[320];

	describe_owner(owner, sizeof(owner), st);
	if ((st->st_mode & 060) == 060 && st->st_gid != 0 && gr)
		snprintf(fix, sizeof(fix),
			 "run `sudo usermod -aG %s $USER` and log in again",
			 gr->gr_name);
	else
		snprintf(fix, sizeof(fix), "run `sudo chmod a+rw %.256s`",
			 path);
	return reason_set(why, err, "%s: %s (%s, you are uid %u); %s", path,
			  strerror(-err), owner, uid, fix);
}

int kvm_explain(struct reason *why, int err, const char *path,
		const struct stat *st, unsigned uid)
{
	if (err == -EACCES && st)
		return explain_forbidden(why, err, path, st, uid);
	return reason_set(why, err, "%s: %s: %s", path, strerror(-err),
			  advice_for(err));
}

const char *kvm_device(void)
{
	const char *path = getenv("VMM_KVM_DEVICE");

	return path && *path ? path : "/dev/kvm";
}

static int check_api(int fd, const char *path, struct reason *why)
{
	static const struct {
		int cap;
		const char *name;
	} needed[] = {
		{KVM_CAP_USER_MEMORY, "USER_MEMORY"},
		{KVM_CAP_EXT_CPUID, "EXT_CPUID"},
		{KVM_CAP_VCPU_EVENTS, "VCPU_EVENTS"},
		{KVM_CAP_DEBUGREGS, "DEBUGREGS"},
		{KVM_CAP_GET_TSC_KHZ, "GET_TSC_KHZ"},
		{KVM_CAP_IMMEDIATE_EXIT, "IMMEDIATE_EXIT"},
	};
	int version = kvm_ioctl(fd, KVM_GET_API_VERSION, NULL);

	if (version < 0)
		return kvm_explain(why, version, path, NULL, 0);
	if (version != API_VERSION)
		return reason_set(why, -ENOTSUP,
				  "%s: speaks KVM API version %d, not %d: use "
				  "a kernel of Linux 2.6.22 or later",
				  path, version, API_VERSION);
	for (unsigned i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (kvm_ioctl(fd, KVM_CHECK_EXTENSION,
			      (void *)(uintptr_t)needed[i].cap) <= 0)
			return reason_set(why, -ENOTSUP,
					  "%s: lacks KVM_CAP_%s: use a kernel "
					  "of Linux 4.12 or later",
					  path, needed[i].name);
	return 0;
}

int kvm_open(struct reason *why)
{
	const char *path = kvm_device();
	struct stat st;
	int err, fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		err = -errno;
		return kvm_explain(why, err, path,
				   stat(path, &st) < 0 ? NULL : &st, geteuid());
	}
	err = check_api(fd, path, why);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int kvm_usable(struct reason *why)
{
	struct reason detail;
	int err = selftest_run(kvm_create_quietly, why);

	if (err != -ENOEXEC)
		return err;
	detail = *why;
	return reason_set(why, -ENOTSUP,
			  "%s cannot run a kernel: %.300s; use a host with "
			  "hardware virtualization",
			  kvm_device(), detail.text);
}
