#!/bin/sh
# check-layers.sh: who may include whom, as docs/architecture.md draws it.
#
# A row of the table: files, then what they may include ("x/*" by folder).
# The first row that matches a file decides; a file no row matches fails.
cd "$(dirname "$0")/.." || exit 2

list() {
	git ls-files '*.[chS]' 2>/dev/null | grep . ||
		find . -path './build*' -prune -o -name '*.[chS]' -print |
		sed 's,^\./,,'
}

list | while read -r file; do
	[ -f "$file" ] && sed -n "s,^#[ ]*include \"\(.*\)\".*,$file \1,p" "$file"
done | awk '
function allow(files, included) { row[++rows] = files; may[rows] = included }
BEGIN {
	allow("vmm/sim/", "vmm/sim/ vmm/vcpu.h vmm/x86.h vmm/guestmem.h vmm/log.h vmm/features.h")
	allow("vmm/", "vmm/")
	allow("devices/", "devices/ vmm/")
	allow("gdbstub/", "gdbstub/ vmm/")
	allow("shell/", "shell/ gdbstub/ devices/ vmm/ evm/ guest-kernel/abi/")
	allow("guest-kernel/abi/", "guest-kernel/abi/")
	allow("guest-kernel/common/", "guest-kernel/common/ guest-kernel/abi/")
	allow("guest-kernel/user/", "guest-kernel/user/ guest-kernel/common/ guest-kernel/abi/")
	allow("guest-kernel/", "guest-kernel/kernel/ guest-kernel/arch/ guest-kernel/common/ guest-kernel/abi/")
	allow("evm/guest/", "evm/ guest-kernel/user/ guest-kernel/abi/")
	allow("evm/", "evm/")
	allow("include/", "include/")
	allow("tests/", "tests/ include/ vmm/ devices/ gdbstub/ shell/ guest-kernel/ evm/")
}
{
	for (r = 1; r <= rows && index($1, row[r]) != 1; r++)
		;
	n = split(may[r], ok, " ")
	for (i = 1; i <= n && index($2, ok[i]) != 1; i++)
		;
	if (r > rows || i > n) {
		print "check-layers: " $1 " may not include " $2
		bad = 1
	}
	seen++
}
END {
	if (!seen) {
		print "check-layers: found no includes at all"
		exit 2
	}
	exit bad
}'
