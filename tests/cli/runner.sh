# vmm test: what is green and, above all, what is not.
. "$(dirname "$0")/lib.sh"
[ -z "${SLOW:-}" ] || exit 77 # nothing of it depends on the processor

# runner ARG...: with the processor under test, and a bound.
runner() {
	vmm test --timeout "${PATIENCE}s" "$@"
}

# outcome WORD SAID [OPTION...]: what a guest that says SAID comes to.
outcome() {
	word=$1 said=$2
	shift 2
	what="\"$said\" is $word"
	runner --tap /dev/null --json "$work/json" "$GUESTS/say.elf" "$@" -- \
		--accel "$ACCEL" --append "$said"
	expect "$work/json" "^{\"type\":\"run\",\"outcome\":\"$word\""
	case $word in
	pass | skip) expect_status 0 ;;
	*) expect_status 1 ;;
	esac
}

check "each end and each protocol has its outcome"
outcome pass ''
outcome pass 'hello|world|'
outcome pass '1..2|ok 1|ok 2 - b|'
outcome pass 'TAP version 14|1..1|ok 1'
outcome pass 'KTAP version 1|1..1|  KTAP version 1|  1..1|  ok 1 a|ok 1 s|'
outcome pass 'PASS: a|SUMMARY: 1 tests|'
outcome pass 'PASS: a|SUMMARY: 1 tests|!0'
outcome fail 'PASS: a|FAIL: b|SUMMARY: 2 tests, 1 unexpected failures|!1'
outcome fail 'PASS: a|!1'
outcome error '!0'
outcome error 'ok 1|!0'
outcome skip '1..0 # SKIP no device|'
outcome skip '1..1|ok 1 # SKIP no device|'
outcome skip 'SKIP: a|'
outcome fail '!f'
outcome fail 'ok - a|not ok - b|'
outcome fail 'FAIL: a|'
outcome error '!p'
outcome error '!r'
outcome error '!t'
outcome error '!h'
outcome error '!o'
outcome error '1..2|ok 1|'
outcome error '1..1|ok 1|ok 2|'
outcome error '1..2|ok 1|ok 1|'
outcome error 'TAP version 14|ok 1|'
outcome error '1..1|Bail out!'
outcome error 'PASS: a|SUMMARY: 2 tests|'
outcome error '1..1|ok 1|!h'
outcome error '!l' --timeout 200ms

check "a kernel that is not there is said once"
runner --kernel /nowhere "$GUESTS/exit.elf" "$GUESTS/say.elf"
expect_status 2
expect "$work/err" '^vmm: /nowhere: cannot be read: No such file or directory$'
[ ! -s "$work/out" ] || complain "something was run"

check "names that were planned in the image and not run are errors"
runner "$GUESTS/named.elf" -- --accel "$ACCEL"
expect_status 1
expect "$work/out" '^    ok .* - one and one are two$'
expect "$work/out" '^    not ok .* - one and one are three$'
expect "$work/out" 'named.c"$'
expect "$work/out" '^    not ok .* - what never happens$'
runner --list "$GUESTS/named.elf"
expect_status 0
expect "$work/out" '^    what never happens$'

check "TAP is in the order given, whoever ends first"
runner -j 4 "$GUESTS/exit.elf" "$GUESTS/fail.elf" "$GUESTS/triple.elf" \
	"$GUESTS/exit.elf" -- --accel "$ACCEL"
expect_status 1
expect "$work/out" '^1\.\.4$'
grep '^\(not \)\?ok ' "$work/out" | sed 's,/.*/,,' >"$work/order"
cat >"$work/wanted" <<END
ok 1 - exit.elf\#1
not ok 2 - fail
not ok 3 - triple
ok 4 - exit.elf\#2
END
sed 's, - .*exit, - exit,' "$work/order" >"$work/got"
expect_same "$work/wanted" "$work/got"

check "what a guest writes cannot act on who reads the report"
esc=$(printf '\033')
outcome fail "1..1|not ok 1 - a${esc}[2J<&\"]]>::error::x %0A|${esc}]0;t|"
runner --github --junit "$work/junit" "$GUESTS/say.elf" -- --accel "$ACCEL" \
	--append "1..1|not ok 1 - a${esc}[2J<&\"::error::x %0A|::error::y|"
expect_not "$work/out" "$esc"
expect_not "$work/junit" "$esc"
expect "$work/out" '^::error title=say::a\\x1b\[2J<&"::error::x %250A$'
expect_not "$work/out" '^ *::error::y'

check "a list"
cat >"$work/list.toml" <<END
[defaults]
kernel = "$GUESTS/say.elf"
options = ["--accel", "$ACCEL"]
timeout = "${PATIENCE}s"

[[test]]
name = "panics"
append = "!p"
verdict = "panic"

[[test]]
name = "does not panic"
append = ""
verdict = "panic"

[[test]]
name = "planned"
append = "ok - a|"
plan = ["a", "b"]

[[test]]
name = "later"
skip = "not yet"
END
runner "$work/list.toml"
expect_status 1
expect "$work/out" '^ok 1 - panics$'
expect "$work/out" '^not ok 2 - does not panic$'
expect "$work/out" '^not ok 3 - planned$'
expect "$work/out" '^    not ok 2 - b$'
expect "$work/out" '^ok 4 - later # SKIP not yet$'
runner "$work/list.toml" --filter panics --filter 'l*r'
expect_status 0
expect "$work/out" '^1\.\.2$'

check "lists and words that are wrong are refused before anything runs"
for text in 'a = 1' '[[test]]' '[test]' '[[test]]
kernl = "a"' '[[test]]
kernel = 3' '[[test]]
kernel = "/no/such"' "[[test]]
kernel = \"$GUESTS/say.elf\"
options = [\"--nonsense\"]" "[[test]]
kernel = \"$GUESTS/say.elf\"
verdict = \"sucess\"" '' 'x'; do
	echo "$text" >"$work/bad.toml"
	runner "$work/bad.toml"
	expect_status 2
	[ -s "$work/err" ] || complain "nothing said: $text"
	[ ! -s "$work/out" ] || complain "something ran: $text"
done
for words in '--jobs 0' '--shard 3/2' '--shard 0/2' '--repeat 0' '--timeout 1' \
	'--filter nothing' '--junit - --json -' '/no/such' '--jbos 2'; do
	# shellcheck disable=SC2086
	vmm test "$GUESTS/exit.elf" $words
	expect_status 2
done
cd "$work" || exit 99
vmm test
expect_status 2
expect "$work/err" 'vmm.toml'

check "seeds, and the one that is bad is named"
runner --repeat 3 --seed 5 --tap "$work/tap" --json - "$GUESTS/exit.elf" -- \
	--accel "$ACCEL"
expect_status 0
expect "$work/out" '"seed":7,'
expect "$work/tap" '^# steady: exit: 0 of 3'
runner --repeat 2 "$GUESTS/fail.elf" -- --accel "$ACCEL"
expect "$work/out" '^# always bad: fail: 2 of 2 runs bad (100.0 %); fail with seed 0 1$'
expect "$work/out" '^  again: ".* --smp-seed 1"$'

check "runs that never began are not called bad"
runner -j 1 --fail-fast --repeat 5 --tap "$work/tap" "$GUESTS/fail.elf" \
	"$GUESTS/exit.elf" -- --accel "$ACCEL"
expect_status 1
expect "$work/tap" '^# 10 runs: 0 passed, 1 failed, 9 in error, 0 skipped$'
expect_not "$work/tap" 'always bad'

check "--fail-fast leaves the rest undone, which is not green"
runner -j 1 --fail-fast "$GUESTS/fail.elf" "$GUESTS/exit.elf" -- \
	--accel "$ACCEL"
expect_status 1
expect "$work/out" '^not ok 2 - exit$'
expect "$work/out" 'planned, but not run'

check "a full disk is said"
if [ -c /dev/full ]; then
	runner --tap /dev/full "$GUESTS/exit.elf" -- --accel "$ACCEL"
	expect_status 71
fi

finish
