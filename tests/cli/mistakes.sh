# vmm shell: what is typed wrong, and what the kernel refuses: each is said, and
# how to do better.
. "$(dirname "$0")/lib.sh"
[ -z "${SLOW:-}" ] || exit 77 # a machine for each

sh_() {
	vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$IMAGES/kernel.elf" \
		-i "$IMAGES/rinit.elf" "$@"
}

# refused STATUS COMMANDS PATTERN...: it ends so, and says each of these.
refused() {
	check "refused: $2"
	wanted=$1
	sh_ -c "$2"
	expect_status "$wanted"
	shift 2
	for pattern; do
		expect "$work/err" "$pattern"
	done
}

refused 2 'retpye task 2 249' "did you mean 'retype'"
refused 2 'set' 'expected: set TASK' 'help set'
refused 2 'set stak 249 1' "no setting 'stak'" 'stack ip'
refused 2 'set 249 stack' 'SETTING=VALUE'
refused 2 'set 249 stack=xyz' "'xyz' is no number"
refused 2 'set stack 249' 'expected: set stack TASK VALUE'
refused 2 'send raw 99999999999999999999' 'does not fit in 64 bits'
refused 2 'send much 5' 'none of raw, cap, bytes'
refused 2 'retype tsk 2 249' "did you mean 'TASK'"
refused 2 'retype task 256 249' "'256' is no slot"
refused 2 'retype task 2 5/x' "'5/x' is no slot"
refused 1 'retype task 2 250' 'SLOT_TAKEN' 'slot 250 holds TASK_BUFFER' 'free slots: 12'
refused 1 'retype task 254 249' 'WRONG_TYPE' 'slot 254 holds CHANNEL' 'needed: UNTYPED' 'would do: 1 '
refused 1 'retype task 200 249' 'EMPTY_SLOT' 'slot 200 is empty' 'would do: 1 '
refused 1 'retype task 2/5 249' 'BAD_ADDRESS'
refused 1 'retype task 2 249; set active 249 1' 'INCOMPLETE' 'ip=start'
refused 1 'retype task 2 249; set table 249 0' 'WRONG_TYPE' 'table: slot 0 holds CPOOL' 'needed: PML4' 'would do: 3 '
refused 1 'retype task 2 249 300' 'RANGE'
refused 1 'retype channel 2 249 1 99' 'RANGE'
refused 1 'start child; start child' 'SLOT_TAKEN'
refused 2 'start chlid' 'expected: start child'
refused 1 'copy 4/0 250' 'SLOT_TAKEN'
refused 1 'copy 5/0 100' 'NO_COPY' 'move'
refused 1 'mint 2 100 rights=r; mint 255 101 rights=r; send raw 5 101' 'NO_RIGHT\|NO_COPY\|RANGE'
refused 2 'mint 255 101 rights=q' 'no set of rights'
refused 2 'mint 255 101 colour=red' 'rights=... or badge'
refused 2 'delete 1 2' 'one slot at a time'
refused 1 'map 250 0x1000' 'refused'
refused 1 'take 255' 'WOULD_BLOCK'
refused 1 'take 255 10ms' 'TIMEOUT'
refused 1 'retype endpoint 2 100; call 100 1 2 wait=5ms' 'TIMEOUT'
refused 1 'retype endpoint 2 100; call 100 1 cap=3 cap=2 into=auto wait=5ms' 'TIMEOUT'
refused 2 'call 100 cap=1 cap=2 cap=3 cap=4' 'no more than three'
refused 2 'call 100 cap=x' "'x' is no slot"
refused 2 'receive 100 cap=3' 'into=SLOT'
refused 2 'tell 100 into=3' 'no number'
refused 1 'call 3' 'WRONG_TYPE'
refused 1 'wait 200 1ms' 'EMPTY_SLOT'
refused 2 'untyped_retype' 'which slot'
refused 2 'untyped_retype 2' 'needs type='
refused 2 'untyped_retype 2 typ=1' "no argument 'typ'"
refused 2 'untyped_retype 2 1 0 1 249 9' 'too many'
refused 2 'untyped_retype 2 type=1 type=2' 'given twice'
refused 2 'channel_take_entry 255 flags=later' 'no set of flags'
refused 2 'x/5q 0' 'no format'
refused 1 'dmesg 1; x 0x123456789000' 'is not mapped'
refused 2 'x 1+' 'value is missing'
refused 2 'x (1' ') is missing'
refused 2 'x 1/0' 'division by zero'
refused 2 'x 0xg' '0x needs digits'
refused 2 'x 12ab' 'digits 0 to 9'
refused 2 'step 0' 'from 1 to'
refused 2 'cont 5' 'no time like'
refused 2 'break nowhere' "'nowhere' is no number"
refused 2 'break 0 unless' 'if CONDITION'
refused 2 'break 0 if' 'if what'
refused 2 'watch rsp 8 x' 'none of w, r, rw'
refused 1 'delete break 7' 'no point 7'
refused 2 'expect "("' 'no regular expression'
refused 1 'expect never 1ms' 'was not seen' 'the last line'
refused 2 'screenshot a.gif' 'none of .png'
refused 2 'screenshot .txt' 'none of .png'
refused 1 'screenshot /nowhere/a.txt' 'nowhere'
refused 1 "restore '$work/absent'" 'absent'
refused 1 "restore '$IMAGES/rinit.elf'" 'snapshot'
refused 1 'save /nowhere/x' 'nowhere'
refused 2 'echo "open' 'quote is not closed'
refused 2 'help nonsense' "no command 'nonsense'"
refused 2 'quit 256' '0..255'
refused 2 'console' 'must be a terminal'
refused 2 's' 'several commands'
refused 1 'stop; send raw 5' 'stopped' 'cont'
refused 2 'key \q' 'escape'
if [ "$ACCEL" = sim ]; then
refused 2 'goto' 'expected: goto N'
refused 2 'goto there' "'there' is no number"
refused 1 'cont; goto 1<<50' 'the run goes from instruction 0 to' 'cont'
refused 1 'cont; back 1<<50' 'the run goes from instruction 0 to'
refused 1 'cont; rcont' 'no breakpoint or watchpoint'
refused 2 'last-write' 'expected: last-write ADDRESS'
refused 2 'last-write 0 5000' 'in one page'
refused 1 'cont; last-write 0x123456789000' 'is not mapped'
refused 1 'last-write 0' 'nobody has written to 0 since'
fi
refused 1 'source /nowhere' 'cannot be read: No such file'
refused 1 'source /etc; echo on' '/etc: cannot be read: Is a directory'
refused 1 'caps --svg /nowhere/x' '/nowhere/x: cannot be written: No such file'
refused 1 'caps --svg /dev/full' '/dev/full: cannot be written: No space'
refused 2 'chan 5' "'5' is too much" 'usage: chan$'

check "wrong options"
vmm shell
expect_status 2
vmm shell a b
expect_status 2
vmm shell /nowhere -c help
expect_status 2
vmm shell --restore /nowhere -c help
expect_status 2
vmm shell "$IMAGES/kernel.elf" -i /nowhere -c help
expect_status 2
vmm shell "$IMAGES/kernel.elf" --display term -c help
expect_status 2
vmm shell "$IMAGES/kernel.elf" --jsn
expect_status 2
expect "$work/err" "did you mean '--json'"

finish
