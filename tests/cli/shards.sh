# Runs in parts, on as many machines: the parts together are green only if
# each is there, whole and of the same plan.
. "$(dirname "$0")/lib.sh"
[ -z "${SLOW:-}" ] || exit 77 # nothing of it depends on the processor

vmm test --merge "$work"
case $(cat "$work/err") in
*jansson*) exit 77 ;;
esac
results=$work/results

# part I/N [OPTION...]: of a plan of seven runs.
part() {
	part=$1
	shift
	vmm test --shard "$part" --results "$results" "$GUESTS/exit.elf" \
		"$GUESTS/say.elf" "$GUESTS/ports.elf" "$@" -- --accel "$ACCEL"
}

merge() {
	vmm test --merge "$results" --junit "$work/junit"
}

check "all parts make the whole, in its order"
for i in 1 2 3; do
	part $i/3 --repeat 3
	expect_status 0
	expect "$work/out" '^1\.\.3$'
done
merge
expect_status 0
expect "$work/out" '^1\.\.9$'
expect "$work/out" '^ok 4 - say (seed 0)$'
expect "$work/junit" 'tests="9" failures="0" errors="0"'

check "what is there is not run again, unless asked"
find "$results" -name '??*.json' -newer "$work/junit" >"$work/newer"
[ ! -s "$work/newer" ] || complain "something was written"
sleep 1
part 1/3 --repeat 3
expect_status 0
find "$results"/?? -name '*.json' -newer "$work/junit" >"$work/newer"
[ ! -s "$work/newer" ] || complain "a run was done again"
part 1/3 --repeat 3 --fresh
expect_status 0
[ "$(find "$results"/?? -name '*.json' -newer "$work/junit" | wc -l)" = 3 ] ||
	complain "--fresh did not run three"
[ -z "$(find "$results" -name '.tmp*')" ] || complain "half-written files"

check "a missing result"
one=$(find "$results"/?? -name '*.json' | head -n 1)
mv "$one" "$work/one"
merge
expect_status 1
expect "$work/out" 'its result is missing'

check "a damaged, and another's, result"
head -c 100 "$work/one" >"$one"
merge
expect_status 1
expect "$work/out" 'its result is damaged'
other=$(find "$results"/?? -name '*.json' ! -path "$one" | head -n 1)
cp "$other" "$one"
merge
expect_status 1
cp "$work/one" "$one"
merge
expect_status 0

check "a missing part"
mv "$results/shard-2-of-3.json" "$work/part"
merge
expect_status 1
expect "$work/err" 'shard 2 of 3 is missing'
expect "$work/out" '^1\.\.9$'
cp "$work/part" "$results/shard-2-of-3.json"

check "a part of another plan"
vmm test --shard 2/3 --results "$results" "$GUESTS/exit.elf" -- \
	--accel "$ACCEL"
expect_status 0
merge
expect_status 2
expect "$work/err" 'another plan'
cp "$work/part" "$results/shard-2-of-3.json"
part 1/2 --repeat 3
merge
expect_status 2
expect "$work/err" 'another plan'
rm "$results/shard-1-of-2.json"
cp "$results/shard-1-of-3.json" "$results/shard-2-of-3.json"
merge
expect_status 2
expect "$work/err" 'holds another shard'
echo '{' >"$results/shard-2-of-3.json"
merge
expect_status 2
rm -r "$results"
merge
expect_status 2

check "what is bad in a part is bad in the whole"
vmm test --results "$results" "$GUESTS/exit.elf" "$GUESTS/fail.elf" -- \
	--accel "$ACCEL"
expect_status 1
merge
expect_status 1
expect "$work/out" '^not ok 2 - fail$'

check "another image is another job"
rm -r "$results"
cp "$GUESTS/exit.elf" "$work/image.elf"
vmm test --results "$results" "$work/image.elf" -- --accel "$ACCEL"
expect_status 0
cp "$GUESTS/fail.elf" "$work/image.elf"
vmm test --results "$results" "$work/image.elf" -- --accel "$ACCEL"
expect_status 1

check "a part that was ended leaves no word that it is whole"
rm -r "$results"
vmm test --fail-fast -j 1 --results "$results" "$GUESTS/fail.elf" \
	"$GUESTS/exit.elf" -- --accel "$ACCEL"
expect_status 1
merge
expect_status 1
expect "$work/out" '^not ok 2 - exit$'
: >"$results/file"
vmm test --results "$results/file" "$GUESTS/exit.elf" -- --accel "$ACCEL"
expect_status 71

finish
