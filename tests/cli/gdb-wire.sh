# gdb's packets by hand, where there is no gdb: what needs no debug exits from
# the processor (tests/gdb has the rest, with the real one).
. "$(dirname "$0")/lib.sh"

# packet TEXT: framed, with its checksum.
packet() {
	printf '%s\n' "$1" | awk '{
		for (i = 32; i < 127; i++)
			code[sprintf("%c", i)] = i
		for (i = 1; i <= length($0); i++)
			sum += code[substr($0, i, 1)]
		printf "$%s#%02x", $0, sum % 256
	}'
}

# talk GUEST: a machine whose stub has standard input as its line; what it
# answers is a reply a line in $work/out.
talk() {
	"$VMM" boot --accel "$ACCEL" --timeout "${PATIENCE}s" --gdb stdio \
		--serial "file:$work/serial" "$GUESTS/$1" \
		>"$work/raw" 2>"$work/err"
	mv "$work/raw" "$work/replies" # the next await is not for these
	tr '#' '\n' <"$work/replies" | sed 's/^[0-9a-f]*\$//' >"$work/out"
}

# await TEXT: until the stub has said so; a slow host may take its time.
await() {
	wait_until grep -q -s -e "$1" "$work/raw"
}

check "memory and registers before the first instruction"
{
	packet QStartNoAckMode
	printf +
	packet p10
	packet m9000,4
	packet M9000,4:0badcafe
	packet m9000,4
	packet P0=1122334455667788
	packet p0
	packet qSupported
	packet vMustReplyEmpty
	packet m9000
} | talk exit.elf
expect "$work/out" '^0badcafe$'
expect "$work/out" '^1122334455667788$'
expect "$work/out" 'PacketSize='
expect "$work/out" '^E'
second=$(sed -n 's/^\(..\)\(..\)\(..\)0\{10\}$/\3\2\1/p' "$work/out" | sed -n 1p)
second=$(printf '%x' $((0x$second + 2)))

check "a breakpoint is met, or refused where KVM reports none, which is said"
{
	packet QStartNoAckMode
	printf +
	packet "Z0,$second,1"
	packet c
	await 'T05\|E28'
	packet p10
	packet k
} | talk exit.elf
if grep -q '^E28' "$work/out"; then
	expect "$work/err" 'does not report breakpoints.*--accel sim'
	expect "$work/out" "^O.*$(printf breakpoints | od -An -tx1 | tr -d ' ')"
else
	expect "$work/out" '^T05'
fi

check "the end of the guest while it is attached"
{
	packet QStartNoAckMode
	printf +
	packet c
	await W00
} | talk exit.elf
expect "$work/out" '^W00'

check "an interrupt in a loop"
{
	packet QStartNoAckMode
	printf +
	packet c
	sleep 1
	printf '\003'
	await T02
	packet p10
	packet k
} | talk hang.elf
expect "$work/out" '^T02'

finish
