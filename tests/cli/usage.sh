# Wrong words on the command line: a message, status 2, no output.
. "$(dirname "$0")/lib.sh"

refused() {
	vmm "$@"
	expect_status 2
	[ -s "$work/err" ] || complain "no message for: $*"
	[ ! -s "$work/out" ] || complain "something on standard output: $*"
}

check "wrong words are refused"
refused boot
refused gdb
refused gdb /nowhere
refused gdb --init /nowhere "$GUESTS/exit.elf"
refused version 2
refused doctor all
refused config all
refused nonsense
refused boot --nonsense "$GUESTS/exit.elf"
refused boot --accel tcg "$GUESTS/exit.elf"
refused boot --mem 0 "$GUESTS/exit.elf"
refused boot --mem 64X "$GUESTS/exit.elf"
refused boot --mem 99999999999999999999 "$GUESTS/exit.elf"
refused boot --timeout never "$GUESTS/exit.elf"
refused boot --timeout -1s "$GUESTS/exit.elf"
refused boot --serial file: "$GUESTS/exit.elf"
refused boot --display window "$GUESTS/exit.elf"
refused boot --exit-map maybe "$GUESTS/exit.elf"
refused boot "$GUESTS/exit.elf" "$GUESTS/exit.elf"
refused boot --display term --accel "$ACCEL" "$GUESTS/exit.elf"

check "a serial file that cannot be made"
vmm boot --serial "file:$work/no/such/folder" "$GUESTS/exit.elf"
[ "$status" != 0 ] || complain "it went well"
expect "$work/err" 'no/such/folder'

check "a picture that cannot be made, before the guest runs"
for place in "$work/no/such/folder.png" "$GUESTS/exit.elf/s.svg"; do
	vmm boot --screenshot "$place" "$GUESTS/say.elf" --append 'alive|'
	expect_status 71
	expect "$work/err" "^vmm: $place: cannot be written: N"
	[ ! -s "$work/out" ] || complain "the guest ran"
done
vmm shell --screenshot "$work/no/such/folder.png" "$GUESTS/say.elf" -c 'cont'
expect_status 71

check "help and version"
vmm --help
expect_status 0
expect "$work/out" 'vmm boot'
vmm boot --help
expect_status 0
expect "$work/out" '--timeout'
vmm --version
expect_status 0

check "vmm KERNEL is vmm boot KERNEL"
vmm "$GUESTS/exit.elf" --accel "$ACCEL"
expect_status 0

finish
