# A machine kept in a file and restored goes on as the run it was kept from:
# the same output from there on, the same count, the same final state.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
kernel=$IMAGES/kernel.elf
snap=$work/snap

# Leaves the run's serial output in $work/all and its state in $work/state.
run_through() {
	boot --serial "file:$work/all" --hash --stats "$@"
	whole=$status
	state_to "$work/state"
}

state_to() {
	sed -n 's/^vmm: instructions \([0-9]*\) in.*/\1/p; /hash/p' \
		"$work/err" >"$1"
	[ "$(wc -l <"$1")" = 2 ] || complain "no hash or count"
}

# at COUNT ARG...: keep at COUNT, go on here and from the file.
at() {
	count=$1
	shift
	what="$name at $count"
	rm -f "$snap"
	boot --serial "file:$work/here" --hash --stats \
		--snapshot "$snap@$count" "$@"
	expect_status "$whole"
	state_to "$work/here.state"
	expect_same "$work/all" "$work/here"
	expect_same "$work/state" "$work/here.state"

	boot --serial "file:$work/tail" --hash --stats --restore "$snap"
	expect_status "$whole"
	state_to "$work/tail.state"
	expect_same "$work/state" "$work/tail.state"
	tail -c "$(wc -c <"$work/tail")" "$work/all" >"$work/end"
	expect_same "$work/end" "$work/tail"
}

name="the EVM init"
run_through "$kernel" --init "$IMAGES/evm-init.elf"
expect_status 0
last=$(sed -n 1p "$work/state")
# 0: nothing done yet; 11: inside a REP; the last but one: all but the end.
for count in 0 1 11 12345 77777 100000 123456 180001 $((last - 1)); do
	at "$count" "$kernel" --init "$IMAGES/evm-init.elf"
done
[ -s "$work/tail" ] && complain "the last instruction prints nothing"

# The idle loop is STI, HLT; nowhere else is interrupt state so thin: after
# the STI in its shadow, after the HLT halted, typed keys still to come.
name="rinit with keys"
text='start child\nsend raw 5\nsend cap 0\nlist\n'
run_through "$kernel" --init "$IMAGES/rinit.elf" --type "$text"
last=$(sed -n 1p "$work/state")
check "find where it idles"
vmm boot "$kernel" --init "$IMAGES/rinit.elf" --type "$text" --serial null \
	--trace exec
halts=$(sed -n 's/^\([0-9]*\) exec .*: f4\(  hlt\)\{0,1\}$/\1/p' "$work/err")
some=$(echo "$halts" | sed -n '2p; 20p')
[ -n "$some" ] || complain "it never halts"
for count in $some; do
	at "$count" "$kernel" --init "$IMAGES/rinit.elf" --type "$text"
	at $((count + 1)) "$kernel" --init "$IMAGES/rinit.elf" --type "$text"
done
for count in 9 100000 200000 250000 "$last"; do
	at "$count" "$kernel" --init "$IMAGES/rinit.elf" --type "$text"
done

check "keys given later come after those that wait"
boot "$kernel" --init "$IMAGES/rinit.elf" --type 'echo o' --serial null \
	--snapshot "$snap@1000"
boot --restore "$snap" --type 'ne\n' --serial null \
	--screenshot "$work/screen.txt"
expect "$work/screen.txt" '^>>> *echo one'

check "a snapshot of a restored machine"
boot "$kernel" --init "$IMAGES/evm-init.elf" --snapshot "$work/a@150k"
boot "$kernel" --init "$IMAGES/evm-init.elf" --snapshot "$work/b@50k"
boot --restore "$work/b" --snapshot "$work/c@150k"
expect_same "$work/a" "$work/c"

check "the reference core goes on as well"
boot --restore "$work/b" --engine reference --hash
expect_status 0

check "what is not reached is said, and is no success"
boot "$kernel" --init "$IMAGES/evm-init.elf" --snapshot "$work/never@1G"
expect_status 71
expect "$work/err" 'never: not written: the run ended after [0-9]* inst'
[ ! -e "$work/never" ] || complain "written all the same"

# A snapshot of no use ends with status 2 and a line that says why.
refused() {
	vmm boot --accel sim --restore "$snap"
	expect_status 2
	expect "$work/err" "^vmm: snapshot: $snap: $1"
	[ "$(wc -l <"$work/err")" = 1 ] || complain "more than one line"
}

check "files that are refused"
size=$(wc -c <"$work/a")
head -c $((size - 1)) "$work/a" >"$snap"
refused "truncated: $((size - 1)) of $size bytes"
head -c 20 "$work/a" >"$snap"
refused truncated
: >"$snap"
refused 'not a snapshot'
cp "$kernel" "$snap"
refused 'not a snapshot'
cp "$work/a" "$snap"
flip "$snap" 5000
refused damaged
{ cat "$work/a"; printf X; } >"$snap"
refused damaged
{ head -c 8 "$work/a"; printf '\002'; tail -c +10 "$work/a"; } >"$snap"
refused 'format 2'
rm "$snap"
refused 'cannot read'
mkdir "$snap"
refused 'not a file'
rmdir "$snap"

check "options that contradict it"
vmm boot --restore "$work/a" --mem 32M
expect_status 2
expect "$work/err" 'has 64 MiB'
vmm boot --restore "$work/a" --append x
expect_status 2

check "a place that cannot be written leaves what was there"
echo precious >"$work/no"
ln -s /nowhere/at/all "$work/link"
boot "$kernel" --init "$IMAGES/evm-init.elf" --snapshot "$work/none/x@5"
expect_status 71
expect "$work/err" 'none/x: cannot write'
boot "$kernel" --init "$IMAGES/evm-init.elf" --snapshot "$work@5"
expect_status 71
expect "$work/err" 'is there and is not a file'
for left in "$snap".* "$work"/[abc].*; do
	[ ! -e "$left" ] || complain "left over: $left"
done

finish
