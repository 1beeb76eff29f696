# vmm shell by scripts: what commands do and print, and how a script ends. What
# mistakes say is in mistakes.sh, the prompt itself in shell.py.
. "$(dirname "$0")/lib.sh"

# sh ARG...: rinit's machine and a prompt.
sh_() {
	vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$IMAGES/kernel.elf" \
		-i "$IMAGES/rinit.elf" "$@"
}

check "the walk-through, word for word as in Rux's README"
sh_ -c 'retype task 2 249
set stack 249 1879064572
set instruction 249 34992
set cpool 249 0
set table 249 3
set buffer 249 250
set active 249 1
send raw 5
send cap 0'
expect_status 0
expect "$work/out" 'Userspace print: child rinit started\.'
expect "$work/out" 'Received from master: 5'
expect "$work/out" 'Received from master: capability CPOOL'
expect "$work/out" '^slot 249: TASK task#'

check "the same in one line, with symbols and names"
sh_ -c 'retype task 2 249; set 249 stack=0x70003ffc ip=start cpool=0 table=3 buffer=250 active=1; send raw 2+3'
expect_status 0
expect "$work/out" 'Received from master: 5'

check "start child; expect what it says"
sh_ -c 'start child; send raw 7; expect "master: [0-9]+" 1s; send bytes "ab\n"; expect "3 bytes"'
expect_status 0

check "a child in another slot"
sh_ -c 'start child --slot auto; task_info 12'
expect_status 0
expect "$work/out" '^slot 12: TASK'
expect "$work/out" '^number: '

check "copies, minted and moved, and all of it gone again"
sh_ -c 'retype endpoint 2 100; mint 100 101 rights=rw badge=77; copy 100 102; move 102 103; list; revoke 100; list'
expect_status 0
expect "$work/out" '^101 .*ENDPOINT .*rw---.*badge 4d'
expect "$work/out" '^103 .*ENDPOINT'
[ "$(grep -c '^10[013] ' "$work/out")" = 4 ] || complain "what is left is wrong"

check "notifications"
sh_ -c 'retype notification 2 100; signal 100 5; wait 100'
expect_status 0
expect "$work/out" '^bits 0x5$'

check "channels"
sh_ -c 'retype channel 2 100 1 2; send raw 9 100; take 100; send cap 3 100; take 100 101'
expect_status 0
expect "$work/out" '^9 (0x9)$'
expect "$work/out" '^slot 101: PML4'

check "memory: a frame is mapped, seen by its address, and unmapped"
sh_ -c 'retype raw_page 2 100; map 100 0x90005000 rw; unmap 100; delete 100'
expect_status 0
expect "$work/out" '^slot 100: RAW_PAGE .*at 90005000'
expect "$work/out" '^slot 100: empty'

check "registers of a task through the kernel"
sh_ -c 'retype task 2 100; set 100 ip=0x1234 stack=0x2000; task_get_registers 100'
expect_status 0
expect "$work/out" 'rip     0000000000001234'

check "each call of the table has its help"
sh_ -c 'help calls'
expect_status 0
[ "$(grep -c '^  [a-z_]* *[A-Z]' "$work/out")" = 43 ] ||
	complain "not 43 calls"

check "answers alone"
sh_ -q -c 'start child; send raw 5; expect "master: 5"; task_info 249; dmesg 1'
expect_status 0
[ "$(head -n 1 "$work/out")" = "$(grep '^slot 249' "$work/out")" ] ||
	complain "the guest is heard"
expect "$work/out" '^state: 3 (waiting to take'
expect "$work/out" 'Received from master: 5'

check "values"
while read -r value expression; do
	echo "print $expression"
	echo "$value" >&3
done >"$work/script" 3>"$work/wanted" <<'END'
7 1+2*3
9 (1+2)*3
18446744073709551615 -1
0 !5
240 ~15 & 0xff
1 1<2 && 3!=4
0 1>2 || 2==3
256 1 << 8
0 1 << 64
5 17 % 12
4096 0x1000
10 1_0
3 7 & 3 | 0
1 5-3-1
END
sh_ --stopped -f "$work/script"
expect_status 0
sed 's/ .*//' "$work/out" >"$work/values"
expect_same "$work/wanted" "$work/values"
sh_ --stopped -c 'print syscall_handle'
expect "$work/out" ' 0xffffffff8.* <syscall_handle+0>'

# What counts instructions, or is to the bit.
if [ "$ACCEL" = sim ]; then
check "breakpoints, steps and memory, before the kernel's first instruction"
sh_ --stopped -c 'regs; break syscall_handle; cont; x/2gx rsp; step 3; bt; delete break; until syscall_handle; break'
expect_status 0
expect "$work/out" '^stopped: breakpoint 1, at .*<syscall_handle+0>'
expect "$work/out" '^stopped: at .*<syscall_handle+0x'
expect "$work/out" '^#0 .*<syscall_handle+.*syscall.c:'
expect "$work/out" 'no points are set'

check "a condition, and a watchpoint"
sh_ -c 'break syscall_handle if *(rdi)>=0 && rsi>=0; cont; until rip!=syscall_handle; watch rsp-8; cont'
expect_status 0
expect "$work/out" '^stopped: watchpoint 2, '

check "a machine kept, changed and brought back"
sh_ -c "save '$work/kept'; start child; restore '$work/kept'; start child; send raw 3; expect 'master: 3'"
expect_status 0

check "back to the last point, and to the present as it was left"
sh_ -c 'start child; send raw 5; break syscall_handle; rcont; rcont; present; delete break; when; back; when'
expect_status 0
[ "$(grep -c '^stopped: breakpoint 1, at .*<syscall_handle+0>$' "$work/out")" = 2 ] ||
	complain "not twice at the breakpoint"
present=$(sed -n 's/^instruction \([0-9]*\), the present$/\1/p' "$work/out" | tail -n 1)
expect "$work/out" "^instruction $((present - 1)), 1 before the present\$"
sh_ -c 'start child; break 0; rcont'
expect_status 0
expect "$work/out" '^instruction 0, where the run begins'

check "what wrote there is found, and seen to be so"
sh_ --json -c 'cont; watch rsp-8; last-write rsp-8; rcont; x rsp-8; step; x rsp-8'
expect_status 0
wrote=$(sed -n 's/.*"cmd":"last-write".*"instruction":\([0-9]*\),"cpu":0.*/\1/p' "$work/out")
expect "$work/out" "\"cmd\":\"rcont\",\"ok\":true.*\"instruction\":$wrote,"

check "another future: what came after is forgotten, a panic too"
sh_ --panic-regex 'master: 5' -c 'start child; when'
before=$(sed -n 's/^instruction \([0-9]*\), .*/\1/p' "$work/out")
sh_ --panic-regex 'master: 5' -c 'start child; send raw 5; cont 100ms'
expect_status 3
sh_ --panic-regex 'master: 5' -c "start child; send raw 5; cont; goto $before; fork; when; cont; send raw 6; cont 100ms"
expect_status 0
expect "$work/out" "^instruction $before, the present"
expect "$work/out" 'master: 6'

check "the past is fixed, and a run goes on from it"
sh_ -c 'start child; back 5000; start child'
expect_status 1
expect "$work/err" 'stopped: at'
sh_ -c 'start child; goto 1000; cont; send raw 5; expect "master: 5"'
expect_status 0
vmm shell --accel sim --timeout "${PATIENCE}s" "$GUESTS/triple.elf" -c 'cont; back; present; regs'
expect_status 4
[ "$(grep -c '^the guest has ended: triple' "$work/out")" = 2 ] ||
	complain "its end is not told again"

check "where a capability came from, by the calls that made it"
sh_ --trace caps --trace-file "$work/trace" -c 'start child; why 249'
expect_status 0
expect "$work/out" '249'
fi

if [ "$ACCEL" != sim ]; then
	check "a processor whose runs cannot be repeated"
	for word in when 'goto 1' back present fork rcont 'last-write 0'; do
		sh_ -c "$word"
		expect_status 1
		expect "$work/err" 'use --accel sim'
	done
fi

check "keys and the screen"
sh_ -c 'key "list\n"; expect "CPool index 255"; key "echo Hi\n"; screen'
expect_status 0
expect "$work/out" '^Hi$'

check "the serial line"
sh_ -c 'serial "echo there\r"; expect "^there"; dmesg 2'
expect_status 0

check "reset boots again"
sh_ -c 'start child; reset; start child; send raw 4; expect "master: 4"'
expect_status 0

check "the same script, the same run"
sh_ -c 'start child; send raw 5; send cap 2; clock'
cp "$work/out" "$work/first"
sh_ -c 'start child; send raw 5; send cap 2; clock'
[ "$ACCEL" != sim ] || expect_same "$work/first" "$work/out"

check "what vmm boot does at the end"
sh_ --hash --stats --screenshot "$work/end.txt" -c 'start child'
expect_status 0
expect "$work/err" 'state hash'
expect "$work/err" 'guest time'
expect "$work/end.txt" 'Child entry'

check "pictures"
sh_ -c "screenshot '$work/s.txt'; caps --svg '$work/a caps.svg'"
expect_status 0
expect "$work/s.txt" '^Child entry should be at'
expect "$work/a caps.svg" '<svg'

check "JSON: an object a line"
sh_ --json -c 'list; tasks; regs; start child; send raw 5; retype task 2 249'
expect_status 1
expect "$work/out" '^{"event":"serial","line":".*Received from master: 5"}$'
expect "$work/out" '^{"cmd":"start","ok":true,"slot":"249","type":"TASK"'
expect "$work/out" '"ok":false.*"code":"SLOT_TAKEN"'
[ -s "$work/err" ] && complain "something on standard error"
! command -v python3 >/dev/null || python3 -c '
import json, sys
for line in open(sys.argv[1]):
    json.loads(line)' "$work/out" || complain "no JSON"

check "a file of commands; the line that failed"
printf '# a comment\nstart child\n\nsend raw 5 # and more\nretype task 2 249\necho never\n' >"$work/script"
sh_ -f "$work/script"
expect_status 1
expect "$work/err" "^$work/script:5: .*SLOT_TAKEN"
expect_not "$work/out" never

check "standard input"
printf 'echo one\nnonsense\necho two\n' >"$work/in"
input=$work/in
sh_
input=
expect_status 2
expect "$work/out" '^one$'
expect_not "$work/out" '^two$'
expect "$work/err" '^<stdin>:2:1: no command'

check "quit's status, and several scripts"
sh_ -c 'echo a' -c 'quit 9' -c 'echo b'
expect_status 9
expect_not "$work/out" '^b$'

check "a source in a source, and one without end"
printf 'echo inner\n' >"$work/inner"
printf 'source "%s"\n' "$work/loop" >"$work/loop"
sh_ -c "source '$work/inner'"
expect_status 0
expect "$work/out" '^inner$'
sh_ -c "source '$work/loop'"
expect_status 1
expect "$work/err" 'nested too deeply'

check "the guest's verdict is the status"
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/fail.elf" -c 'cont'
expect_status 1
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/exit.elf" -c 'cont'
expect_status 0
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/triple.elf" -c 'cont; regs'
expect_status 4
expect "$work/out" '^rip '

check "a guest that can never go on"
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/cli-hlt.elf" -c 'cont; regs; bt'
expect_status 5
expect "$work/out" 'halted with interrupts off'
expect "$work/out" '^rip .*halted'
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/cli-hlt.elf" -c 'cont; step'
expect_status 1
expect "$work/err" 'reset'
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/cli-hlt.elf" -c 'cont; reset; quit 0'
expect_status 0

check "a kernel that is not ours: looking says so, the machine works"
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/echo.elf" -c 'list'
expect_status 1
expect "$work/err" 'objects cannot be read'
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/echo.elf" -c 'regs; dis; screen; serial "x"; dmesg'
expect_status 0
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/echo.elf" -c 'start child'
expect_status 1
expect "$work/err" 'nobody in the guest serves the debug link'

check "a guest that hangs: all but acting works"
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/hang.elf" -c 'cont 10ms; regs; dis; dmesg; screen'
expect_status 0
vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$GUESTS/hang.elf" -c 'cont 1ms; send raw 5'
expect_status 1
expect "$work/err" 'stopped'

check "wedged: rinit is stopped, and answers no more; looking goes on"
sh_ -c 'set active 245/16 0; list'
expect_status 1
expect "$work/err" 'does not answer\|refused'

check "each command is in the documentation"
docs=$(dirname "$0")/../../docs/shell.md
if [ -f "$docs" ]; then
	sh_ --stopped -c 'help'
	for name in $(sed -n 's/^  \([a-z]*\)[ /].*/\1/p' "$work/out"); do
		expect "$docs" "\b$name\b"
	done
fi

finish
