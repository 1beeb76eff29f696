#!/bin/bash
# nested-kvm-rig.sh - run a program on a machine with a hardware-style KVM.
#
# For hosts whose own /dev/kvm is missing or unusual: boots Debian's packaged
# kernel under QEMU's TCG (pure software, no KVM needed on the host).  TCG
# emulates AMD SVM including nested paging, so Debian's unmodified kvm_amd
# loads inside and provides a genuine /dev/kvm.  The program runs there as
# root from a small initramfs; its output and exit code come back to the caller.
#
#   nested-kvm-rig.sh [options] PROGRAM [ARGS...]
#
#     -f SRC[:DST]  also copy file or directory SRC into the guest; DST defaults
#                   to /root/<basename>, the guest's working directory is /root
#     -e NAME=VAL   set an environment variable for the program
#     -t SECONDS    kill everything after this wall time (default 120)
#     -m MIB        guest memory (default 512)
#     -s CPUS       number of guest CPUs (default 1; more run in parallel)
#     -c CPU        QEMU -cpu model (default max,la57=off)
#     -M MACHINE    QEMU machine (default pc; q35 works too)
#     -k PARAMS     more kernel command-line words (e.g. kvm_amd.npt=0)
#     -a ARG        one extra QEMU argument (repeatable)
#     -l FILE       keep the guest kernel's console log in FILE
#     -v            show the kernel console log on stderr as it appears
#     -p            only fetch and unpack what is needed, then stop
#     -T            print wall times on stderr
#
# PROGRAM is best linked statically.  A dynamic one, and each dynamic one among
# the files, has the libraries that ldd names copied along.  A #!/bin/sh script works too: busybox is in the guest.
# stdin of the program is /dev/null; stdout and stderr arrive merged on the
# caller's stdout, byte for byte.
#
# Exit code: the program's own (128+N if signal N ended it);
#            77 = something the rig needs is not here (tests skip),
#            124 = wall time ran out, 125 = the rig itself failed
#            (a line on stderr starting with "nested-kvm-rig:" says why).
#
# Known gaps of the emulated SVM (QEMU 7.2), all else tried works as on hardware:
# KVM_GUESTDBG_USE_SW_BP and _USE_HW_BP never trigger (TCG ignores the #BP
# intercept for int3, and does not arm breakpoints when VMRUN loads DR7; single
# step works); a guest's xsetbv is not intercepted, so KVM forgets XCR0 at the
# next exit unless the VMM sets it with KVM_SET_XCRS too; a TSS of type "busy",
# as KVM_SET_SREGS has it, grants ring 3 no port before the guest's next LTR.
#
# Needs on the host: bash 5.1, qemu-system-x86, busybox-static, cpio, and an
# apt-get able to download ONE package (the kernel, 27 MB, never installed).
# Everything is kept in $NESTED_KVM_CACHE (default vmm-kvm-rig in
# $XDG_CACHE_HOME or ~/.cache; 20 MB); once filled no network is used.  NESTED_KVM_DEB=FILE skips apt.

set -u -o pipefail

CACHE=${NESTED_KVM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/vmm-kvm-rig}
META=${NESTED_KVM_META:-linux-image-cloud-amd64}   # metapackage naming the kernel
QEMU=${QEMU:-qemu-system-x86_64}

limit=120 mem=512 cpus=1 cpu=max,la57=off machine=pc kparams= log= verbose= prepare= times=
files=() envs=() qargs=()

die() { echo "nested-kvm-rig: $*" >&2; exit 125; }
absent() { echo "nested-kvm-rig: skipped: $*" >&2; exit 77; }
usage() { sed -n '2,/^$/{/^#/!d;s/^# \{0,1\}//;p}' "$0"; }

while getopts f:e:t:m:s:c:M:k:a:l:vpTh o; do
	case $o in
	f) files+=("$OPTARG") ;;
	e) envs+=("$OPTARG") ;;
	t) limit=$OPTARG ;;
	m) mem=$OPTARG ;;
	s) cpus=$OPTARG ;;
	c) cpu=$OPTARG ;;
	M) machine=$OPTARG ;;
	k) kparams+=" $OPTARG" ;;
	a) qargs+=("$OPTARG") ;;
	l) log=$OPTARG ;;
	v) verbose=1 ;;
	p) prepare=1 ;;
	T) times=1 ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 125 ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$prepare" ] || [ $# -ge 1 ] || { usage >&2; exit 125; }

W= qpid= opid= vpid= spid=             # scratch directory, children
cleanup() {
	[ -z "$qpid" ] || kill -9 "$qpid" 2>/dev/null
	[ -z "$opid" ] || kill "$opid" 2>/dev/null
	[ -z "$vpid" ] || kill "$vpid" 2>/dev/null
	[ -z "$spid" ] || kill "$spid" 2>/dev/null
	[ -z "$W" ] || rm -rf "$W"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---------------------------------------------------------------- preparation

# Fetch the kernel package and unpack only the image and the KVM modules.
# Done in a scratch directory and moved into place at the end, so that two
# first runs at once cannot see each other's half-made files.
prepare_cache() {
	local w deb pkg rel
	for t in "$QEMU" cpio dpkg-deb busybox; do
		command -v "$t" >/dev/null || absent "needs $t (apt-get install qemu-system-x86 busybox-static cpio)"
	done
	ldd "$(command -v busybox)" >/dev/null 2>&1 && absent "busybox is not static (apt-get install busybox-static)"
	mkdir -p "$CACHE" || die "cannot make $CACHE"
	w=$(mktemp -d "$CACHE/new.XXXXXX") || die "cannot write in $CACHE"
	W=$w
	deb=${NESTED_KVM_DEB:-}
	if [ -z "$deb" ]; then
		# The metapackage depends on the current versioned kernel package.
		pkg=$(apt-cache depends "$META" | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -1)
		[ -n "$pkg" ] || absent "apt knows no $META (run apt-get update?)"
		echo "nested-kvm-rig: fetching $pkg (first use)" >&2
		# _apt cannot write in root's directories; let apt download as the caller.
		(cd "$w" && apt-get -q -o APT::Sandbox::User=root download "$pkg" >apt.log 2>&1) ||
			{ cat "$w/apt.log" >&2; absent "cannot download $pkg"; }
		deb=$(ls "$w"/linux-image-*.deb)
	fi
	# Unpack just what is needed: dpkg-deb --fsys-tarfile keeps it to 20 MB.
	mkdir "$w/x"
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$w/x" --wildcards \
		'./boot/vmlinuz-*' './boot/config-*' \
		'*/virt/lib/irqbypass.ko*' '*/arch/x86/kvm/*.ko*' '*/drivers/crypto/ccp/ccp.ko*' 2>/dev/null
	# (tar complains about patterns without a match, e.g. no ccp.ko; the checks below decide.)
	ls "$w"/x/boot/vmlinuz-* >/dev/null 2>&1 || die "no vmlinuz in $deb"
	rel=$(basename "$w"/x/boot/vmlinuz-*); rel=${rel#vmlinuz-}

	# Modules may be compressed in later Debian releases; busybox insmod in the
	# guest wants them plain.
	mkdir -p "$w/root"/{bin,dev,proc,sys,tmp,root,etc,rig}
	find "$w/x" -name '*.ko*' | while read -r m; do
		case $m in
		*.xz)  xz -dc "$m" >"$w/root/rig/$(basename "$m" .xz)" ;;
		*.zst) zstd -qdc "$m" >"$w/root/rig/$(basename "$m" .zst)" ;;
		*)     cp "$m" "$w/root/rig/" ;;
		esac
	done
	rm -f "$w/root/rig/kvm-intel.ko"          # TCG has no VMX
	for m in irqbypass kvm kvm-amd; do
		[ -s "$w/root/rig/$m.ko" ] || die "no $m.ko in $deb"
	done
	cp "$(command -v busybox)" "$w/root/bin/busybox"
	busybox --list | while read -r a; do [ "$a" = busybox ] || ln -s busybox "$w/root/bin/$a"; done
	guest_init >"$w/root/init"; chmod 755 "$w/root/init"
	(cd "$w/root" && find . | cpio -o -H newc --quiet -R 0:0) >"$w/base.cpio" || die "cpio failed"
	cp "$w"/x/boot/vmlinuz-* "$w/vmlinuz"
	cp "$w"/x/boot/config-* "$w/config"
	echo "$rel" >"$w/release"
	rm -rf "$w/x" "$w/root" "$w"/linux-image-*.deb "$w/apt.log"
	chmod 755 "$w"
	mv -T "$w" "$CACHE/ready" 2>/dev/null || rm -rf "$w"   # lost a race: theirs is as good
	W=
	[ -s "$CACHE/ready/base.cpio" ] || die "could not fill $CACHE"
}

# The guest's /init.  ttyS0 is the kernel console and carries the rig's own
# status lines; ttyS1 belongs to the program alone.
guest_init() {
	cat <<'INIT'
#!/bin/sh
export PATH=/bin HOME=/root TERM=dumb
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mkdir -p /dev/shm /dev/pts
ip link set lo up 2>/dev/null
stop() { echo "RIG-$1"; reboot -f; }
for m in irqbypass ccp kvm kvm-amd; do
	[ -f /rig/$m.ko ] || continue
	# module parameters written "kvm_amd.npt=0" on the kernel command line
	n=$(echo $m | tr - _) p=
	for w in $(cat /proc/cmdline); do case $w in $n.*=*) p="$p ${w#$n.}";; esac; done
	insmod /rig/$m.ko $p || stop "FAIL insmod $m"
done
[ -c /dev/kvm ] || stop "FAIL no /dev/kvm"
stty -F /dev/ttyS1 raw -echo 115200
cd /root
echo "RIG-START"
sh /rig/run </dev/null >/dev/ttyS1 2>&1
code=$?
stty -F /dev/ttyS1 sane 2>/dev/null      # waits until the port has drained
stop "EXIT $code"
INIT
}

command -v "$QEMU" >/dev/null && command -v cpio >/dev/null ||
	absent "needs $QEMU and cpio (apt-get install qemu-system-x86 cpio)"
[ -s "$CACHE/ready/base.cpio" ] || prepare_cache
[ -z "$prepare" ] || exit 0

# ------------------------------------------------------------- this run's part

t0=$(date +%s%N)
W=$(mktemp -d "${TMPDIR:-/tmp}/nested-kvm-rig.XXXXXX") || die "cannot make a scratch directory"
R=$W/root
mkdir -p "$R/rig" "$R/root"
prog=$1; shift
[ -f "$prog" ] || die "no such program: $prog"
cp -L "$prog" "$R/rig/prog" && chmod 755 "$R/rig/prog" || die "cannot copy $prog"
for f in ${files[@]+"${files[@]}"}; do
	src=${f%%:*} dst=/root/$(basename "${f%%:*}")
	case $f in *:*) dst=${f#*:} ;; esac
	mkdir -p "$R$(dirname "$dst")" && cp -aL "$src" "$R$dst" || die "cannot copy $src"
done
# Shared libraries of dynamic programs, where the loader will look for them.
find "$R" -type f -perm -u+x | while read -r p; do
	ldd "$p" 2>/dev/null
done >"$W/ldd"
sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' "$W/ldd" | sort -u |
while read -r l; do
	mkdir -p "$R$(dirname "$l")" && cp -L "$l" "$R$l"
done
quote() { printf "'%s' " "${1//\'/\'\\\'\'}"; }
{
	for e in ${envs[@]+"${envs[@]}"}; do printf 'export '; quote "$e"; echo; done
	printf 'exec /rig/prog '
	for a in "$@"; do quote "$a"; done
	echo
} >"$R/rig/run"
# Later archives in an initramfs add to (and override) earlier ones.
(cd "$R" && find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0) >"$W/extra.cpio" || die "cpio failed"
cat "$CACHE/ready/base.cpio" "$W/extra.cpio" >"$W/initrd"
rm -rf "$R"

# ------------------------------------------------------------------- the guest

[ -n "$log" ] || log=$W/console
: >"$log" || die "cannot write $log"
mkfifo "$W/out"
cat "$W/out" & opid=$!
if [ -n "$verbose" ]; then tail -n +1 -f "$log" >&2 & vpid=$!; fi

# tsc=reliable no_timer_check: calibration loops mean little under emulation.
# mitigations=off: TCG has no speculation to guard against, only the cost.
# pdeathsig: QEMU does not outlive this script even if that is killed outright.
guard=()
setpriv --pdeathsig KILL true 2>/dev/null && guard=(setpriv --pdeathsig KILL)
${guard[@]+"${guard[@]}"} "$QEMU" -accel tcg,thread=multi -cpu "$cpu" -M "$machine" -m "$mem" -smp "$cpus" \
	-nodefaults -no-user-config -display none -no-reboot \
	-kernel "$CACHE/ready/vmlinuz" -initrd "$W/initrd" \
	-append "console=ttyS0 quiet panic=-1 reboot=t nokaslr mitigations=off no_timer_check tsc=reliable nowatchdog random.trust_cpu=on$kparams" \
	-serial "file:$log" -serial "file:$W/out" \
	${qargs[@]+"${qargs[@]}"} </dev/null >"$W/qemu.msg" 2>&1 &
qpid=$!
t1=$(date +%s%N)

# Wall-time limit: whichever of the two ends first.
sleep "$limit" & spid=$!
expired= first=
wait -n -p first "$qpid" "$spid"; qrc=$?
if [ "$first" = "$spid" ]; then
	expired=1 spid=
	kill -9 "$qpid" 2>/dev/null; wait "$qpid" 2>/dev/null; qrc=$?
else
	kill "$spid" 2>/dev/null; wait "$spid" 2>/dev/null; spid=
fi
qpid=
t2=$(date +%s%N)
# If QEMU died before opening the fifo, its reader would wait for ever.
[ -z "$opid" ] || { : 2>/dev/null 1<>"$W/out"; wait "$opid" 2>/dev/null; opid=; }
[ -z "$vpid" ] || { kill "$vpid" 2>/dev/null; wait "$vpid" 2>/dev/null; vpid=; }
[ -z "$times" ] || echo "nested-kvm-rig: prepare $(((t1 - t0) / 1000000)) ms, guest $(((t2 - t1) / 1000000)) ms" >&2

status=$(tr -d '\r' <"$log" | sed -n 's/.*RIG-\(EXIT [0-9]*\|FAIL .*\)$/\1/p' | tail -1)
case $status in
EXIT\ *) exit "${status#EXIT }" ;;
esac
tail -15 "$log" >&2
grep -v 'TCG doesn.t support requested feature' "$W/qemu.msg" >&2
[ -z "$expired" ] || { echo "nested-kvm-rig: no end after $limit s" >&2; exit 124; }
die "guest ended without a result (qemu exit $qrc${status:+, $status})"
