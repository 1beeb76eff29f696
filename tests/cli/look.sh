# Looking at a run changes nothing, and shows what was asked for.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
kernel=$IMAGES/kernel.elf
init=$IMAGES/evm-init.elf

boot "$kernel" --init "$init" --hash
hash=$(grep 'state hash' "$work/err")
cp "$work/out" "$work/plain"

# looked ARG...: the same run, with ARG.
looked() {
	boot "$kernel" --init "$init" --hash "$@"
	expect_status 0
	expect_same "$work/plain" "$work/out"
	[ "$(grep 'state hash [^ ]*$' "$work/err")" = "$hash" ] ||
		complain "another state: $(tail -n 1 "$work/err")"
}

check "instructions, with names of both programs"
looked --trace exec --trace-file "$work/trace"
expect "$work/trace" '^0 exec [0-9a-f]* <start_[a-z]*+0>: [0-9a-f ]*'
expect "$work/trace" '^[0-9]* exec 0000[0-9a-f]* <rt_vsnprintf+'
expect "$work/trace" '^[0-9]* exec ffff[0-9a-f]* <[a-z_]*+'
awk '$1 != NR - 1 { exit 1 }' "$work/trace" ||
	complain "counts are not 0, 1, 2, ..."
vmm boot "$kernel" --init "$init" --accel sim --stats
expect "$work/err" "instructions $(wc -l <"$work/trace" | tr -d ' ') in"

check "a range"
looked --trace exec,1000-1010
[ "$(grep -c ' exec ' "$work/err")" = 10 ] || complain "not ten lines"
expect "$work/err" '^1000 exec '
expect_not "$work/err" '^1010 exec '

check "ports and device registers"
looked --trace io
expect "$work/err" '^[0-9]* io out 0x3f8 uart16550 size 1 value 0x5b'
expect "$work/err" '^[0-9]* io in 0x3fd uart16550 size 1 gives 0x60'
expect "$work/err" '^[0-9]* io out 0x501 exit-port size [0-9] value 0x31$'
expect_not "$work/err" ' exec '

check "translations"
looked --trace mmu
expect "$work/err" '^[0-9]* mmu fill [0-9a-f]* -> [0-9a-f]* page 4K r.xu by'

check "interrupts and exceptions"
boot "$kernel" --init "$IMAGES/rinit.elf" --type 'x\n' --serial null \
	--trace int
expect "$work/err" '^[0-9]* int interrupt [0-9]* from ring 0 ffff'
boot "$GUESTS/triple.elf" --trace int,mmu
expect_status 4

check "all at once"
looked --trace exec,int,io,mmu,-50k --trace-file "$work/trace"

check "the end of the run at a count"
boot "$kernel" --init "$init" --break-at 54321
expect_status 7
expect "$work/err" 'break: 54321 instructions have run'
expect "$work/err" '  rip [0-9a-f]*'
expect "$work/err" '  r12 [0-9a-f]*'
boot "$kernel" --init "$init" --break-at 0
expect_status 7
expect "$work/err" '  rip 0000000000'
boot "$kernel" --init "$init" --break-at 1G
expect_status 0

check "wrong words"
for option in --trace=exe --trace=1-2 --trace=exec,5-1 --break-at=x \
	--snapshot=x --snapshot=x@ --snapshot=@5 --hash-every=0 \
	--trace=exec,- --engine=slow; do
	vmm boot "$kernel" "$option"
	expect_status 2
done
vmm boot "$kernel" --trace-file "$work/trace"
expect_status 2

finish
