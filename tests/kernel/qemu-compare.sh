#!/bin/sh
# qemu-compare.sh VMM KERNEL INIT: is the serial output under QEMU, byte for
# byte, that under vmm, and the exit code too? INIT must end the run itself.
# QEMU is the second opinion on whether we simulate a PC.
vmm=$1 kernel=$2 init=$3
qemu=qemu-system-x86_64

command -v $qemu >/dev/null || {
	echo "qemu-compare: skipped: no $qemu"
	exit 77
}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT

timeout 600 $qemu -accel tcg -display none -monitor none -no-reboot -m 64M \
	-device isa-debug-exit,iobase=0x501,iosize=2 \
	-serial "file:$dir/qemu" -kernel "$kernel" -initrd "$init" 2>"$dir/err"
qemu_status=$?
case $qemu_status in
97 | 99) ;;
*)
	echo "qemu-compare: QEMU ended with $qemu_status:"
	cat "$dir/err"
	tail -n 5 "$dir/qemu"
	exit 1
	;;
esac
"$vmm" boot "$kernel" --init "$init" --accel sim --mem 64M --timeout 600s \
	--exit-map=qemu --display none --serial "file:$dir/vmm" >"$dir/out" 2>&1
vmm_status=$?

if ! cmp -s "$dir/qemu" "$dir/vmm"; then
	echo "qemu-compare: $init: the outputs differ (-: QEMU, +: vmm)"
	diff -u "$dir/qemu" "$dir/vmm" | head -n 20
	exit 1
fi
[ -s "$dir/vmm" ] || {
	echo "qemu-compare: $init: no output at all"
	exit 1
}
[ $vmm_status -eq $qemu_status ] || {
	echo "qemu-compare: $init: exit $qemu_status under QEMU, $vmm_status under vmm"
	exit 1
}
