# What the simulator does not do ends the run, with address, bytes and reason.
. "$(dirname "$0")/lib.sh"
ACCEL=sim

# unable LETTER PATTERN: by both engines.
unable() {
	for engine in fast reference; do
		boot --engine $engine --mem 64M --append "$1" \
			"$GUESTS/unable.elf"
		expect_status 125
		expect "$work/err" "$2"
	done
}

check "code in a device's registers"
unable d 'cannot go on: at 0xfee00000: .*no RAM to fetch from.*0xfee00000'
check "code where there is nothing"
unable h 'cannot go on: at 0x20000000: .*no RAM to fetch from.*0x20000000'
check "code over the edge of RAM, and none of it before that"
unable e 'cannot go on: at 0x3ffffff: b8: .*no RAM to fetch from.*0x4000000'
expect "$work/out" '^k'
check "a task gate"
unable t 'cannot go on: at 0x[0-9a-f]*: cc .*task switches by hardware'
expect "$work/err" 'gate_at'
check "a jump to a task"
unable j 'cannot go on: at 0x[0-9a-f]*: ea 00 00 00 00 08 00 .*task switches'

finish
