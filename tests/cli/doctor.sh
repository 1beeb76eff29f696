# vmm doctor on faked hosts: each trouble is said, with what to do.
. "$(dirname "$0")/lib.sh"
[ -z "${SLOW:-}" ] || exit 77 # nothing of it depends on the processor

VMM_DOCTOR_ROOT=$work/root
export VMM_DOCTOR_ROOT
mkdir -p "$work/root/proc/sys/kernel/seccomp"

cpuinfo() {
	printf 'processor\t: 0\nvendor_id\t: %s\nmodel name\t: A B C\nflags\t\t: %s\n' \
		"$1" "$2" >"$work/root/proc/cpuinfo"
}

# says HEALTH CHECK PATTERN
says() {
	expect "$work/out" "^$1  $2 .*$3"
}

check "a host with all"
cpuinfo GenuineIntel 'fpu vmx sse'
echo 'MemAvailable:   8000000 kB' >"$work/root/proc/meminfo"
echo 'kill_process trap errno' >"$work/root/proc/sys/kernel/seccomp/actions_avail"
vmm doctor
case $(uname -m) in
x86_64) says PASS processor 'A B C, with VT-x' ;;
esac
says PASS simulator 'test guest took [0-9.]* ms'
says PASS memory '7812 MiB'
says PASS sandbox ''
says PASS terminal 'no terminal'
expect_not "$work/out" "$(printf '\033')"

if [ "$(uname -m)" = x86_64 ]; then
	check "virtualization that is off, in two ways"
	cpuinfo AuthenticAMD 'fpu svml sse'
	vmm doctor
	says WARN processor 'without hardware virtualization'
	expect "$work/out" 'fix: switch SVM (AMD-V) on in the firmware'
	[ "$status" != 0 ] || complain "status 0 with a warning"
	cpuinfo GenuineIntel 'fpu hypervisor'
	vmm doctor
	expect "$work/out" "fix: this is a virtual machine: .*kvm_intel's"
fi

check "no KVM, and what is none"
VMM_KVM_DEVICE=$work/none
export VMM_KVM_DEVICE
vmm doctor
says WARN 'kvm device' 'none: No such file'
says WARN 'kvm ' 'none'
expect "$work/out" 'fix: .*simulator\|fix: .*nested\|it needs Linux'
[ "$status" = 1 ] || complain "status $status"
VMM_KVM_DEVICE=/dev/null
vmm doctor
says WARN 'kvm device' '/dev/null'

check "a KVM that is not ours to open"
: >"$work/kvm"
chmod 660 "$work/kvm"
chmod 755 "$work"
VMM_KVM_DEVICE=$work/kvm
if [ "$(id -u)" != 0 ]; then
	chmod 0 "$work/kvm"
	vmm doctor
	says WARN 'kvm device' 'Permission denied'
elif command -v setpriv >/dev/null &&
	setpriv --reuid 65534 --clear-groups sh -c '"$1" --version && test -e "$2"' \
		"" "$VMM" "$work/kvm" >/dev/null 2>&1; then
	group=$(sed -n '2s/:.*//p' /etc/group) # any but root's
	chgrp "$group" "$work/kvm"
	setpriv --reuid 65534 --clear-groups "$VMM" doctor >"$work/out"
	says WARN 'kvm device' \
		"Permission denied (-rw-rw---- root:$group, you are uid 65534)"
	expect "$work/out" "fix: run .sudo usermod -aG $group .USER. and log in"
fi
unset VMM_KVM_DEVICE

check "little memory, no folder, no gdb, no display, no seccomp"
echo 'MemAvailable:   80000 kB' >"$work/root/proc/meminfo"
echo 'errno log' >"$work/root/proc/sys/kernel/seccomp/actions_avail"
PATH=$work TMPDIR=$work/none SDL_VIDEODRIVER=dummy vmm doctor
says WARN memory '78 MiB'
says WARN disk 'none'
says WARN sandbox 'errno log'
says WARN display 'SDL 2'
says WARN gdb 'no gdb'
expect "$work/out" 'fix: apt install gdb'
expect_status 1

check "JSON, an object a line"
vmm doctor --json
expect "$work/out" '^{"check":"simulator","health":"PASS","text":"'
[ "$(grep -c '^{.*}$' "$work/out")" = "$(wc -l <"$work/out")" ] ||
	complain "lines that are none"
vmm doctor --jsno
expect_status 2
vmm doctor it
expect_status 2

finish
