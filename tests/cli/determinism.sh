# On sim, the same inputs give the same run: output, counts, final state.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
kernel=$IMAGES/kernel.elf

# run NAME ARG...: keeps output, hash and instruction count under NAME.
run() {
	name=$1
	shift
	boot --hash --stats "$@"
	cp "$work/out" "$work/$name.out"
	grep -i -e hash -e instructions "$work/err" |
		sed 's/ in .*//; s/,.*//' >"$work/$name.state"
	[ "$(wc -l <"$work/$name.state")" -ge 2 ] ||
		complain "no hash or no instruction count: $(cat "$work/err")"
}

check "the EVM init twice"
run a "$kernel" --init "$IMAGES/evm-init.elf"
run b "$kernel" --init "$IMAGES/evm-init.elf"
expect_same "$work/a.out" "$work/b.out"
expect_same "$work/a.state" "$work/b.state"

check "rinit with typed keys twice"
run a "$kernel" --init "$IMAGES/rinit.elf" --type 'start child\nsend raw 7\n'
run b "$kernel" --init "$IMAGES/rinit.elf" --type 'start child\nsend raw 7\n'
expect_same "$work/a.out" "$work/b.out"
expect_same "$work/a.state" "$work/b.state"

check "another key is another state"
run c "$kernel" --init "$IMAGES/rinit.elf" --type 'start child\nsend raw 8\n'
! cmp -s "$work/a.state" "$work/c.state" || complain "the same hash"

check "serial input from a file twice"
printf 'echo one\rlist\r' >"$work/in"
input=$work/in
run a "$kernel" --init "$IMAGES/rinit.elf"
run b "$kernel" --init "$IMAGES/rinit.elf"
expect_same "$work/a.out" "$work/b.out"
expect_same "$work/a.state" "$work/b.state"

finish
