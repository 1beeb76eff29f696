# The serial line loses nothing, floods nobody, and ends with its reader.
. "$(dirname "$0")/lib.sh"

# Minutes, where each byte is a slow exit.
million_bytes() {
	check "65,536 lines arrive byte for byte on standard output"
	boot "$GUESTS/lines.elf"
	expect_status 0
	i=0
	echo 0123456789abcdef >"$work/expected"
	while [ $i -lt 16 ]; do
		cat "$work/expected" "$work/expected" >"$work/twice"
		mv "$work/twice" "$work/expected"
		i=$((i + 1))
	done
	expect_same "$work/out" "$work/expected"

	check "and in a file"
	boot --serial "file:$work/serial" "$GUESTS/lines.elf"
	expect_status 0
	expect_same "$work/serial" "$work/expected"
	[ ! -s "$work/out" ] || complain "something on standard output"

	check "and nowhere"
	boot --serial null "$GUESTS/lines.elf"
	expect_status 0
	[ ! -s "$work/out" ] || complain "something on standard output"
}
[ -n "${SLOW:-}" ] || million_bytes

check "nothing waits for the reader of a FIFO"
for name in screen.txt screen.png; do
	mkfifo "$work/$name"
	boot --serial null --screenshot "$work/$name" "$GUESTS/exit.elf"
	expect_status 71
	expect "$work/err" "$name: cannot be written: nothing reads it"
done
mkfifo "$work/trace"
boot --trace io --trace-file "$work/trace" "$GUESTS/exit.elf"
expect_status 2
cat "$work/trace" >"$work/lines" &
exec 3>"$work/trace" # when both have it open
boot --trace io --trace-file "$work/trace" "$GUESTS/exit.elf"
exec 3>&-
wait
expect "$work/lines" 'out 0xf4'

# A socket whose other end never reads.
if command -v python3 >/dev/null; then
	check "a socket that is full does not outlast the timeout"
	timeout "$PATIENCE" python3 -c '
import socket, subprocess, sys
a, b = socket.socketpair()
sys.exit(subprocess.run(sys.argv[1:], stdout=a, stderr=subprocess.DEVNULL,
                        stdin=subprocess.DEVNULL).returncode)' \
		"$VMM" boot --accel "$ACCEL" --timeout 1s "$GUESTS/flood.elf"
	status=$?
	expect_status 124
fi

check "a flood ends with the timeout"
vmm boot --accel "$ACCEL" --timeout 300ms --serial null "$GUESTS/flood.elf"
expect_status 124

check "a reader that goes away ends the run"
{
	status=0
	"$VMM" boot --accel "$ACCEL" --timeout "${PATIENCE}s" \
		"$GUESTS/flood.elf" 2>"$work/err" || status=$?
	echo "$status" >"$work/status"
} | head -c 1000 >"$work/out"
status=$(cat "$work/status")
expect_status 71
expect "$work/err" 'Broken pipe'

check "a full device is an error"
if [ -c /dev/full ]; then
	status=0
	"$VMM" boot --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/lines.elf" \
		</dev/null >/dev/full 2>"$work/err" || status=$?
	expect_status 71
	expect "$work/err" 'No space left'
fi

check "a FIFO that nobody reads is an error, not a wait without end"
mkfifo "$work/fifo"
boot --serial "file:$work/fifo" "$GUESTS/exit.elf"
expect_status 71
expect "$work/err" 'fifo: nothing reads it'

check "what is typed into a pipe comes back"
printf 'capability' >"$work/text"
printf 'capability.' >"$work/in"
cat "$work/in" | "$VMM" boot --accel "$ACCEL" --timeout "${PATIENCE}s" \
	"$GUESTS/echo.elf" >"$work/out" 2>"$work/err" ||
	complain "exit status $?"
expect_same "$work/out" "$work/text"

check "and from a file"
input=$work/in
boot "$GUESTS/echo.elf"
expect_status 0
expect_same "$work/out" "$work/text"

check "four lines, those of COM3 and COM4 if they are asked for"
boot --serial "file:$work/1" --serial2 "file:$work/2" \
	--serial3 "file:$work/3" --serial4 "file:$work/4" "$GUESTS/coms.elf"
expect_status 0
[ "$(cat "$work/1" "$work/2" "$work/3" "$work/4")" = 1234 ] ||
	complain "each line has not its own digit"
boot --serial3 null "$GUESTS/coms.elf"
expect_status 0
boot "$GUESTS/coms.elf"
expect_status 1

check "timestamps: of the guest's clock, always the same; or of the host's"
for i in 1 2; do
	boot --timestamps virtual "$GUESTS/say.elf" --append 'one|two|three'
	expect_status 0
	cp "$work/out" "$work/stamped$i"
done
expect "$work/stamped1" '^\[ *[0-9]*\.[0-9]*\] two$'
[ "$(wc -l <"$work/stamped1")" = 2 ] || complain "not two whole lines"
[ "$ACCEL" != sim ] || expect_same "$work/stamped1" "$work/stamped2"
boot --timestamps host "$GUESTS/say.elf" --append 'one|two|'
expect "$work/out" '^\[ *[0-9]*\.[0-9]*\] two$'

check "a reader of a FIFO that never reads ends a trace, not the run"
if [ "$ACCEL" = sim ]; then
	exec 3<>"$work/trace"
	boot --trace exec --trace-file "$work/trace" --serial null \
		"$IMAGES/kernel.elf" --init "$IMAGES/rinit.elf"
	exec 3>&-
	expect_status 5
	expect "$work/err" '/trace: it could not all be written'
fi

check "tee: standard output and a file"
boot --serial "tee:$work/copy" "$GUESTS/say.elf" --append 'one|two|'
expect_status 0
printf 'one\ntwo\n' >"$work/expected"
expect_same "$work/out" "$work/expected"
expect_same "$work/copy" "$work/expected"

check "nobody at a pseudo-terminal: the guest does not wait"
if [ -z "${SLOW:-}" ] && [ -c /dev/ptmx ]; then
	boot --serial "pty:$work/line" "$GUESTS/lines.elf"
	expect_status 0
	expect "$work/err" 'bytes were lost'
	[ ! -h "$work/line" ] || complain "its link is left"

	check "the other side of it talks with the guest"
	: >"$work/in-the-way"
	vmm boot --serial "pty:$work/in-the-way" "$GUESTS/exit.elf"
	expect_status 71
	rm -f "$work/line"
	"$VMM" boot --accel "$ACCEL" --timeout "${PATIENCE}s" --serial "pty:$work/line" \
		"$GUESTS/echo.elf" 2>"$work/err" &
	pid=$!
	wait_until [ -h "$work/line" ] || complain "no link"
	# Open all the time, or an answer could find nobody there. Not by this
	# shell: a session's leader would make the line its terminal.
	(
		printf 'hello' >&3
		timeout "$PATIENCE" head -c 5 <&3 >"$work/out"
		printf '.' >&3
	) 3<>"$work/line"
	printf 'hello' >"$work/expected"
	expect_same "$work/out" "$work/expected"
	status=0
	wait "$pid" || status=$?
	expect_status 0
fi

finish
