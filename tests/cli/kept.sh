# A machine kept in a file goes on from there, in this process or in another,
# whichever processor it has: also one whose time is the host's, and goes on
# while the file is written. (Init programs have no place here: where KVM is
# itself emulated a restored TSS is not one that lets them at ports.)
. "$(dirname "$0")/lib.sh"

sh_() {
	vmm shell --accel "$ACCEL" --timeout "${PATIENCE}s" "$@"
}

check "kept, and brought back where it was kept"
sh_ --stopped "$GUESTS/echo.elf" -c "cont 5ms; save '$work/kept'; cont 5ms; \
	restore '$work/kept'; cont 5ms; save '$work/again'"
expect_status 0

# echoes FILE: the run goes on from there, reads and writes, and ends.
echoes() {
	check "a run of its own from $1"
	printf 'one two.' >"$work/keys"
	input=$work/keys
	boot --restore "$work/$1"
	input=
	expect_status 0
	expect "$work/out" '^one two'
}
echoes kept
echoes again

check "in another process, and kept once more"
sh_ --stopped --restore "$work/again" -c "cont 5ms; save '$work/third'"
expect_status 0
echoes third

finish
