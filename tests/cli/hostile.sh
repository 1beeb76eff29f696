# Guests that mean ill to the devices: every run ends, with a verdict.
. "$(dirname "$0")/lib.sh"

# A device access costs microseconds on a slow host's KVM.
devices() {
	check "every port is read and written, in every size"
	boot --serial null "$GUESTS/ports.elf"
	expect_status 0

	check "device registers are, in every size and across edges"
	boot "$GUESTS/mmio.elf"
	expect_status 0
}
[ -n "${SLOW:-}" ] || devices

check "code that rewrites itself, at every alignment"
boot "$GUESTS/patch.elf"
expect_status 0

check "a storm of interrupts ends with the timeout"
vmm boot --accel "$ACCEL" --timeout 300ms "$GUESTS/storm.elf"
expect_status 124

finish
