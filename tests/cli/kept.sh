# A machine kept in a file goes on from there, in this process or in another,
# whichever processor it has: also one whose time is the host's, and goes on
# while the file is written. (Init programs have no place here: where KVM is
# itself emulated a restored TSS is not one that lets them at ports.)
. "$(dirname "$0")/lib.sh"

sh_() {
	vmm shell --accel "$ACCEL" --timeout 60s "$@"
}

check "kept, and brought back where it was kept"
sh_ "$GUESTS/echo.elf" -c "serial one\\r; expect one; save $work/kept; \
	serial two\\r; restore $work/kept; serial three\\r; expect three"
expect_status 0

check "kept once more, and brought back in another process"
sh_ --restore "$work/kept" -c "save $work/again"
expect_status 0
sh_ --restore "$work/again" -c "serial four\\r; expect four"
expect_status 0

check "a run of its own from there"
printf 'five\r' >"$work/keys"
input=$work/keys
boot --restore "$work/kept"
input=
expect "$work/out" 'five'

finish
