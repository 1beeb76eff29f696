#!/bin/sh
# run.sh: the tests of KVM on a KVM that is there on every host: inside a
# machine that QEMU emulates, see scripts/nested-kvm-rig.sh.
#
#	tests/kvm/run.sh BUILD [TEST...]
#
# BUILD is the build folder. A TEST is a script of tests/cli (`verdicts`), an
# init program of tests/kernel (`kernel-fault`), a program of tests/guest that
# says what it prints (`guest-modes`), a pack of the EVM's tests (`pack-quick`,
# or by scripts/evm-on-kernel in the folder PACKS), a session of the real gdb
# that needs no breakpoints (`gdb-attach`, if gdb is here), or `kvm` for
# test_kvm; without any, all run. Skips (77) where the rig cannot be had; else
# the status is 0 when all passed.
cd "$(dirname "$0")/../.." || exit 99
build=$1
shift

set -- tests/kvm/in-rig.sh "$@"
for file in bin/vmm tests/kvm/test_kvm; do
	[ ! -f "$build/$file" ] || set -- -f "$build/$file" "$@"
done
for file in "$build"/*.elf; do
	[ ! -f "$file" ] || set -- -f "$file:/root/images/${file##*/}" "$@"
done
for file in "$build"/tests/guest/*.elf; do
	[ ! -f "$file" ] || set -- -f "$file:/root/guests/${file##*/}" "$@"
done
for file in "$build"/tests/kernel/*.elf; do
	[ ! -f "$file" ] || set -- -f "$file:/root/kernel/${file##*/}" "$@"
done
for file in tests/guest/run.sh tests/guest/*.c; do
	set -- -f "$file:/root/guest-src/${file##*/}" "$@"
done
packs=$(mktemp -d) || exit 99
trap 'rm -rf "$packs"' EXIT

# gdb, with as much of its Python as it and its tests want; for others that is
# not enough, so it is not on their way.
gdb=$(command -v gdb) && where=$("$gdb" -nx -batch -ex 'python import os, sys
print(os.path.dirname(os.__file__))
print("%s/bin/python%d.%d" % ((sys.prefix,) + sys.version_info[:2]))')
home=$(echo "$where" | sed -n 1p) python=$(echo "$where" | sed -n 2p)
[ ! -x "$python" ] || {
	for file in "$home"/*.py "$home"/lib-dynload "$home"/collections \
		"$home"/encodings "$home"/importlib "$home"/json "$home"/re; do
		[ ! -e "$file" ] || set -- -f "$file:$file" "$@"
	done
	set -- -f "$gdb:$gdb" -f "$python:/usr/libexec/python3" -f tests/gdb:/root/gdb \
		-f /usr/share/gdb:/usr/share/gdb \
		-f scripts/vmm-gdb.py:/share/vmm/vmm-gdb.py "$@"
}
[ ! -f "$build/bin/evm" ] ||
	"$build/bin/evm" pack "$packs/quick.pack" tests/evm/vmtests/*.json \
		tests/evm/statetests/*.json
for file in "$packs"/*.pack ${PACKS:+"$PACKS"/*.pack}; do
	[ ! -f "$file" ] || set -- -f "$file:/root/packs/${file##*/}" "$@"
done
[ ! -d tests/cli ] || set -- -f tests/cli:/root/cli "$@"

scripts/nested-kvm-rig.sh -t "${RIG_TIMEOUT:-280}" -m 768 "$@"
