# rinit starts another program: a module that the loader has put beside the
# kernel. The README shows it, too.
. "$(dirname "$0")/lib.sh"

hello=$IMAGES/tests/kernel/hello.elf
[ -f "$hello" ] || exit 77

# typed TEXT: boot with two modules, type it, keep serial and screen.
typed() {
	boot "$IMAGES/kernel.elf" --init "$IMAGES/rinit.elf" \
		--module "$hello" --module "$work/none.elf" \
		--serial "file:$work/serial" --screenshot "$work/screen.txt" \
		--type "$1"
	expect_status 5
}

echo 'no ELF file' >"$work/none.elf"

check "a module runs with its arguments, and its result is seen"
typed 'start child hello.elf one "two three"\nwait child hello.elf\n'
expect "$work/serial" 'hello: argument 1 is "one"'
expect "$work/serial" 'hello: argument 2 is "two three"'
expect "$work/serial" 'hello: memory is there'
expect "$work/screen.txt" '^Child started\.$'
expect "$work/screen.txt" '^hello.elf ended: 43$'

check "who waits has to say for what"
typed 'wait child\nwait child none.elf\n'
expect "$work/screen.txt" '^wait child: expected: wait child MODULE$'
expect "$work/screen.txt" '^wait child: no child runs "none.elf"$'

check "the channel is the child's"
typed 'send raw 5\nstart child hello.elf\nwait child hello.elf\n'
expect "$work/serial" 'hello: received 5'
expect "$work/screen.txt" '^hello.elf ended: 0$'

check "one that panics leaves a backtrace of its own image"
typed 'start child hello.elf panic\nwait child hello.elf\n'
expect "$work/screen.txt" '^hello.elf has failed: see the log$'
input=$work/serial vmm symbolize "$IMAGES/rinit.elf" "$hello"
expect_status 0
expect "$work/out" '^    0x[0-9a-f]* *main .*in hello.elf$'
unset input

check "one that faults is told of when it is waited for"
typed 'start child hello.elf fault\nwait child hello.elf\necho alive\n'
expect "$work/screen.txt" '^hello.elf has failed: see the log$'
expect "$work/serial" 'fault: page fault, rip 0x[0-9a-f]*, address 0x8$'
expect "$work/screen.txt" '^alive$'

# prompt COMMANDS: the same by vmm shell.
prompt() {
	vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$IMAGES/kernel.elf" \
		--init "$IMAGES/rinit.elf" --module "$hello" \
		--module "$work/none.elf" -c "$1"
}

check "at the host's prompt"
prompt 'start child hello.elf one "two three"; tasks'
expect_status 0
expect "$work/out" 'hello: argument 2 is "two three"'
expect "$work/out" '^task#4 (hello): sending$'
expect "$work/out" '^task#4 *hello  .* <'
prompt 'send raw 5; start child hello.elf; expect "received 5"
serial "half a line"; start child hello.elf; expect "memory is there"
serial "wait child hello.elf\r"; expect "hello.elf ended: 0"'
expect_status 0

check "a call of the prompt's takes a capability, and brings it back"
prompt 'retype endpoint 2 100; send cap 100; start child hello.elf echo
call 100 label=7 5 6 cap=3 into=110; list'
expect_status 0
expect "$work/out" 'hello: a call with 1 capabilities'
expect "$work/out" '^label 7, badge 0 0x5 0x6$'
expect "$work/out" '^slot 110: PML4 '
prompt 'retype endpoint 2 100; mint 100 101 rights=rw; send cap 100
start child hello.elf echo; call 101 cap=3 into=110'
expect_status 0
expect "$work/out" 'hello: a call with 0 capabilities'
expect "$work/out" '^no capability came$'

check "what the prompt cannot start is said"
prompt 'start child other'
expect_status 1
expect "$work/err" 'no module "other"; there are: hello.elf none.elf'
prompt 'start child none.elf'
expect_status 1
expect "$work/err" 'starts no child: none.elf: it is'
prompt 'start child hello.elf; serial "wait child none.elf\r"; start child hello.elf'
expect_status 0
prompt 'start child "a\"b c"'
expect_status 2
expect "$work/err" 'takes no such character'
prompt "start child hello.elf $(printf '%0250d' 0)"
expect_status 2
expect "$work/err" 'has room for 254 characters'
prompt 'start child hello.elf fault
serial "wait child hello.elf\r"; expect "failed"; echo alive'
expect_status 0
expect "$work/out" '^alive$'

check "a command line that does not listen: rinit's own task is stopped"
prompt 'set active 253 0; start child hello.elf'
expect_status 1
expect "$work/err" "rinit's command line does not answer: the guest is idle"

check "what cannot be started is said"
typed 'start child other\nstart child none.elf\nwait child hello.elf\n'
expect "$work/screen.txt" \
	'^start child: no module "other"; there are: hello.elf none.elf$'
expect "$work/screen.txt" '^start child: none.elf: it is'
expect "$work/screen.txt" '^wait child: no child runs "hello.elf"$'
expect_not "$work/screen.txt" 'Child started'

finish
