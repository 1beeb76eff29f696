# Looking at the kernel's objects: at a prompt, hung, crashed, and not ours.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
kernel=$IMAGES/kernel.elf
init=$IMAGES/rinit.elf

# look ARG...: rinit at its prompt, nothing but looks on standard output.
look() {
	boot "$kernel" --init "$init" --serial null "$@"
	grep -v '^$' "$work/out" >"$work/shown"
}

check "the well-known slots"
look --look list
expect_status 5
for row in '0 .*CPOOL' '2 .*UNTYPED' '3 .*PML4' '253 .*TASK .*task#1' \
	'254 .*CHANNEL' '255 .*CHANNEL' '  4/0.*RAW_PAGE'; do
	expect "$work/shown" "^$row"
done

check "a child, its task and what it waits for"
look --type 'start child\nsend raw 5\n' --look tasks --look task --look chan \
	--look "why 249" --look check
expect "$work/shown" '^task#1  *rinit  *waiting .*sys_channel_take_entry'
expect "$work/shown" '^channel@.* 255 .* to take'
expect "$work/shown" 'made from its memory'
expect "$work/shown" '^All fits together'
expect "$work/shown" 'user_main'

check "address spaces and memory"
look --look maps --look mem
expect "$work/shown" '80000000 .* 16 KiB  rw- .* stack'
expect "$work/shown" 'r-x .*code'
expect "$work/shown" '^TASK  *[0-9]'

check "a look changes nothing"
boot "$kernel" --init "$init" --serial null --hash
hash=$(grep 'state hash' "$work/err")
look --hash --look list --look "tree @100k" --trace caps \
	--trace-file "$work/trace"
[ "$(grep 'state hash' "$work/err")" = "$hash" ] || complain "another state"

check "the same run, the same calls"
cp "$work/trace" "$work/trace1"
look --trace caps --trace-file "$work/trace"
expect_same "$work/trace1" "$work/trace"
expect "$work/trace" '^[0-9]* caps task#1 untyped_retype(2, type=CPOOL, .*) = OK: +cpool@[0-9a-f]* in 245$'
expect "$work/trace" 'cpool_mint(.*rights=-w---.*) = OK: +notification'

check "the call that made a capability"
look --type 'start child\n' --trace caps --look "why 249"
expect "$work/shown" '[0-9]* task#1 untyped_retype(2, type=TASK, .*destination=249)'
look --type 'start child\n' --look "why 249"
expect_not "$work/shown" 'untyped_retype'

check "what changed between two moments"
look --type 'start child\n' --look "mark @250k" --look diff
expect "$work/shown" '^+  *249 .*task#[0-9]'
look --look "mark @250k" --look "diff @250k"
expect "$work/shown" '^Nothing has changed'

check "an instant that the run does not come to"
look --look "tasks @900M"
expect "$work/err" 'not done: the run ended after'

check "pictures"
look --look "caps --svg '$work/a caps.svg'" --look "caps --dot" \
	--look "caps --capdl"
expect "$work/a caps.svg" '^</svg>$'
expect "$work/a caps.svg" '>task#1<'
expect "$work/shown" '^digraph capabilities {'
expect "$work/shown" '  0xfe: channel@'
if command -v python3 >/dev/null; then
	python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
		"$work/a caps.svg" || complain "the picture is no XML"
fi

check "objects of JSON, one a line"
look --type 'start child\n' --look "list --json" --look "tree --json" \
	--look "tasks --json" --look "maps --json" --look "mem --json" \
	--look "chan --json" --look "task --json" --look "why 249 --json"
[ "$(wc -l <"$work/shown")" -gt 100 ] || complain "too few lines"
if command -v python3 >/dev/null; then
	python3 -c 'import json, sys
for line in sys.stdin: assert json.loads(line)["kind"]' <"$work/shown" ||
		complain "a line is no object"
fi

check "a run that is stopped anywhere"
for count in 210k 220k 240k 260k 270k; do
	look --break-at $count --look tasks --look list --look check
	expect_status 7
	expect "$work/shown" '^task#1'
	expect "$work/shown" '^0 .*CPOOL'
done

check "a kernel that has not begun"
look --break-at 1000 --look list
expect_status 7
expect "$work/err" '--look: .*no objects yet'

check "a machine from a file, and no kernel file"
look --snapshot "$work/s@270k" --break-at 270k --look "list --json"
mv "$work/shown" "$work/first"
boot --restore "$work/s" --break-at 270k --look "list --json" --serial null
expect_status 7
expect_same "$work/first" "$work/out"

check "another kernel"
boot "$GUESTS/exit.elf" --look list
expect_status 71
expect "$work/err" '--look: .*does not describe itself'

check "what is refused"
for bad in lits "list @x" ""; do
	vmm boot "$kernel" --look "$bad"
	expect_status 2
	expect "$work/err" '^vmm: --look: '
done
look --look "why 248"
expect "$work/err" "nothing is in slot '248'"
look --look "list task#9"
expect "$work/err" "'task#9' is no task"
look --accel kvm --look "list @100"
[ "$status" != 0 ] || complain "KVM counted instructions"

finish
