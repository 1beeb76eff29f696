# vmm test --watch: again when an image is made anew, by writing or in place.
. "$(dirname "$0")/lib.sh"
[ -z "${SLOW:-}" ] || exit 77 # nothing of it depends on the processor

there() {
	[ "$(grep -c -e "$2" "$work/out")" -ge "$1" ]
}

# seen COUNT PATTERN: the pattern is there so often, sooner or later.
seen() {
	wait_until there "$@" || {
		complain "not $1 times: $2"
		cat "$work/out"
		return 1
	}
}

cp "$GUESTS/exit.elf" "$work/image.elf"
"$VMM" test --watch "$work/image.elf" -- --accel "$ACCEL" >"$work/out" 2>&1 &
pid=$!

check "the first time"
seen 1 '^ok 1 - image$' && seen 1 'waiting for a file to change'

check "another file is put in its place"
cp "$GUESTS/fail.elf" "$work/new"
mv "$work/new" "$work/image.elf"
seen 1 '^not ok 1 - image$' && seen 2 'waiting for a file to change'

check "it is written again"
cat "$GUESTS/exit.elf" >"$work/image.elf"
seen 2 '^ok 1 - image$' && seen 3 'waiting for a file to change'

check "SIGTERM ends it"
kill "$pid"
status=0
wait "$pid" || status=$?
expect_status 143

finish
