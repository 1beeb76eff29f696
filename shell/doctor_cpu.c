/* doctor_cpu.c: the processor, KVM, and a guest on each. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "shell/doctor.h"
#include "vmm/kvm.h"
#include "vmm/loop.h"
#include "vmm/selftest.h"
#include "vmm/sim/sim.h"

/* Is `word` one of the words in `text`? */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || at[-1] == ' ') &&
		    (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static void advise_virtualization(struct finding *f, const char *flags)
{
	char vendor[64];
	bool amd;

	doctor_read("/proc/cpuinfo", "vendor_id", vendor, sizeof(vendor));
	amd = strstr(vendor, "AMD") || strstr(vendor, "Hygon");
	if (has_word(flags, "hypervisor"))
		found_fix(f,
			  "this is a virtual machine: on its host set "
			  "kvm_%s's parameter nested=1 and give the machine "
			  "the host's CPU model; or take a machine of the "
			  "provider's kind with nested virtualization",
			  amd ? "amd" : "intel");
	else
		found_fix(f, "switch %s on in the firmware's set-up",
			  amd ? "SVM (AMD-V)" : "VT-x");
}

void doctor_processor(struct finding *f)
{
	char flags[4096], model[100];
	struct utsname name;

	if (uname(&name) == 0 && strcmp(name.machine, "x86_64")) {
		found(f, HEALTH_WARN,
		      "%s: guests run on the simulator, KVM needs x86-64",
		      name.machine);
		return;
	}
	doctor_read("/proc/cpuinfo", "flags", flags, sizeof(flags));
	if (!doctor_read("/proc/cpuinfo", "model name", model, sizeof(model)))
		snprintf(model, sizeof(model), "unknown model");
	if (has_word(flags, "vmx") || has_word(flags, "svm")) {
		found(f, HEALTH_PASS, "%s, with %s", model,
		      has_word(flags, "vmx") ? "VT-x" : "AMD-V");
		return;
	}
	found(f, HEALTH_WARN, "%s, without hardware virtualization", model);
	advise_virtualization(f, flags);
}

/* A reason is "what: why; what to do". */
static void found_reason(struct finding *f, enum health health,
			 const struct reason *why)
{
	const char *fix = strrchr(why->text, ';');
	size_t len = fix ? (size_t)(fix - why->text) : strlen(why->text);

	found(f, health, "%.*s", (int)len, why->text);
	if (fix)
		found_fix(f, "%s", fix + 1 + strspn(fix + 1, " "));
}

void doctor_kvm_device(struct finding *f)
{
	struct reason why;
	int fd = kvm_open(&why);

	if (fd < 0) {
		found_reason(f, HEALTH_WARN, &why);
		return;
	}
	found(f, HEALTH_PASS,
	      "%s can be opened, and has what vmm needs (API version 12)",
	      kvm_device());
	close(fd);
}

/* The self-test, with its time in microseconds. */
static int timed(selftest_create_fn *create, struct reason *why,
		 unsigned long *us)
{
	uint64_t start = loop_now_ns();
	int err = selftest_run(create, why);

	*us = (loop_now_ns() - start) / 1000;
	return err;
}

void doctor_kvm(struct finding *f)
{
	uint64_t start = loop_now_ns();
	struct reason why = {""};
	int err = kvm_usable(&why);
	double ms = (loop_now_ns() - start) / 1e6;

	if (err == 0 && kvm_debug_usable(&why)) {
		found_reason(f, HEALTH_WARN, &why);
		return;
	}
	if (err == 0) {
		found(f, HEALTH_PASS,
		      "runs a kernel: the test guest took "
		      "%.1f ms; reports what gdb needs",
		      ms);
		return;
	}
	found_reason(f, HEALTH_WARN, &why);
	if (!*f->fix)
		found_fix(f, "guests run on the simulator instead");
}

static int create_sim(const struct vcpu_env *env, struct vcpu **vcpu,
		      struct reason *why)
{
	int err = sim_create(env, vcpu);

	return err ? reason_set(why, err, "the simulator cannot be made") : 0;
}

void doctor_sim(struct finding *f)
{
	struct reason why = {""};
	unsigned long us;
	int err = timed(create_sim, &why, &us);

	if (err == -ENOTSUP) {
		found_reason(f, HEALTH_WARN, &why);
		return;
	}
	if (err == 0) {
		found(f, HEALTH_PASS,
		      "runs a kernel: the test guest took %.1f ms", us / 1e3);
		return;
	}
	found(f, HEALTH_FAIL, "%s", why.text);
	found_fix(f, "this is a defect of vmm: please report it, with the "
		     "output of vmm doctor --json");
}
