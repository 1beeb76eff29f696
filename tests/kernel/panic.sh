# What panic.elf leaves on the log: both panics, each with return addresses
# that lie in the program, the innermost first.
. "$(dirname "$0")/../cli/lib.sh"

check "a panic of the init program fails the run"
boot "$IMAGES/kernel.elf" --init "$IMAGES/tests/kernel/panic.elf"
expect_status 1
expect "$work/out" 'Userspace print: panic: in a task, with 42'
expect "$work/out" '^ok 1 - the others go on'
expect "$work/out" 'Userspace print: panic: free: 0x1000 is no block in use'
expect_not "$work/out" '^1\.\.'

check "backtraces lead through their callers"
expect "$work/out" 'Userspace print: backtrace: 0x[0-9a-f]* 0x[0-9a-f]* 0x'
[ "$(grep -c 'print: backtrace: 0x' "$work/out")" = 2 ] ||
	complain "not two backtraces"

finish
