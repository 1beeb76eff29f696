# A missing, forbidden or foreign KVM device: each its own message.
. "$(dirname "$0")/lib.sh"

device() {
	VMM_KVM_DEVICE=$1
	export VMM_KVM_DEVICE
}

check "missing: an error when asked for, one line and the simulator otherwise"
device "$work/none"
vmm boot --accel kvm "$GUESTS/exit.elf"
expect_status 71
expect "$work/err" "$work/none"
vmm boot --accel auto "$GUESTS/exit.elf"
expect_status 0
[ "$(wc -l <"$work/err")" = 1 ] || complain "not one line: $(cat "$work/err")"
expect "$work/err" 'simulator'

check "not a KVM device"
device /dev/null
vmm boot --accel kvm "$GUESTS/exit.elf"
expect_status 71
vmm boot --accel auto "$GUESTS/exit.elf"
expect_status 0

if [ "$(id -u)" != 0 ]; then
	check "forbidden"
	: >"$work/kvm"
	chmod 0 "$work/kvm"
	device "$work/kvm"
	vmm boot --accel kvm "$GUESTS/exit.elf"
	expect_status 71
	expect "$work/err" 'Permission denied'
fi

finish
