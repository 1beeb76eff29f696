# Several CPUs on sim: what a guest that uses them prints does not depend on
# their interleaving, equal seeds give equal runs, other seeds other ones.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
guest=$GUESTS/smp.elf

# run NAME ARG...: output, the lock's order and the state under NAME.
run() {
	name=$1
	shift
	boot --serial2 "file:$work/$name.order" --hash --stats "$@" "$guest"
	expect_status 0
	cp "$work/out" "$work/$name.out"
	grep -e hash -e instructions "$work/err" |
		sed 's/ in .*//' >"$work/$name.state"
	[ "$(wc -l <"$work/$name.state")" = 2 ] ||
		complain "no hash or no instruction count: $(cat "$work/err")"
}

for cpus in 1 2 4 8; do
	check "$cpus CPUs work together"
	run first --smp $cpus
	expect "$work/out" "^cpus: $cpus"
	expect "$work/out" '^end'
	expect_not "$work/out" WRONG
	for seed in 1 2 3; do
		check "$cpus CPUs, seed $seed"
		run "a$seed" --smp $cpus --smp-seed $seed
		expect_same "$work/first.out" "$work/a$seed.out"
		run again --smp $cpus --smp-seed $seed
		expect_same "$work/a$seed.state" "$work/again.state"
		expect_same "$work/a$seed.order" "$work/again.order"
	done
done

check "8 CPUs take the lock in another order with another seed"
! cmp -s "$work/a1.order" "$work/a2.order" || complain "the same order"
! cmp -s "$work/a2.order" "$work/a3.order" || complain "the same order"
! cmp -s "$work/a1.state" "$work/a2.state" || complain "the same state"

for at in 100000 612345; do
	check "4 CPUs go on from a snapshot at $at"
	run through --smp 4 --smp-seed 5 --snapshot "$work/shot@$at"
	boot --restore "$work/shot" --serial2 "file:$work/restored.order" \
		--hash --stats
	expect_status 0
	grep -e hash "$work/err" >"$work/restored.hash"
	grep -e hash "$work/through.state" >"$work/through.hash"
	expect_same "$work/through.hash" "$work/restored.hash"
	expect_same "$work/through.order" "$work/restored.order"
done
vmm boot --restore "$work/shot" --smp 2
expect_status 2

check "several CPUs are refused on KVM, and chosen for by auto"
vmm boot --accel kvm --smp 2 "$guest"
expect_status 2
expect "$work/err" 'simulator only'
vmm boot --smp 2 --timeout "${PATIENCE}s" "$guest"
expect_status 0
expect "$work/err" 'using the simulator: several processors'

finish
