# `evm t8n`: roots and bytes that others have come to; errors that say where.
set -u
: "${EVM:?}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
here=$(cd "$(dirname "$0")" && pwd)
failures=0

t8n() {
	"$EVM" t8n --input.alloc "$here/t8n/alloc.json" \
		--input.env "$here/t8n/env.json" \
		--input.txs "$here/t8n/txs.json" --state.fork Cancun \
		--output.basedir "$work" "$@" </dev/null >"$work/out" 2>&1
}

# has FILE PATTERN: what must be in it.
has() {
	grep -q -e "$2" "$1" && return
	echo "FAILED: no \`$2' in:"
	sed 's/^/	/' "$1" | cut -c 1-200
	failures=$((failures + 1))
}

# fails STATUS PATTERN OPTION...
fails() {
	want=$1
	pattern=$2
	shift 2
	status=0
	t8n "$@" || status=$?
	[ "$status" = "$want" ] || {
		echo "FAILED: t8n $*: status $status, not $want"
		failures=$((failures + 1))
	}
	has "$work/out" "$pattern"
}

t8n --output.body body --trace || failures=1
has "$work/result.json" '"stateRoot": "0x389441281d0c088ccf08f1fe0be7fe5744da98bf97b6e24cc3d5dfddf2096acf"'
has "$work/result.json" '"logsHash": "0xc04befec57a9284dbf7636641a59a938acf437ae400154e34ad0a1cfeee3eaa9"'
has "$work/result.json" '"error": "transaction: wrong nonce"'
has "$work/result.json" '"cumulativeGasUsed": "0xd42d"'
has "$work/body" f863800a8303345094095e7baea6a6c7c4c2dfeb977efac326af552d87830186a0801ba0d7f12f33fd6ed868181c442fa795b825833472c08304ba8076c99e361277a1cea00754e3b3f79c4ac1554e25989ea8422b5dde0a09c4ff362ad4086d3f3a7d63cf
has "$work/alloc.json" '"0x0f572e5295c57f15886f9b263e2f6d2d6c7b5ec6"'
has "$work/trace-0-0xdd2137265176659f7c89bbe812b1c314137a1030c5a1bf8119c3c6865e529eaa.jsonl" '"opName":"LOG4"'

# The body is taken again as RLP, to the same result.
mv "$work/result.json" "$work/before"
t8n --input.txs "$work/body" || failures=1
sed '/"rejected"/,/\]/d' "$work/before" >"$work/a"
cmp "$work/result.json" "$work/a" || failures=$((failures + 1))

t8n --output.result stdout --output.alloc '' || failures=1
has "$work/out" '^ "result": {'

echo '{' >"$work/bad"
echo '{"currentNumber": "0x1"}' >"$work/short"
echo '"0xc3"' >"$work/cut"
echo '[{"nonce": "0x0", "gas": "0x1", "gasPrice": "zz", "v": "0x0"}]' >"$work/zz"
fails 1 'alloc: /etc: cannot be read: Is a directory' --input.alloc /etc
fails 1 'env: .*none: cannot be read: No such file' --input.env "$work/none"
fails 1 't8n: alloc: .*bad: line 2, column 0' --input.alloc "$work/bad"
fails 1 'env: currentCoinbase: missing' --input.env "$work/short"
fails 1 'txs: RLP: malformed at byte 0' --input.txs "$work/cut"
fails 1 'txs: gasPrice: "zz" is no number' --input.txs "$work/zz"
fails 1 'No such file' --input.txs "$work/none"
fails 2 'no such fork' --state.fork Nowhere
fails 2 'unknown option' --wrong

[ "$failures" = 0 ]
