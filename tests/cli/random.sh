# Random programs (tests/guest/random64.c): the plain core and the fast one
# agree on the whole state all the way. RANDOM_SEEDS="FROM TO" and
# RANDOM_PROGRAMS for more of them; a seed that fails is said, with the
# commands that show it.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
guest=$GUESTS/random64.elf
programs=${RANDOM_PROGRAMS:-12}
# shellcheck disable=SC2086
set -- ${RANDOM_SEEDS:-1 3}

# run ENGINE SEED: the states on the way and the guest's own hash, on $cpus
# CPUs, whose turns follow from the seed, too.
run() {
	boot --engine "$1" --cpu "$level" --mem 16M --hash-every 100k --hash \
		--smp "$cpus" --smp-seed "$2" \
		--append "$2 $count $cpus" "$guest"
	expect_status 0
	expect "$work/out" '^end'
	{
		cat "$work/out"
		grep hash "$work/err"
	} >"$work/$1"
}

# The same of both engines, at $level.
agree() {
	check "seed $1, $level, CPUs: $cpus"
	run fast "$1"
	run reference "$1"
	cmp -s "$work/fast" "$work/reference" || {
		complain "the engines differ: boot --engine fast|reference" \
			"--cpu $level --mem 16M --hash-every N" \
			"--append '$1 $count $cpus'" \
			"--smp $cpus --smp-seed $1"
		diff "$work/fast" "$work/reference" | head -n 4
	}
}

# Two CPUs have a third of the programs each.
for cpus in 1 2; do
	count=$((programs / (2 * cpus - 1)))
	level=max
	agree "$1"
	level=x86-64-v2
	seed=$1
	while [ "$seed" -le "$2" ]; do
		agree "$seed"
		seed=$((seed + 1))
	done
done

check "another seed is another run"
run fast "$1"
mv "$work/fast" "$work/first"
run fast "$(($1 + 1))"
! cmp -s "$work/first" "$work/fast" || complain "the same run"

finish
