# `evm statetest` as a batch: formats, filters, processes, files that are bad.
set -u
: "${EVM:?}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
here=$(cd "$(dirname "$0")" && pwd)
spread=$here/statetests/spread.json
failures=0

# run STATUS PATTERN ARGUMENT...: the exit status, and a line of the output.
run() {
	want=$1
	pattern=$2
	shift 2
	status=0
	"$EVM" statetest "$@" >"$work/out" 2>"$work/err" </dev/null ||
		status=$?
	[ "$status" = "$want" ] &&
		cat "$work/out" "$work/err" | grep -q -e "$pattern" && return
	echo "FAILED: evm statetest $*: status $status, no \`$pattern':"
	sed 's/^/	/' "$work/out" "$work/err" | tail -5 | cut -c 1-200
	failures=$((failures + 1))
}

run 0 '^152 passed, 0 failed, 0 skipped$' --human "$spread"
run 0 '"pass": true, "stateRoot": "0x.*", "fork": "Cancun", "index": 0' "$spread"
run 0 '^9 passed' --summary --fork London "$spread"
run 0 '^1 passed' --summary --run '^stLogTests/' "$spread"
run 0 '^1 passed' --summary --run MCOPY --statetest.index 0 "$spread"
run 1 'no test was found' --index 7 "$spread"
run 0 '"opName":"MCOPY"' --trace --run MCOPY "$spread"
run 0 '"state": {"0x' --dump --run MCOPY "$spread"
run 0 'benchStats' --bench --run MCOPY "$spread"
run 0 '0 failed' --human --junit "$work/junit.xml" "$spread"
grep -q '<testcase classname=".*spread.json" name="stChainId.*"/>' \
	"$work/junit.xml" || failures=$((failures + 1))

# The order of the output does not depend on the processes.
"$EVM" statetest "$here/statetests" >"$work/one"
"$EVM" statetest -j 3 "$here/statetests" >"$work/three"
cmp "$work/one" "$work/three" || failures=$((failures + 1))

# Names on stdin are answered one by one.
printf '%s\n%s\n' "$spread" "$here/statetests/add11.json" |
	"$EVM" statetest >"$work/out" || failures=$((failures + 1))
[ "$(grep -c '^\[$' "$work/out")" = 2 ] || failures=$((failures + 1))

# A bad file is one failure; the rest of the batch goes on.
mkdir "$work/mixed"
cp "$here/statetests/add11.json" "$work/mixed/good.json"
printf '{"a": {\n"post": [}\n' >"$work/mixed/bad.json"
echo '[1]' >"$work/mixed/array.json"
echo '{"t": {"env": {}, "pre": {}, "post": {"Cancun": [{}]}}}' \
	>"$work/mixed/empty.json"
echo '{"t": {"post": {"Nowhere": [{}]}}}' >"$work/mixed/fork.json"
sed 's/"0x0[^"]*"/"0xzz"/' "$here/statetests/add11.json" \
	>"$work/mixed/hex.json"
run 1 'bad.json: line 2, column 10: ' --human "$work/mixed"
run 1 'array.json: line 1: want an object' --human "$work/mixed"
run 1 'empty.json: t, Cancun, 0: env: currentCoinbase: missing' --human "$work/mixed"
run 1 'fork.json: t, Nowhere, 0: unknown fork' --human "$work/mixed"
run 1 'hex.json: .*0xzz' --human "$work/mixed"
"$EVM" statetest --summary -j 2 "$work/mixed" 2>/dev/null |
	grep -q '^[1-9][0-9]* passed' || failures=$((failures + 1))

run 2 'No such file' --human "$work/none"
run 2 'evm: : No such file' --human ''
mkdir "$work/links"
ln -s a.json "$work/links/b.json"
ln -s b.json "$work/links/a.json"
ln -s ../links "$work/links/self"
ln -s nowhere "$work/links/c.json"
ln -s nowhere "$work/links/ignored"
run 2 'links/a.json: Too many levels' --human "$work/links"
run 2 'links/c.json: No such file' --human "$work/links"
run 2 'a.json: Too many levels' --human "$work/links/a.json"
cp "$here/statetests/add11.json" "$work/links/d.json"
run 2 '^7 passed, 0 failed' --human "$work/links"

# A file of 2 GiB, of which nothing is on the disk, is not read.
truncate -s 2G "$work/huge.json"
run 1 'huge.json: cannot be read: File too large' --human "$work/huge.json"

# Other kinds of fixtures are called by their names.
for kind in 'blocks:a blockchain test' 'engineNewPayloads:an engine test' \
	'txbytes:evm txtest' 'exec:evm vmtest' 'a:no state test'; do
	echo "{\"t\": {\"${kind%%:*}\": []}}" >"$work/kind.json"
	run 1 "t: post: .*${kind#*:}" --human "$work/kind.json"
done
run 2 'want a number from 1' -j 0 "$spread"
run 2 'no such fork' --fork Nowhere "$spread"
run 2 'regular expression' --run '(' "$spread"
run 2 'unknown option' --wrong
run 0 '^usage: evm statetest' --help

[ "$failures" = 0 ]
