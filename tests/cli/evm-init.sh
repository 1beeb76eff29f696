# The EVM transaction on the kernel, and that it really computes.
. "$(dirname "$0")/lib.sh"

kernel=$IMAGES/kernel.elf
init=$IMAGES/evm-init.elf
ones=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff

check "the two transactions, and the exit"
boot "$kernel" --init "$init"
expect_status 0
[ "$(tail -n 1 "$work/out")" = "Exit code: 99, test succeed." ] ||
	complain "the last line is: $(tail -n 1 "$work/out")"
expect "$work/out" '0*13874'

check "QEMU's exit code"
boot --exit-map=qemu "$kernel" --init "$init"
expect_status 99

check "the same code given by hand"
boot "$kernel" --init "$init" --append "code=7f${ones}7f${ones}01600055"
expect_status 0

check "a changed byte makes it fail: PUSH1 0 before ADD"
boot "$kernel" --init "$init" --append "code=7f${ones}7f${ones}6000600055"
expect_status 1
[ "$(tail -n 1 "$work/out")" = "Exit code: 97, test failed." ] ||
	complain "the last line is: $(tail -n 1 "$work/out")"

check "a changed byte makes it fail: SSTORE becomes SLOAD"
boot "$kernel" --init "$init" --append "code=7f${ones}7f${ones}01600054"
expect_status 1

check "a changed operand makes it fail: the stored sum is another"
boot "$kernel" --init "$init" --append "code=7f${ones%f}e7f${ones}01600055"
expect_status 1

check "a changed gas limit makes it fail"
boot "$kernel" --init "$init" --append "gas=0186a1"
expect_status 1

evm=$(dirname "$VMM")/evm
tests=$(dirname "$0")/../evm/statetests
if "$evm" pack "$work/pack" "$tests"/*.json >"$work/packed" 2>"$work/err"; then
	check "packed state tests, in the guest as on the host"
	"$evm" pack --run "$work/pack" >"$work/host"
	cases=$(sed -n 's/ cases packed.*//p' "$work/packed")
	expect "$work/host" "^$cases passed, 0 failed$"
	boot "$kernel" --init "$init" --module "$work/pack"
	expect_status 0
	expect "$work/out" "state tests: $cases passed, 0 failed"
	[ "$(tail -n 1 "$work/out")" = "Exit code: 99, test succeed." ] ||
		complain "the last line is: $(tail -n 1 "$work/out")"

	check "the same, each transaction sent to the EVM server"
	server=$IMAGES/evm-server.elf
	"$evm" pack "$work/small" "$tests"/add11.json "$tests"/refund*.json \
		"$tests"/log1_Caller.json >"$work/packed"
	cases=$(sed -n 's/ cases packed.*//p' "$work/packed")
	boot "$kernel" --init "$init" --module "$server" --module "$work/small"
	expect_status 0
	expect "$work/out" "on the server: $cases passed, 0 failed"

	check "a server with too little memory says so, and serves on"
	boot "$kernel" --init "$init" --module "$server" \
		--module "$work/pack" --append grains=10
	expect_status 1
	expect "$work/out" 'server: test .*: no memory'
	expect "$work/out" 'on the server: [1-9][0-9]* passed, [1-9]'

	check "a pack that is cut short, and what is none"
	head -c 5000 "$work/pack" >"$work/cut"
	boot "$kernel" --init "$init" --module "$work/cut"
	expect_status 1
	expect "$work/out" 'malformed pack'
	boot "$kernel" --init "$init" --module "$work/packed"
	expect_status 1
	expect "$work/out" 'no pack'
fi

finish
