# Every bad image gives one line that names the file and the reason; status 2.
. "$(dirname "$0")/lib.sh"

kernel=$IMAGES/kernel.elf
bad=$work/bad.elf

# poke OFFSET BYTES: overwrite bytes (given as \ooo) in $bad.
poke() {
	printf "$2" | dd of="$bad" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# refused PATTERN: $bad is refused with one line that names it.
refused() {
	boot "$bad"
	expect_status 2
	expect "$work/err" "bad.elf"
	expect "$work/err" "$1"
	[ "$(wc -l <"$work/err")" -le 2 ] || complain "more than one message"
	[ ! -s "$work/out" ] || complain "something on standard output"
}

check "no such file"
boot "$work/nothing.elf"
expect_status 2
expect "$work/err" 'nothing.elf'

check "a directory"
boot "$work"
expect_status 2

check "an empty file"
: >"$bad"
refused 'empty'

check "not an ELF file"
echo "hello, this is text and no program" >"$bad"
refused 'ELF'

check "Linux as it is installed: the way out is named"
{ head -c 514 /dev/zero; printf 'HdrS'; head -c 600 /dev/zero; } >"$bad"
refused 'boot protocol 0.00; 2.10'

check "truncated in the ELF header"
head -c 40 "$kernel" >"$bad"
refused ''

check "truncated in the program headers"
head -c 100 "$kernel" >"$bad"
refused ''

check "truncated in a segment"
head -c 6000 "$kernel" >"$bad"
refused 'truncated'

check "for another machine"
cp "$kernel" "$bad"
poke 18 '\267\000'
refused 'AArch64'

check "neither PVH note nor Multiboot header"
cp "$GUESTS/exit.elf" "$bad"
# The note's type, behind its name and value sizes at file offset 1000h.
poke 4104 '\377'
refused 'PVH'

check "what it is instead is said: compressed, a boot sector"
{ printf '\037\213'; head -c 600 /dev/zero; } >"$bad"
refused 'gunzip'
{ head -c 510 /dev/zero; printf '\125\252'; } >"$bad"
refused 'boot sector'

check "a Multiboot header that comes too late is found for who looks for it"
cp "$GUESTS/exit.elf" "$bad"
poke 4104 '\377'
head -c 9000 /dev/zero >>"$bad"
size=$(wc -c <"$bad")
head -c $((16384 - size)) /dev/zero >>"$bad"
poke 16380 '\002\260\255\033\000\000\000\000\376\117\122\344'
refused 'at 0x3ffc of the file'

check "a segment that leaves RAM"
cp "$GUESTS/exit.elf" "$bad"
poke 88 '\000\000\000\000\020\000\000\000'
refused 'RAM'

check "a segment that wraps around"
poke 88 '\000\360\377\377\377\377\377\377'
refused ''

check "an init program that is no ELF"
echo "no program" >"$work/init"
boot --init "$work/init" "$kernel"
[ "$status" != 0 ] || complain "it went well"

check "an init program that is not there"
boot --init "$work/nothing.elf" "$kernel"
expect_status 2
expect "$work/err" 'nothing.elf'

check "more than the memory holds"
head -c 3000000 /dev/zero >"$work/init"
boot --mem 2M --init "$work/init" "$kernel"
expect_status 2

finish
