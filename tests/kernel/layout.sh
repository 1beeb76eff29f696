#!/bin/sh
# layout.sh KERNEL: can a Multiboot loader that goes by the header's addresses,
# not by ELF's, load the kernel? Then the header must be in the first 8 KiB,
# must give its addresses, and bytes must lie in the file as in memory.
# And is nothing both writable and executable, and all code within 64 KiB?
kernel=$1
bad=0

wrong() {
	echo "layout: $kernel: $*"
	bad=1
}

command -v readelf >/dev/null || {
	echo "layout: skipped: no readelf"
	exit 77
}

# word OFFSET: four bytes of the file, little-endian.
word() {
	od -An -tu4 -j "$1" -N 4 "$kernel" | tr -d ' '
}

at=0
while [ $at -lt 8192 ] && [ "$(word $at)" != $((0x1badb002)) ]; do
	at=$((at + 4))
	# The header begins a section, so a page: no need to read each word.
	[ $((at % 4096)) -eq 64 ] && at=$((at - 64 + 4096))
done
[ $at -lt 8192 ] || {
	wrong "no Multiboot header in the first 8 KiB"
	exit 1
}

flags=$(word $((at + 4)))
sum=$(($(word $at) + flags + $(word $((at + 8)))))
header=$(word $((at + 12)))
load=$(word $((at + 16)))
load_end=$(word $((at + 20)))
bss_end=$(word $((at + 24)))
entry=$(word $((at + 28)))
[ $((sum & 0xffffffff)) -eq 0 ] || wrong "the header's checksum is wrong"
[ $((flags & 0x10000)) -ne 0 ] || wrong "the header gives no addresses"
[ "$load" -le "$header" ] && [ "$header" -lt "$load_end" ] ||
	wrong "the header lies outside what is loaded"
[ "$load_end" -le "$bss_end" ] || wrong "the end is before the data's end"
[ "$load" -le "$entry" ] && [ "$entry" -lt "$load_end" ] ||
	wrong "the entry lies outside what is loaded"

text=$(readelf -SW "$kernel" | sed 's/^ *\[ *[0-9]*\]//' |
	awk '$1 == ".text" { print $5 }')
[ -n "$text" ] || wrong "no code"
[ $((0x${text:-0})) -le 65536 ] || wrong "$((0x$text)) bytes of code"

# Where the file's byte 0 would lie.
origin=$((header - at))
segments=$(readelf -lW "$kernel" | awk '$1 == "LOAD" { print $2, $4, $5, $7 $8 }')
[ -n "$segments" ] || wrong "no segments"
while read -r offset pa size flags; do
	case $flags in
	*W*E*) wrong "segment at $pa is writable and executable" ;;
	esac
	[ $((size)) -eq 0 ] && continue
	[ $((pa - offset)) -eq $origin ] ||
		wrong "segment at $pa: its bytes lie at $offset in the file"
	[ $((pa)) -ge "$load" ] && [ $((pa + size)) -le "$load_end" ] ||
		wrong "segment at $pa is not within what is loaded"
done <<SEGMENTS
$segments
SEGMENTS
exit $bad
