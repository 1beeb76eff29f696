/*
 * kvm.c: a processor that is the host's own, lent by the kernel.
 *
 * What it is made of: kvm_check.c opens the device, kvm_cpuid.c says what the
 * guest's CPU is, kvm_state.c carries its registers, kvm_run.c runs it and
 * serves its exits, kvm_kick.c brings it back. Here it is made and unmade.
 */
#include "vmm/kvm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

/*
 * Four pages under the 4 GiB line that Intel CPUs without "unrestricted
 * guest" need for real mode; no device of ours is there.
 */
#define IDENTITY_MAP_GPA UINT64_C(0xfeffc000)
#define TSS_GPA		 UINT64_C(0xfeffd000)

int kvm_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

static bool has(const struct kvm_vm *vm, int cap)
{
	return kvm_ioctl(vm->dev, KVM_CHECK_EXTENSION, (void *)(uintptr_t)cap) >
	       0;
}

/* ---- the virtual machine ---- */

static void vm_put(struct kvm_vm *vm)
{
	if (!vm || --vm->cpus > 0)
		return;
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->dev >= 0)
		close(vm->dev);
	free(vm);
}

/*
 * Memory comes before all else: with an interrupt controller or CPUs there,
 * the kernel must wait for them at each change.
 */
static int add_memory(const struct kvm_vm *vm, const struct guestmem *mem)
{
	for (unsigned i = 0; i < GUESTMEM_REGIONS; i++) {
		const struct guestmem_region *r = &mem->region[i];
		struct kvm_userspace_memory_region region = {
			.slot = i,
			.guest_phys_addr = r->base,
			.memory_size = r->len,
			.userspace_addr = (uintptr_t)r->host,
		};
		int err;

		if (!r->len)
			continue;
		err = kvm_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
		if (err < 0)
			return err;
	}
	return 0;
}

static int add_real_mode_pages(const struct kvm_vm *vm)
{
	uint64_t identity = IDENTITY_MAP_GPA;
	int err = 0;

	if (has(vm, KVM_CAP_SET_IDENTITY_MAP_ADDR))
		err = kvm_ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	if (err >= 0 && has(vm, KVM_CAP_SET_TSS_ADDR))
		err = kvm_ioctl(vm->fd, KVM_SET_TSS_ADDR,
				(void *)(uintptr_t)TSS_GPA);
	return err;
}

static int vm_create(const struct guestmem *mem, struct kvm_vm **ret,
		     struct reason *why)
{
	struct kvm_vm *vm = malloc(sizeof(*vm));
	int err;

	if (!vm)
		return kvm_explain(why, -ENOMEM, kvm_device(), NULL, 0);
	*vm = (struct kvm_vm){.dev = -1, .fd = -1, .cpus = 1};
	err = vm->dev = kvm_open(why);
	if (err < 0)
		goto out;
	err = vm->fd = kvm_ioctl(vm->dev, KVM_CREATE_VM, NULL);
	if (err >= 0)
		err = add_memory(vm, mem);
	if (err >= 0)
		err = add_real_mode_pages(vm);
	if (err < 0)
		kvm_explain(why, err, kvm_device(), NULL, 0);
out:
	if (err < 0)
		vm_put(vm);
	else
		*ret = vm;
	return err < 0 ? err : 0;
}

/* ---- the CPU ---- */

static void kvm_destroy(struct vcpu *vcpu)
{
	struct kvm_cpu *cpu = kvm_cpu(vcpu);

	if (!cpu)
		return;
	kvm_kick_fini(cpu);
	kvm_debug_fini(cpu);
	if (cpu->run)
		munmap(cpu->run, cpu->run_len);
	if (cpu->fd >= 0)
		close(cpu->fd);
	vm_put(cpu->vm);
	free(cpu);
}

static void kvm_get_stats(struct vcpu *vcpu, struct vcpu_stats *stats)
{
	*stats = kvm_cpu(vcpu)->stats;
}

static const struct vcpu_ops kvm_ops = {
	.name = "kvm",
	.destroy = kvm_destroy,
	.run = kvm_run,
	.kick = kvm_kick,
	.get_state = kvm_get_state,
	.set_state = kvm_set_state,
	.elapsed_ns = kvm_elapsed_ns,
	.get_stats = kvm_get_stats,
	.set_debug = kvm_set_debug,
	.debug_limits = kvm_debug_limits,
	.translate = kvm_translate,
	.counted_time = false,
};

static int map_run(struct kvm_cpu *cpu)
{
	int len = kvm_ioctl(cpu->vm->dev, KVM_GET_VCPU_MMAP_SIZE, NULL);
	void *run;

	if (len < 0)
		return len;
	run = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (run == MAP_FAILED)
		return -errno;
	cpu->run = run;
	cpu->run_len = len;
	return 0;
}

/* Everything after the VM: what fails here is rare, and named by errno. */
static int cpu_setup(struct kvm_cpu *cpu, struct reason *why)
{
	struct x86_state reset;
	int err;

	err = cpu->fd = kvm_ioctl(cpu->vm->fd, KVM_CREATE_VCPU,
				  (void *)(uintptr_t)cpu->vcpu.env.index);
	if (err >= 0)
		err = map_run(cpu);
	if (err >= 0)
		err = kvm_kick_setup();
	if (err >= 0)
		err = kvm_set_cpuid(cpu, why);
	if (err >= 0)
		err = kvm_ioctl(cpu->fd, KVM_GET_TSC_KHZ, NULL);
	if (err < 0)
		return err;
	cpu->tsc_khz = err;
	cpu->has_xsave = has(cpu->vm, KVM_CAP_XSAVE);
	cpu->has_xcrs = has(cpu->vm, KVM_CAP_XCRS);
	x86_state_reset(&reset);
	return kvm_set_state(&cpu->vcpu, &reset);
}

int kvm_create_quietly(const struct vcpu_env *env, struct vcpu **vcpu,
		       struct reason *why)
{
	struct kvm_cpu *cpu = calloc(1, sizeof(*cpu));
	int err;

	if (!cpu)
		return kvm_explain(why, -ENOMEM, kvm_device(), NULL, 0);
	cpu->vcpu = (struct vcpu){.ops = &kvm_ops, .env = *env};
	cpu->fd = -1;
	err = vm_create(env->mem, &cpu->vm, why);
	if (!err) {
		why->text[0] = '\0';
		err = cpu_setup(cpu, why);
		if (err && !why->text[0])
			kvm_explain(why, err, kvm_device(), NULL, 0);
	}
	if (err) {
		kvm_destroy(&cpu->vcpu);
		return err;
	}
	*vcpu = &cpu->vcpu;
	cpu->made = true;
	return 0;
}

int kvm_create(const struct vcpu_env *env, struct vcpu **vcpu)
{
	struct reason why;
	int err = kvm_create_quietly(env, vcpu, &why);

	return err ? fail(err, "kvm: %s", why.text) : 0;
}
