# A run confines itself before the guest's first instruction.
. "$(dirname "$0")/lib.sh"

vmm --version
grep -q '+sandbox' "$work/out" || exit 77

# While a guest hangs, what the kernel says of its process.
look() {
	"$VMM" boot --accel "$ACCEL" --timeout "${PATIENCE}s" --serial "file:$work/serial" \
		"$@" "$GUESTS/say.elf" --append '.!l' 7<"$0" 2>/dev/null &
	pid=$!
	wait_until [ -s "$work/serial" ] || complain "nothing came"
	cat "/proc/$pid/status" >"$work/out"
	ls -l "/proc/$pid/fd" >"$work/fds"
	kill "$pid"
	wait "$pid"
	rm -f "$work/serial"
}

check "no new privileges, a filter, and nothing inherited"
look
expect "$work/out" '^NoNewPrivs:	1$'
expect "$work/out" '^Seccomp:	2$'
expect_not "$work/fds" 'sandbox.sh'

check "--no-sandbox"
look --no-sandbox
expect "$work/out" '^Seccomp:	0$'

check "what is written at the end is written"
boot "$GUESTS/exit.elf" --screenshot "$work/s.txt"
expect_status 0
[ -e "$work/s.txt" ] || complain "no screenshot"
boot "$GUESTS/cli-hlt.elf"
expect_status 5
expect "$work/err" '<_start+0x'

finish
