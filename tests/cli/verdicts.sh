# Every way a run ends has its own exit status and says why in one line.
. "$(dirname "$0")/lib.sh"

check "success through port f4h"
boot "$GUESTS/exit.elf"
expect_status 0

check "failure through port f4h"
boot "$GUESTS/fail.elf"
expect_status 1

check "an exit value without a meaning; the first write counts"
boot "$GUESTS/odd-exit.elf"
expect_status 6
expect "$work/err" '0x77'

check "QEMU's exit codes: (value << 1) | 1"
boot --exit-map=qemu "$GUESTS/exit.elf"
expect_status 33
boot --exit-map=qemu "$GUESTS/fail.elf"
expect_status 35
boot --exit-map=qemu "$GUESTS/odd-exit.elf"
expect_status 239

check "a triple fault"
boot "$GUESTS/triple.elf"
expect_status 4
expect "$work/err" 'triple fault'

check "halted with interrupts off"
boot "$GUESTS/cli-hlt.elf"
expect_status 5
expect "$work/err" 'interrupts off'

check "a hang is ended by --timeout"
vmm boot --accel "$ACCEL" --timeout 300ms "$GUESTS/hang.elf"
expect_status 124
expect "$work/err" 'timeout'

check "a hang is ended by --timeout-virtual, at the same instant"
if [ "$ACCEL" = sim ]; then
	for i in 1 2; do
		boot --timeout-virtual 3ms --hash --stats "$GUESTS/hang.elf"
		expect_status 124
		expect "$work/err" 'not ended after 0.003 s of guest time'
		expect "$work/err" 'guest time 3.000 ms'
		grep hash "$work/err" >"$work/hash$i"
	done
	expect_same "$work/hash1" "$work/hash2"
fi
boot --timeout-virtual 10ms "$GUESTS/hang.elf"
expect_status 124
boot --timeout-virtual 1h "$GUESTS/cli-hlt.elf"
expect_status 5

check "panics: by pvpanic, by our kernel's words, by the words one names"
boot "$GUESTS/say.elf" --append '!p'
expect_status 3
boot "$GUESTS/say.elf" --append '[kernel] panic: why|at 12|!f'
expect_status 3
expect "$work/err" 'guest panic: \[kernel\] panic: why$'
expect "$work/out" '^at 12$'
boot "$GUESTS/say.elf" --append 'a [kernel] panic: why|!f'
expect_status 1
boot "$GUESTS/say.elf" --append 'x|Oops: 12|!l' --panic-regex '^Oops: [0-9]+$'
expect_status 3
expect "$work/err" 'Oops: 12$'
boot "$GUESTS/say.elf" --append 'Oops: 12|' --panic-regex '^Oops'
expect_status 3
boot "$GUESTS/say.elf" --append 'Oops: 12|' --panic-regex '^Oops' \
	--exit-map qemu
expect_status 33
esc=$(printf '\033')
boot "$GUESTS/say.elf" --append "Oops ${esc}[2J|!l" --panic-regex '^Oops'
expect_status 3
expect "$work/err" 'guest panic: Oops ?\[2J$'
vmm boot --panic-regex '(' "$GUESTS/exit.elf"
expect_status 2

check "the ends that a guest can choose"
for row in f:1 o:6 p:3 r:4 t:4 h:5 0:6 1:6; do
	boot "$GUESTS/say.elf" --append "!${row%:*}"
	expect_status "${row#*:}"
	[ "$(grep -c '^vmm: [^ ]' "$work/err")" = 1 ] ||
		complain "not one verdict for !${row%:*}"
done
boot --break-at 2 --accel sim "$GUESTS/say.elf"
expect_status 7

check "a bound of centuries is none"
vmm boot --accel "$ACCEL" --timeout 18446744073s "$GUESTS/exit.elf"
expect_status 0

check "a bad end says where, who called, and what was last written"
boot "$IMAGES/kernel.elf" --init "$IMAGES/rinit.elf" --serial null
expect_status 5
expect "$work/err" '  rax [0-9a-f]\{16\}  rcx '
expect "$work/err" '  backtrace:$'
expect "$work/err" '    0x[0-9a-f]\{16\} <[a-z_]*+0x[0-9a-f]*>'
expect "$work/err" '  last lines of COM1:$'
expect "$work/err" '    Child entry should be at: 0x[0-9a-f]* '
expect "$work/err" '  screen:$'
expect "$work/err" '  task#1 (rinit), waiting$'
expect "$work/err" '    0x[0-9a-f]\{16\} <_start+0x[0-9a-f]*>'
boot "$IMAGES/kernel.elf" --init "$IMAGES/rinit.elf"
expect_not "$work/err" 'last lines of' # they are on standard output

if "$VMM" --version | grep -q '+dw'; then
	check "callers without frame pointers, by call frame information"
	boot "$GUESTS/callers64.elf"
	expect_status 5
	for name in innermost middle outer test_main; do
		expect "$work/err" "  0x[0-9a-f]* <$name+0x[0-9a-f]*>.* at .*c:"
	done
	expect "$work/err" 'inlined into middle at .*callers64.c:'
	expect_not "$work/err" ' ?$'
fi

if [ "$ACCEL" = sim ]; then
	check "a triple fault says each step to it, and the branches before"
	boot "$GUESTS/triple.elf"
	expect "$work/err" '#DF 08h error 0, could not be delivered'
	expect "$work/err" '#GP 0dh error 0x33, could not be delivered'
	expect "$work/err" '#UD 06h, could not be delivered, .* <_start+0x7>'
	expect "$work/err" '--branches'
	for branches in '' --branches; do
		boot "$IMAGES/kernel.elf" --init "$IMAGES/rinit.elf" \
			--timeout-virtual 3ms --hash $branches
		grep hash "$work/err" >"$work/hash$branches"
	done
	expect "$work/err" '  last branches, the newest first:$'
	expect "$work/err" '<[a-z_]*+0x[0-9a-f]*> -> 0x[0-9a-f]\{16\} <'
	expect_same "$work/hash" "$work/hash--branches"
	vmm boot --branches --engine reference "$GUESTS/exit.elf"
	expect_status 2
fi

finish
