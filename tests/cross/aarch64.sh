# The simulator needs no x86 host: vmm, built for aarch64 and run by qemu-user,
# goes through the same states as the one built here, and passes the unit and
# fuzz tests. Where char is unsigned, x87 is not at hand and floating point
# rounds and converts in its own ways, what leans on the host shows.
#
#	aarch64.sh SOURCE BUILD
. "$(dirname "$0")/../cli/lib.sh"
ACCEL=sim
source=$1
build=$2

skip() {
	echo "aarch64: skipped: no $1: as root," \
		"dpkg --add-architecture arm64 && apt-get update &&" \
		"apt-get install gcc-aarch64-linux-gnu qemu-user-static" \
		"libelf-dev:arm64 libcmocka-dev:arm64"
	exit 77
}

for tool in meson ninja aarch64-linux-gnu-gcc qemu-aarch64-static; do
	command -v $tool >/dev/null || skip $tool
done
for lib in libelf cmocka; do
	[ -e /usr/lib/aarch64-linux-gnu/pkgconfig/$lib.pc ] ||
		skip "$lib for arm64"
done

check "it builds"
[ -f "$build/build.ninja" ] ||
	meson setup --cross-file "$source/tests/cross/aarch64.ini" \
		-Dguest=false "$build" "$source" >"$work/log" 2>&1 ||
	{ tail -n 30 "$work/log"; exit 1; }
ninja -C "$build" >"$work/log" 2>&1 || { tail -n 30 "$work/log"; exit 1; }

check "the unit and fuzz tests"
timeout 3000 meson test -C "$build" --no-rebuild --suite unit --suite fuzz \
	--print-errorlogs >"$work/log" 2>&1 ||
	{ complain "some fail"; tail -n 60 "$work/log"; }
sed -n '/^Ok:\|^Fail:\|^Skipped:/s/^/# /p' "$work/log"

native=$VMM
cat >"$work/vmm" <<END
#!/bin/sh
exec timeout 1000 qemu-aarch64-static "$build/bin/vmm" "\$@"
END
chmod +x "$work/vmm"

# on HOST ARG...: boot there; the hashes and the outputs apart.
on() {
	[ "$1" = here ] && VMM=$native || VMM=$work/vmm
	host=$1
	shift
	boot --hash "$@"
	grep '^vmm: state hash' "$work/err" >"$work/$host.hash" ||
		complain "no hash on $host: $(head -n 3 "$work/err")"
	cp "$work/out" "$work/$host.out"
}

# same ARG...: equal on both.
same() {
	on here "$@"
	on there "$@"
	expect_same "$work/here.hash" "$work/there.hash"
	expect_same "$work/here.out" "$work/there.out"
	echo "# $(wc -l <"$work/here.hash") states"
}

kernel=$IMAGES/kernel.elf
check "the kernel's boot"
same --hash-every 1000 "$kernel" --break-at 20k
check "rinit and what is typed"
same --hash-every 10k "$kernel" --init "$IMAGES/rinit.elf" \
	--type 'start child\nsend raw 5\nlist\n'
check "the EVM init"
same --hash-every 10k "$kernel" --init "$IMAGES/evm-init.elf"
for guest in "$GUESTS"/*.elf; do
	check "$(basename "$guest")"
	same --hash-every 20k --mem 8M --cpu max "$guest" --break-at 100k
done

check "a snapshot goes on at the other"
on here "$kernel" --init "$IMAGES/evm-init.elf" --snapshot "$work/s@100k"
on there --restore "$work/s"
tail -n 1 "$work/here.hash" >"$work/want"
expect_same "$work/want" "$work/there.hash"

finish
