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
has "$work/result.json" '"error": "nonce too high: address 0xa94f5374Fce5edBC8E2a8697C15331677e6EbF0B, tx: 5 state: 1"'
has "$work/result.json" '"cumulativeGasUsed": "0xd42d"'
has "$work/body" f863800a8303345094095e7baea6a6c7c4c2dfeb977efac326af552d87830186a0801ba0d7f12f33fd6ed868181c442fa795b825833472c08304ba8076c99e361277a1cea00754e3b3f79c4ac1554e25989ea8422b5dde0a09c4ff362ad4086d3f3a7d63cf
has "$work/alloc.json" '"0x0f572e5295c57f15886f9b263e2f6d2d6c7b5ec6"'
has "$work/trace-0-0xdd2137265176659f7c89bbe812b1c314137a1030c5a1bf8119c3c6865e529eaa.jsonl" '"opName":"LOG4"'

# The body is taken again as RLP, to the same result.
mv "$work/result.json" "$work/before"
t8n --input.txs "$work/body" || failures=1
sed '/"rejected"/,/\]/d' "$work/before" >"$work/a"
cmp "$work/result.json" "$work/a" || failures=$((failures + 1))

# The folder is made, as geth does. BPO1 has a target of 10 blobs, Osaka of 6.
blobs='"parentExcessBlobGas": "0x0", "parentBlobGasUsed": "0x1e0000"'
sed "s/\"currentExcessBlobGas.*,/$blobs, \"parentBaseFee\": \"0x7\",/" \
	"$here/t8n/env.json" >"$work/blobs"
queues='"0x00000961ef480eb55e80d19ad83579a64c007002": {"code": "0x00"},
"0x0000bbddc7ce488642fb579f8b00f3a590007251": {"code": "0x00"},'
{ echo "{$queues"; sed 1d "$here/t8n/alloc.json"; } >"$work/queues"
for fork in BPO1:0xa0000 BPO2:0x20000 Osaka:0x120000; do
	t8n --state.fork "${fork%:*}" --input.env "$work/blobs" \
		--input.alloc "$work/queues" --output.basedir "$work/new/b//c/" ||
		failures=$((failures + 1))
	has "$work/new/b/c/result.json" "\"currentExcessBlobGas\": \"${fork#*:}\""
done

t8n --output.result stdout --output.alloc '' || failures=1
has "$work/out" '^ "result": {'

echo '{' >"$work/bad"
echo '{"currentNumber": "0x1"}' >"$work/short"
echo '"0xc3"' >"$work/cut"
echo '[{"nonce": "0x0", "gas": "0x1", "gasPrice": "zz", "v": "0x0"}]' >"$work/zz"
sed '/currentRandom/d' "$here/t8n/env.json" >"$work/random"
sed '/parentBeaconBlockRoot/d; s/"currentTimestamp.*,/&"a": 1/' \
	"$here/t8n/env.json" >"$work/beacon"
sed 's/"code": *"0x60[0-9a-f]*"/"code": "0x5f4000"/' "$here/t8n/alloc.json" \
	>"$work/blockhash"
fails 11 'alloc: /etc: cannot be read: Is a directory' --input.alloc /etc
fails 11 'env: .*none: cannot be read: No such file' --input.env "$work/none"
fails 10 't8n: alloc: .*bad: line 2, column 0' --input.alloc "$work/bad"
fails 10 'env: currentCoinbase: missing' --input.env "$work/short"
fails 3 'env: currentRandom: missing' --input.env "$work/random"
fails 3 'env: parentBeaconBlockRoot: missing' --input.env "$work/beacon"
fails 4 'BLOCKHASH asks for one that is missing' --input.alloc "$work/blockhash"
fails 10 'txs: RLP: malformed at byte 0' --input.txs "$work/cut"
fails 10 'txs: gasPrice: "zz" is no number' --input.txs "$work/zz"
fails 11 'No such file' --input.txs "$work/none"
fails 11 'none: Not a directory' --output.basedir "$work/random/none"
fails 11 'none/result: No such file' --output.result none/result
fails 3 'no such fork' --state.fork Nowhere
fails 2 'unknown option' --wrong

[ "$failures" = 0 ]
