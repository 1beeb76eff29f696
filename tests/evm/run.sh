# `evm run` as people use it: what it prints, its exit status, its messages.
set -u
: "${EVM:?}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failures=0
ones=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff

# run STATUS PATTERN ARGUMENT...: the exit status, and a line of the output.
run() {
	want=$1
	pattern=$2
	shift 2
	status=0
	"$EVM" "$@" >"$work/out" 2>&1 </dev/null || status=$?
	[ "$status" = "$want" ] && grep -q -e "$pattern" "$work/out" && return
	echo "FAILED: evm $*: status $status, not $want, or no \`$pattern':"
	sed 's/^/	/' "$work/out"
	failures=$((failures + 1))
}

demo=7f${ones}7f${ones}01600055

run 0 '^gas left  79988 (0x13874)$' run --fork Frontier --gas 0x186a0 "$demo"
run 0 '^storage   0x0 = 0xf*e$' run "$demo"
run 0 '"gasUsed":"0x4e2c"' run --fork Byzantium --json --code "0x$demo"
run 0 '^output    0x0*2a$' run 602a60005260206000f3
run 0 '^output    0x0*7$' run --value 7 3460005260206000f3
run 0 '^output    0xab0*$' run --input ab 60003560005260206000f3
run 1 '^status    undefined instruction$' run fe
run 1 '^status    out of gas$' run --gas 2 6001
run 1 '^status    reverted$' run 60006000fd
run 1 '^status    undefined instruction$' run --fork Homestead 60006000fd

printf '%s\n' "$demo" >"$work/code"
run 0 '^gas used  20012 ' run --fork Istanbul --codefile "$work/code"

run 0 '"pc":33,"op":127,.*"gasCost":"0x3",.*"opName":"PUSH32"' run --trace "$demo"
run 0 '"pc":69,"op":85,.*"gasCost":"0x4e20",.*"opName":"SSTORE"' run --fork Byzantium --trace "$demo"
run 0 '"op":240,.*"gasCost":"0x7d00"' run --trace 5f5f5ff0
run 0 '"op":240,.*"gasCost":"0x7d00"' run --trace 5f5f6001f0
run 0 '"op":240,.*"gasCost":"0x7d00"' run --fork Frontier --trace 600080808080f0
run 0 '"op":245,.*"gasCost":"0x7d0b"' run --trace 5f60205f5ff5
run 0 '"op":241,.*"gasCost":"0xe28"' run --trace 5f5f5f5f5f611000610400f1
run 1 '"opName":"opcode 0xfe not defined","error":"undefined' run --trace fe

run 2 'evm: run: --code 0xabc: want hex bytes' run 0xabc
run 2 'evm: run: --code 0xgg: want hex' run --code 0xgg
run 2 'evm: run: --gas -1: want' run --gas -1 00
run 2 'evm: run: --gas 9223372036854775808: want' run --gas 9223372036854775808 00
run 2 'evm: run: --fork Nowhere: want' run --fork Nowhere 00
run 2 'evm: run: no code was given' run
run 2 'more than one code' run 00 00
run 2 'No such file' run --codefile "$work/none"
run 2 'unknown option' run --wrong 00
run 2 'no such command' walk
run 2 '^usage' --wrong
run 0 '^usage: evm run' run --help
run 0 '^evm [0-9]' --version
run 0 '^usage: evm COMMAND' --help

status=0
"$EVM" run 6001 >/dev/full 2>"$work/out" || status=$?
if [ "$status" != 1 ] || ! grep -q 'output: cannot write: No sp' "$work/out"
then
	echo "FAILED: a full disk: status $status:"
	cat "$work/out"
	failures=$((failures + 1))
fi

[ "$failures" = 0 ]
