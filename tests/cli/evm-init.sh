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

# cases: how many cases are in the pack that was written just now.
cases() {
	sed -n 's/ cases packed.*//p' "$work/packed"
}

evm=$(dirname "$VMM")/evm
fixtures=$(dirname "$0")/../evm
tests=$fixtures/statetests
vmtests=$fixtures/vmtests
if "$evm" pack "$work/pack" "$tests"/*.json "$vmtests"/*.json \
	>"$work/packed" 2>"$work/err"; then
	check "packed state tests and VMTests, in the guest as on the host"
	cases=$(cases)
	"$evm" pack --run "$work/pack" >"$work/host"
	expect "$work/host" "^$cases passed, 0 failed$"
	boot "$kernel" --init "$init" --module "$work/pack"
	expect_status 0
	expect "$work/out" "tests: $cases passed, 0 failed"
	[ "$(tail -n 1 "$work/out")" = "Exit code: 99, test succeed." ] ||
		complain "the last line is: $(tail -n 1 "$work/out")"

	check "VMTests that expect something else, or that did not fail"
	sed 's/"gas" : "0x013874"/"gas" : "0x013875"/' "$vmtests/add0.json" \
		>"$work/gas.json"
	sed 's/fffe"/fffd"/' "$vmtests/add0.json" >"$work/root.json"
	sed 's/"post"/"past"/' "$vmtests/add0.json" >"$work/fails.json"
	"$evm" pack "$work/wrong" "$vmtests/add0.json" "$work/gas.json" \
		"$work/root.json" "$work/fails.json" >"$work/packed"
	boot "$kernel" --init "$init" --module "$work/wrong"
	expect_status 1
	expect "$work/out" 'add0 (Frontier): different gas'
	expect "$work/out" 'add0 (Frontier): different state root'
	expect "$work/out" 'add0 (Frontier): it did not fail'
	expect "$work/out" 'tests: 1 passed, 3 failed'

	check "names of fixtures on standard input"
	printf '%s\n' "$vmtests"/*.json | "$evm" pack "$work/listed" \
		>"$work/packed"
	boot "$kernel" --init "$init" --module "$work/listed"
	expect_status 0
	expect "$work/out" "tests: $(cases) passed, 0 failed"

	check "the same, each transaction sent to the EVM server"
	server=$IMAGES/evm-server.elf
	"$evm" pack "$work/small" "$tests"/add11.json "$tests"/refund*.json \
		"$tests"/log1_Caller.json "$vmtests"/log*.json >"$work/packed"
	cases=$(cases)
	boot "$kernel" --init "$init" --module "$server" --module "$work/small"
	expect_status 0
	expect "$work/out" "on the server: $cases passed, 0 failed"

	check "a server with too little memory says so, and serves on"
	boot "$kernel" --init "$init" --module "$server" \
		--module "$work/pack" --append grains=10
	expect_status 1
	expect "$work/out" 'server: test .*: no memory'
	expect "$work/out" 'on the server: [1-9][0-9]* passed, [1-9]'

	check "frames to the depth of 1,024, in a server with the memory for it"
	"$evm" pack "$work/deep" "$tests"/Call1024OOG.json >"$work/packed"
	boot -m 256M "$kernel" --init "$init" --module "$server" \
		--module "$work/deep"
	expect_status 1
	expect "$work/out" 'server: test .*: no memory'
	boot -m 256M "$kernel" --init "$init" --module "$server" \
		--module "$work/deep" --append grains=100
	expect_status 0
	expect "$work/out" "on the server: $(cases) passed, 0 failed"

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
