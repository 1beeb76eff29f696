# The README's "Talk With a Child Task", typed as keys and read from the VGA
# memory; and the same over the serial line.
. "$(dirname "$0")/lib.sh"

kernel=$IMAGES/kernel.elf
rinit=$IMAGES/rinit.elf

# typed TEXT: boot, type it on the keyboard, keep serial and screen.
typed() {
	boot "$kernel" --init "$rinit" --serial "file:$work/serial" \
		--screenshot "$work/screen.txt" --type "$1"
	# Idle at the prompt with nothing more to come.
	expect_status 5
}

check "the prompt and the two addresses"
typed ''
expect "$work/screen.txt" '^Child entry should be at: 0x88b0 (34992)$'
expect "$work/screen.txt" \
	'^Child stack pointer should be at: 0x70003ffc (1879064572)$'
expect "$work/screen.txt" '^>>>'

check "a child made by hand, word for word"
typed 'retype task 2 249\nset stack 249 1879064572\nset instruction 249 34992\nset cpool 249 0\nset table 249 3\nset buffer 249 250\nset active 249 1\nsend raw 5\n'
expect "$work/serial" '\[kernel\] Userspace print: child rinit started\.'
expect "$work/serial" '^\[kernel\] Userspace print: Received from master: 5'
expect "$work/screen.txt" 'Operation finished\.'

check "start child, and a capability"
typed 'start child\nsend raw 5\nsend cap 0\n'
expect "$work/serial" '^\[kernel\] Userspace print: Received from master: 5'
expect "$work/serial" \
	'^\[kernel\] Userspace print: Received from master: capability CPOOL'
expect "$work/screen.txt" 'Child started\.'

check "list"
typed 'list\n'
expect "$work/serial" 'CPool index 0 '
expect "$work/serial" 'CPool index 255 '

check "echo, shift and backspace"
typed 'echo Hello, Wor1\bld!\n'
expect "$work/screen.txt" '^Hello, World!$'

check "errors are named"
typed 'retype task 2 0\nretype\nset stack x y\nnonsense\n'
expect "$work/screen.txt" 'SLOT_TAKEN'
expect_not "$work/screen.txt" 'Operation finished'

check "the same over the serial line"
printf 'start child\rsend raw 5\rsend cap 0\recho over serial\recho caf\303\251\r' >"$work/in"
input=$work/in
boot "$kernel" --init "$rinit"
expect_status 5
expect "$work/out" '\[kernel\] Userspace print: Received from master: 5'
expect "$work/out" 'Received from master: capability CPOOL'
expect "$work/out" '^over serial'
expect "$work/out" '^caf' # what is no ASCII is not taken
expect_not "$work/out" '^caf[^[:cntrl:]]'

finish
