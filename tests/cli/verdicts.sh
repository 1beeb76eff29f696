# Every way a run ends has its own exit status and says why in one line.
. "$(dirname "$0")/lib.sh"

check "success through port f4h"
boot "$GUESTS/exit.elf"
expect_status 0

check "failure through port f4h"
boot "$GUESTS/fail.elf"
expect_status 1

check "an exit value without a meaning; the first write counts"
boot "$GUESTS/odd-exit.elf"
expect_status 6
expect "$work/err" '0x77'

check "QEMU's exit codes: (value << 1) | 1"
boot --exit-map=qemu "$GUESTS/exit.elf"
expect_status 33
boot --exit-map=qemu "$GUESTS/fail.elf"
expect_status 35
boot --exit-map=qemu "$GUESTS/odd-exit.elf"
expect_status 239

check "a triple fault"
boot "$GUESTS/triple.elf"
expect_status 4
expect "$work/err" 'triple fault'

check "halted with interrupts off"
boot "$GUESTS/cli-hlt.elf"
expect_status 5
expect "$work/err" 'interrupts off'

check "a hang is ended by --timeout"
vmm boot --accel "$ACCEL" --timeout 300ms "$GUESTS/hang.elf"
expect_status 124
expect "$work/err" 'timeout'

check "a bound of centuries is none"
vmm boot --accel "$ACCEL" --timeout 18446744073s "$GUESTS/exit.elf"
expect_status 0

finish
