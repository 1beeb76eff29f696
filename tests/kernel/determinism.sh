# The kernel's programs twice, the second time beside busy processes: the same
# output, and the same hash of the whole state on the way and at the end. What
# random calls are made is up to a seed, and to nothing else.
. "$(dirname "$0")/../cli/lib.sh"
ACCEL=sim
kernel=$IMAGES/kernel.elf
load=

trap 'stop_load; rm -rf "$work"' EXIT

start_load() {
	for i in 1 2; do
		while :; do :; done &
		load="$load $!"
	done
}

stop_load() {
	[ -z "$load" ] || kill $load 2>/dev/null
	load=
}

# run NAME PROGRAM ARG...: output and hashes go to NAME.run.
run() {
	name=$1
	program=$2
	shift 2
	boot --hash --hash-every 10000000 --mem 32M "$kernel" \
		--init "$IMAGES/tests/kernel/$program.elf" "$@"
	expect_status 0
	{
		cat "$work/out"
		grep hash "$work/err"
	} >"$work/$name.run"
	[ "$(grep -c hash "$work/$name.run")" -ge 1 ] || complain "no hash"
}

programs="restart waiting priority interrupt mutex hostile"
for program in $programs; do
	run "$program.1" "$program"
done
start_load
for program in $programs; do
	check "$program, beside a load"
	run "$program.2" "$program"
	expect_same "$work/$program.1.run" "$work/$program.2.run"
done
stop_load

check "a seed is a run"
run a hostile --append "calls=20000 seed=3"
run b hostile --append "calls=20000 seed=3"
run c hostile --append "calls=20000 seed=4"
expect_same "$work/a.run" "$work/b.run"
! cmp -s "$work/a.run" "$work/c.run" || complain "another seed, the same run"

finish
