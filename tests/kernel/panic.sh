# What panic.elf leaves on the log: both panics, each with a token, and what
# `vmm symbolize` makes of that.
. "$(dirname "$0")/../cli/lib.sh"

check "a panic of the init program fails the run"
boot "$IMAGES/kernel.elf" --init "$IMAGES/tests/kernel/panic.elf"
expect_status 1
expect "$work/out" 'Userspace print: panic: in a task, with 42'
expect "$work/out" '^ok 1 - the others go on'
expect "$work/out" 'Userspace print: panic: free: 0x1000 is no block in use'
expect_not "$work/out" '^1\.\.'

token='backtrace: 1:[0-9a-f]\{8\}:[0-9a-f]*\([-+][0-9a-f]*\)*:[0-9a-f]\{8\}'
[ "$(grep -c "print: $token" "$work/out")" = 2 ] || complain "not two backtraces"

panic=$IMAGES/tests/kernel/panic.elf
cp "$work/out" "$work/log"

# symbolized FILE [ELF...]: `vmm symbolize` on a log.
symbolized() {
	input=$1
	shift
	vmm symbolize "$@"
}

check "the text goes through as it is"
symbolized "$work/log" "$IMAGES/kernel.elf" "$panic"
expect_status 0
grep -v '^    ' "$work/out" >"$work/rest"
expect_same "$work/log" "$work/rest"

check "functions, lines and what was inlined"
if ldd "$VMM" 2>/dev/null | grep -q libdw; then
	expect "$work/out" '^    0x[0-9a-f]* *deep at .*tests/kernel/panic.c:[0-9]* in panic.elf$'
	expect "$work/out" '^      inlined into middle at .*tests/kernel/panic.c:[0-9]*$'
	expect "$work/out" '^    0x[0-9a-f]* *begin at .*tests/kernel/panic.c:[0-9]* in panic.elf$'
	expect "$work/out" '^    0x[0-9a-f]* *_start at .*crt0.S:[0-9]* in panic.elf$'
	line=$(sed -n 's/.* deep at .*panic.c:\([0-9]*\) .*/\1/p' "$work/out")
	source=$(dirname "$0")/panic.c
	[ ! -f "$source" ] || sed -n "${line}p" "$source" | grep -q rt_panic ||
		complain "line $line of panic.c is another"
else
	expect "$work/out" '^    0x[0-9a-f]* *middle in panic.elf$'
fi

check "another build is named"
symbolized "$work/log" "$IMAGES/rinit.elf"
expect_status 1
expect "$work/out" '^    (this backtrace is of another build: its image has build ID [0-9a-f]\{8\})$'
expect "$work/out" 'rinit.elf has build ID [0-9a-f]\{8\})$'
expect_not "$work/out" 'deep'

check "a damaged token is not believed"
sed "s/\(backtrace: 1:........:\)/\1f/" "$work/log" >"$work/damaged"
symbolized "$work/damaged" "$panic"
expect_status 1
expect "$work/out" '^    (this backtrace token is damaged'
expect_not "$work/out" 'deep'
echo 'backtrace: 2:00000000:0:00000000' >"$work/later"
symbolized "$work/later" "$panic"
expect_status 1
expect "$work/out" '^    (a backtrace token of version 2;'

check "plain addresses, and a line without an end"
entry=0x88b0
printf 'some gas %s\nrip %s\nbacktrace: %s 0x%x\nx %016x y\r\nat rip=%s' \
	$entry $entry $entry $((entry + 3)) $((entry)) $entry >"$work/plain"
symbolized "$work/plain" "$panic"
expect_status 0
[ "$(grep -c '^    0x88b[03] *_start' "$work/out")" = 5 ] ||
	complain "not five addresses"
grep -v '^    ' "$work/out" >"$work/rest"
echo >>"$work/plain"
expect_same "$work/plain" "$work/rest"

check "wrong files and options"
for file in "$work/no-such-file" "$work/log" "$work"; do
	symbolized /dev/null "$file"
	expect_status 2
	[ -s "$work/err" ] || complain "no message for $file"
done
symbolized /dev/null
expect_status 2
symbolized /dev/null --nonsense
expect_status 2
vmm symbolize --help
expect_status 0
expect "$work/out" 'Usage: vmm symbolize ELF'
vmm help symbolize
expect_status 0

finish
