# A recorded run is repeated to the last bit: what was typed while it ran
# comes again at the same instruction. A file that is not whole and right, or
# of something else, is refused or used as far as it is good.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
kernel=$IMAGES/kernel.elf
log=$work/run

hash_of() {
	sed -n 's/.*state hash/state hash/p' "$work/err" >"$1"
}

# Replay $log: the output of $work/first and its state.
expect_same_run() {
	vmm replay "$log" --serial "file:$work/again" --hash --timeout "${PATIENCE}s" "$@"
	expect_status "$first"
	expect "$work/err" 'replay: the same run, to its end'
	hash_of "$work/again.hash"
	expect_same "$work/first" "$work/again"
	expect_same "$work/first.hash" "$work/again.hash"
}

# Record; standard input is what the caller pipes.
record() {
	first=0
	"$VMM" boot --accel sim --timeout "${PATIENCE}s" --record "$log" --hash \
		--serial "tee:$work/first" "$@" >"$work/out" 2>"$work/err" ||
		first=$?
	hash_of "$work/first.hash"
}

check "what a person sends while the guest runs"
(
	printf 'one '
	sleep 0.1
	printf 'two '
	sleep 0.1
	printf 'three.'
) | {
	record "$GUESTS/echo.elf"
	echo "$first" >"$work/status"
}
first=$(cat "$work/status")
[ "$first" = 0 ] || complain "exit status $first"
expect "$work/first" '^one two three'
expect_same_run

check "a file as input"
head -c 200 /dev/zero | tr '\0' x >"$work/text"
printf . >>"$work/text"
record "$GUESTS/echo.elf" <"$work/text"
expect_same_run

check "the kernel, keys typed at it, and an end that is not the guest's"
record "$kernel" --init "$IMAGES/rinit.elf" --type 'list\n' \
	--timeout-virtual 2s </dev/null
expect_same_run

check "the kernel's file is needed for its names only"
cp "$kernel" "$work/k.elf"
record "$work/k.elf" --init "$IMAGES/evm-init.elf" </dev/null
expect_same_run
echo >>"$work/k.elf"
expect_same_run
expect "$work/err" 'k.elf is not there as it was recorded'
vmm replay "$log" --kernel "$work/k.elf"
expect_status 2
expect "$work/err" 'k.elf is not the kernel that was recorded'
vmm replay "$log" --kernel "$kernel" --serial null
expect_status 0
cp "$log" "$work/whole"

check "several processors, random programs"
record --smp 4 --smp-seed 7 "$GUESTS/smp.elf" </dev/null
expect_same_run
record --cpu max --mem 16M --append '5 6' "$GUESTS/random64.elf" </dev/null
expect_same_run

check "a snapshot that goes on"
boot "$kernel" --init "$IMAGES/evm-init.elf" --snapshot "$work/snap@200k"
record --restore "$work/snap" </dev/null
expect_same_run

check "a recorder that was killed"
"$VMM" boot --accel sim --record "$log" --serial "file:$work/begun" \
	"$GUESTS/say.elf" --append '.!l' </dev/null 2>/dev/null &
pid=$!
wait_until [ -s "$work/begun" ] || complain "it does not begin"
kill -9 $pid
wait $pid 2>/dev/null
vmm replay "$log" --serial null --timeout "${PATIENCE}s"
expect_status 7
expect "$work/err" 'the same run, as far as it was recorded'
expect "$work/err" 'it was cut off'

check "cut off at any place"
size=$(wc -c <"$work/whole")
for cut in 0 3 15; do
	head -c "$cut" "$work/whole" >"$log"
	vmm replay "$log"
	expect_status 2
	expect "$work/err" 'not a recording\|truncated'
done
for cut in 100 $((size / 2)); do
	head -c "$cut" "$work/whole" >"$log"
	vmm replay "$log"
	expect_status 2
	expect "$work/err" 'truncated'
done
for less in 1 60 100; do
	head -c $((size - less)) "$work/whole" >"$log"
	vmm replay "$log" --serial null
	expect_status 7
	expect "$work/err" 'it was cut off'
done

check "damaged"
for at in 2 9 30 70 $((size / 2)) $((size - 30)); do
	cp "$work/whole" "$log"
	flip "$log" "$at"
	vmm replay "$log"
	expect_status 2
	expect "$work/err" 'damaged\|not a recording'
done

check "not a recording"
vmm replay "$kernel"
expect_status 2
expect "$work/err" 'not a recording'
vmm replay "$work/none"
expect_status 2
vmm replay
expect_status 2

check "what would change the run"
cp "$work/whole" "$log"
for option in "--type x" "--smp 2" "--mem 32M" "--append x" "--record y"; do
	# shellcheck disable=SC2086
	vmm replay "$log" $option
	expect_status 2
	expect "$work/err" "cannot be given"
done

check "only the simulator can"
vmm boot --accel kvm --record "$log" "$GUESTS/echo.elf"
expect_status 2
expect "$work/err" 'needs --accel sim'
vmm boot --accel kvm --history-mem 64M "$GUESTS/echo.elf"
expect_status 2
expect "$work/err" 'needs --accel sim'

if command -v gdb >/dev/null; then
	check "backwards in a recorded run"
	cat >"$work/gdb" <<-END
		target extended-remote | "$VMM" replay "$work/whole" --kernel "$kernel" --serial null --gdb stdio
		hbreak syscall_handle
		continue
		continue
		reverse-continue
		reverse-stepi
		monitor fork
		monitor when
	END
	timeout $PATIENCE gdb -batch -nx -ex 'set confirm off' \
		-ex 'set remotetimeout 60' -x "$work/gdb" \
		"$kernel" >"$work/out" 2>&1 </dev/null
	[ "$(grep -c 'hit Breakpoint 1, syscall_handle' "$work/out")" = 3 ] ||
		complain "not three times at the breakpoint"
	expect "$work/out" 'a recorded run has one future'
	expect "$work/out" 'before the present'
fi

# A prompt's session, recorded; its replay is the same run to that status.
expect_same_session() {
	session_status=$1
	replayed=$2
	shift 2
	vmm shell --accel sim --record "$log" --hash "$@"
	expect_status "$session_status"
	hash_of "$work/first.hash"
	vmm replay "$log" --serial null --hash --timeout "${PATIENCE}s"
	expect_status "$replayed"
	expect "$work/err" 'replay: the same run, to its end'
	hash_of "$work/again.hash"
	expect_same "$work/first.hash" "$work/again.hash"
}

check "a prompt's session, left while the guest runs"
expect_same_session 0 130 "$kernel" --init "$IMAGES/rinit.elf" \
	-c 'start child; send raw 5; cont 1ms'
expect "$work/err" 'ended by the prompt'

check "a prompt's session, in which memory is written and the guest ends"
expect_same_session 0 0 "$kernel" --init "$IMAGES/evm-init.elf" --stopped \
	-c 'break syscall_handle; cont; x rsp; delete break; cont'

check "a prompt's session, left in the past"
vmm shell --accel sim --record "$log" "$kernel" --init "$IMAGES/rinit.elf" \
	-c 'start child; send raw 5; when; back 1000'
last=$(sed -n 's/instruction \([0-9]*\), the present/\1/p' "$work/out")
vmm replay "$log" --serial null --stats
expect_status 130
expect "$work/err" 'replay: the same run, to its end'
expect "$work/err" "instructions ${last:-nothing} in"

check "a reset ends what a prompt records"
vmm shell --accel sim --record "$log" "$kernel" --init "$IMAGES/rinit.elf" \
	-c 'start child; reset; start child'
expect_status 0
expect "$work/out" "$log ends here: the machine is reset"
vmm replay "$log" --serial null
expect_status 130
expect "$work/err" 'replay: the same run, to its end'

check "with a history it is the same run"
boot --hash --append '1 4' --mem 16M "$GUESTS/random64.elf"
hash_of "$work/without"
boot --hash --append '1 4' --mem 16M --history-mem 8M "$GUESTS/random64.elf"
hash_of "$work/with"
expect_same "$work/without" "$work/with"

finish
