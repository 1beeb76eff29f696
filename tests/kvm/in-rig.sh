#!/bin/sh
# in-rig.sh: what run.sh has run inside the emulated machine. busybox only.
#
# tests/cli/NAME.sh is run as `sh cli/NAME.sh` with VMM, IMAGES, GUESTS and
# ACCEL=kvm and SLOW set; its status counts: 0 passed, 77 skipped, else failed.

export VMM=/root/vmm IMAGES=/root/images GUESTS=/root/guests ACCEL=kvm SLOW=1
export PROCESSOR='qemu|rig' # which is under this KVM
mount -t devpts pts /dev/pts 2>/dev/null
export PYTHONDONTWRITEBYTECODE=1 PATH="$PATH:/usr/bin:/usr/local/bin"

# What has no meaning here: these promise something of the simulator only.
# kernel-panic is a panic, and ends as one; kernel-cost and the like count
# instructions, kernel-services times in them; kernel-hello and kernel-servant are programs of children.
unfit=' determinism engines inspect lib look random replay smp snapshot unable '
unfit="$unfit kernel-cost kernel-cost_message kernel-hello kernel-panic"
unfit="$unfit kernel-services kernel-servant "

# What of gdb needs no debug exits, which this KVM does not have.
sessions='gdb-attach gdb-anew gdb-args gdb-ctrl-c'
packets='an_interrupt_comes_without_breakpoints a_second_client_is_told
	clients_come_and_go packets_that_are_no_good frames_that_are_no_good
	a_gdb_that_greets_twice_gets_one_reply'

passed=0 failed=0 skipped=0

ms() {
	awk '{ printf "%d", $1 * 1000 }' /proc/uptime
}

# What a pack counted.
said() {
	sed -n 's/.*evm: state tests: \([0-9]* passed\).*/: \1/p' /tmp/log
}

run() {
	name=$1
	shift
	start=$(ms)
	"$@" >/tmp/log 2>&1
	status=$?
	took=$(($(ms) - start))
	case $status in
	0)
		passed=$((passed + 1))
		echo "ok $name ($took ms)$(said)"
		;;
	77)
		skipped=$((skipped + 1))
		echo "skipped $name: $(tail -n 1 /tmp/log)"
		;;
	*)
		failed=$((failed + 1))
		echo "FAILED $name: status $status ($took ms)"
		sed 's/^/	/' /tmp/log
		;;
	esac
}

# Where gdb's tests look for their guests; skipped without a gdb.
in_gdb() {
	command -v gdb >/dev/null || {
		echo "no gdb here"
		return 77
	}
	mkdir -p images/tests && ln -sfn /root/guests images/tests/guest
	/usr/libexec/python3 "$@"
}

# The names of the files that match, without folder and suffix.
names() {
	prefix=$1 suffix=$2
	shift 2
	for file in "$@"; do
		[ ! -f "$file" ] || echo "$prefix$(basename "$file" "$suffix")"
	done
}

# The programs of tests/guest that say what they print.
printing() {
	for file in $(grep -l '^ \* Prints:' guest-src/*.c); do
		names guest- .c "$file"
	done
}

[ $# != 0 ] ||
	set -- kvm $(names '' .sh cli/*.sh) $(names kernel- .elf kernel/*.elf) \
		$(names pack- .pack packs/*.pack) $(printing) \
		$sessions gdb-protocol
for name in "$@"; do
	case $unfit in
	*" $name "*) continue ;;
	esac
	case $name in
	kvm)
		run kvm ./test_kvm
		;;
	guest-*)
		run "$name" sh guest-src/run.sh "${name#guest-}"
		;;
	gdb-protocol)
		run "$name" in_gdb gdb/protocol.py "$VMM" images guests \
			$(printf 'test_%s ' $packets)
		;;
	gdb-wire) run "$name" sh "cli/$name.sh" ;;
	gdb-*)
		run "$name" in_gdb gdb/run.py "$VMM" images guests \
			"gdb/sessions/${name#gdb-}.gdb"
		;;
	pack-*)
		run "$name" "$VMM" boot --accel kvm --timeout 2h -m 256M \
			images/kernel.elf --init images/evm-init.elf \
			--module "packs/${name#pack-}.pack"
		;;
	kernel-child)
		run "$name" "$VMM" boot --accel kvm --timeout 60s \
			images/kernel.elf --init kernel/child.elf \
			--module kernel/hello.elf
		;;
	kernel-spaces)
		run "$name" "$VMM" boot --accel kvm --timeout 60s \
			images/kernel.elf --init kernel/spaces.elf \
			--module kernel/servant.elf
		;;
	kernel-*)
		run "$name" "$VMM" boot --accel kvm --timeout 60s \
			images/kernel.elf --init "kernel/${name#kernel-}.elf"
		;;
	*)
		run "$name" sh "cli/$name.sh"
		;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
