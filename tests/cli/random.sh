# Random programs (tests/guest/random64.c): the plain core and the fast one
# agree on the whole state all the way. RANDOM_SEEDS="FROM TO" and
# RANDOM_PROGRAMS for more of them; a seed that fails is said, with the
# commands that show it.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
guest=$GUESTS/random64.elf
# shellcheck disable=SC2086
set -- ${RANDOM_SEEDS:-1 3}
programs=${RANDOM_PROGRAMS:-12}

# run ENGINE SEED: the states on the way and the guest's own hash.
run() {
	boot --engine "$1" --cpu "$level" --mem 16M --hash-every 100k --hash \
		--append "$2 $programs" "$guest"
	expect_status 0
	expect "$work/out" '^end'
	{
		cat "$work/out"
		grep hash "$work/err"
	} >"$work/$1"
}

# The same of both engines, at $level.
agree() {
	check "seed $1, $level"
	run fast "$1"
	run reference "$1"
	cmp -s "$work/fast" "$work/reference" || {
		complain "the engines differ: boot --engine fast|reference" \
			"--cpu $level --mem 16M --hash-every N" \
			"--append '$1 $programs'"
		diff "$work/fast" "$work/reference" | head -n 4
	}
}

level=x86-64-v2
seed=$1
while [ "$seed" -le "$2" ]; do
	agree "$seed"
	seed=$((seed + 1))
done

check "another seed is another run"
run fast "$1"
mv "$work/fast" "$work/first"
run fast "$(($1 + 1))"
! cmp -s "$work/first" "$work/fast" || complain "the same run"

level=max
agree "$1"

finish
