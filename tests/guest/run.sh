#!/bin/sh
# run.sh: run bare programs and compare what they print with what their first
# comment says. POSIX sh and busybox's tools: also runs in small machines.
#
#	tests/guest/run.sh NAME...
#
# The environment: VMM, GUESTS (the folder of the ELF files) and ACCEL, which
# is sim, kvm or qemu (then VMM is not needed); ENGINE for --engine. In the
# comment, after `Prints:'
# a line ` *<tab>text' is a line of output; ` * qemu<tab>text' says what QEMU
# prints instead of the line before, where it does otherwise than the manual.
# PROCESSOR names the rows that hold where ACCEL's name does not say it:
# `qemu|rig' for the KVM that runs in a machine of QEMU's. ` * On NAME: WORDS'
# are more options there (of qemu, of vmm for the others); ` * Not on NAME:' and
# why leaves a program out; NAME may be sim, reference, qemu, kvm and rig.
set -u
: "${GUESTS:?}" "${ACCEL:=sim}"
here=$(dirname "$0")
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

qemu() {
	timeout 600 qemu-system-x86_64 -cpu max,la57=off -display none \
		-monitor none -serial stdio -no-reboot -m 64 \
		-device isa-debug-exit,iobase=0xf4,iosize=4 "$@"
}

# The options that the program NAME asks for.
options() {
	awk -v accel="$ACCEL" '
		/\*\// { exit }
		$0 ~ "^ \\* On " accel ": " { sub(/^[^:]*: /, ""); print }' \
		"$here/$1.c"
}

left_out() {
	awk -v accel="${PROCESSOR:-$ACCEL}|$ACCEL|${ENGINE:-fast}" '
		/\*\// { exit }
		$0 ~ "^ \\* Not on (" accel "):" { found = 1 }
		END { exit !found }' "$here/$1.c"
}

# shellcheck disable=SC2046
run() {
	if [ "$ACCEL" = qemu ]; then
		qemu $(options "$1") -kernel "$GUESTS/$1.elf"
	else
		"${VMM:?}" boot --accel "$ACCEL" ${ENGINE:+--engine "$ENGINE"} \
			--mem 64M --timeout 600s $(options "$1") \
			"$GUESTS/$1.elf"
	fi
}

expected() {
	awk -v accel="${PROCESSOR:-$ACCEL}" '
		/\*\// { exit }
		/^ \* Prints:/ { on = 1; next }
		on && /^ \*\t/ { line[n++] = substr($0, 4) }
		on && $0 ~ "^ \\* (" accel ")\t" { sub(/^[^\t]*\t/, "");
						 line[n - 1] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }' "$1"
}

[ "$ACCEL" != qemu ] || command -v qemu-system-x86_64 >"$work/which" || exit 77

failed=0
for name; do
	! left_out "$name" || continue
	expected "$here/$name.c" >"$work/expected"
	[ -s "$work/expected" ] || {
		echo "$name: says nothing of what it prints"
		exit 99
	}
	run "$name" </dev/null >"$work/raw" 2>"$work/err"
	tr -d '\r' <"$work/raw" >"$work/printed"
	cmp -s "$work/expected" "$work/printed" || {
		echo "FAILED: $name on $ACCEL: expected (-), printed (+)"
		diff "$work/expected" "$work/printed"
		cat "$work/err"
		failed=1
	}
done
exit $failed
