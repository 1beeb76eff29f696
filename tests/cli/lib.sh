# lib.sh: what the whole-machine tests share. POSIX sh, and of tools only what
# busybox has: these tests also run inside small virtual machines.
#
# The environment says what to test:
#	VMM	the monitor
#	IMAGES	a folder with kernel.elf, rinit.elf, evm-init.elf
#	GUESTS	a folder with the programs of tests/guest
#	ACCEL	kvm or sim
#	SLOW	when set, what takes minutes on a slow host is left out

set -u
: "${VMM:?}" "${IMAGES:?}" "${GUESTS:?}" "${ACCEL:=sim}"

# The person's own configuration is none of the tests' business.
for name in $(env | sed -n 's/^\(VMM_\(BOOT\|SHELL\|TEST\|GDB\)_[A-Z_]*\)=.*/\1/p'); do
	unset "$name"
done
VMM_CONFIG=
export VMM_CONFIG

# The host's time that a run may take, and a step of a test: much, since others
# may be at work, and only what is broken takes it.
PATIENCE=300

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

failures=0
what=

# Begin a check: what is shown.
check() {
	what=$*
	echo "# $what"
}

complain() {
	echo "FAILED: $what: $*"
	failures=$((failures + 1))
}

# Run the monitor; leaves $status, $work/out and $work/err. $input, when set,
# is the file standard input comes from.
vmm() {
	status=0
	"$VMM" "$@" <"${input:-/dev/null}" >"$work/out" 2>"$work/err" ||
		status=$?
}

# `vmm boot` with the processor under test and a bound on its time.
boot() {
	vmm boot --accel "$ACCEL" --timeout "${BOOT_TIMEOUT:-${PATIENCE}s}" "$@"
}

expect_status() {
	[ "$status" = "$1" ] || {
		complain "exit status $status, not $1"
		sed 's/^/	err: /' "$work/err"
		tail -n 5 "$work/out" | sed 's/^/	out: /'
	}
}

# expect FILE PATTERN: some line of the file matches.
expect() {
	grep -q -e "$2" "$1" || {
		complain "no \`$2' in $(basename "$1")"
		head -n 40 "$1" | sed 's/^/	/'
	}
}

expect_not() {
	! grep -q -e "$2" "$1" || complain "\`$2' in $(basename "$1")"
}

expect_same() {
	cmp -s "$1" "$2" || {
		complain "$(basename "$1") and $(basename "$2") differ"
		diff "$1" "$2" | head -n 10 | sed 's/^/	/'
	}
}

# wait_until COMMAND...: until it succeeds, or patience ends.
wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt $((PATIENCE * 20)) ] || return 1
		sleep 0.05
	done
}

# flip FILE AT: all bits of one byte, whatever stands there.
flip() {
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((byte ^ 255)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# The last line of a test.
finish() {
	[ "$failures" = 0 ] || exit 1
	exit 0
}
