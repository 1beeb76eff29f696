# Options from a file and from the environment: which counts, and slips.
. "$(dirname "$0")/lib.sh"
[ -z "${SLOW:-}" ] || exit 77 # nothing of it depends on the processor

check "without a file nothing is configured"
unset VMM_CONFIG
XDG_CONFIG_HOME=$work vmm config --show-origin
expect_status 0
expect "$work/out" '/vmm/config.toml (not there)$'
[ "$(wc -l <"$work/out")" = 1 ] || complain "more than one line"

check "one that VMM_CONFIG names has to be there"
VMM_CONFIG=$work/config.toml
export VMM_CONFIG
vmm boot "$GUESTS/exit.elf"
expect_status 2
expect "$work/err" 'config.toml: cannot be read: No such file.*VMM_CONFIG names'
[ ! -s "$work/out" ] || complain "it ran"

check "file, environment, command line, in that order"
cat >"$VMM_CONFIG" <<END
[boot]
accel = "$ACCEL"
mem = "32M"
smp = 1
stats = true
verbose = true
[test]
jobs = 1
END
VMM_BOOT_VERBOSE=0 VMM_BOOT_MEM=16M vmm config --show-origin
expect_status 0
expect "$work/out" "^boot.accel = \"$ACCEL\"	$VMM_CONFIG:2$"
expect "$work/out" '^boot.mem = "16M"	environment VMM_BOOT_MEM$'
expect "$work/out" '^boot.verbose = "0"	environment VMM_BOOT_VERBOSE$'
expect "$work/out" "^test.jobs = \"1\"	$VMM_CONFIG:8$"
vmm config
expect "$work/out" '^boot.smp = "1"$'
vmm boot "$GUESTS/exit.elf"
expect_status 0
expect "$work/err" 'with 32 MiB'
expect "$work/err" 'guest time'
VMM_BOOT_MEM=16M vmm boot "$GUESTS/exit.elf"
expect "$work/err" 'with 16 MiB'
VMM_BOOT_MEM=16M vmm boot --mem 8M "$GUESTS/exit.elf"
expect "$work/err" 'with 8 MiB'
VMM_BOOT_VERBOSE=false vmm boot "$GUESTS/exit.elf"
expect_not "$work/err" 'MiB'

check "an empty name is no file"
VMM_CONFIG='' vmm config
[ ! -s "$work/out" ] || complain "something is configured"

check "vmm test does as its list says, whatever [boot] has"
printf '[boot]\nserial = "null"\n' >"$VMM_CONFIG"
vmm test --tap "$work/tap" --json - "$GUESTS/say.elf" -- --accel "$ACCEL" \
	--append 'heard|'
expect "$work/out" '"out":"heard\\n"'

# slip TEXT PATTERN
slip() {
	printf '%b\n' "$1" >"$VMM_CONFIG"
	vmm boot "$GUESTS/exit.elf"
	expect_status 2
	expect "$work/err" "$2"
	[ ! -s "$work/out" ] || complain "it ran"
}

check "slips are refused, with their place"
slip '[boot]\nacel = "sim"' 'line 2: .*did you mean .accel'
slip '[bot]\n' 'line 1: .*did you mean .boot'
slip '[boot]\nmem = "64X"' 'line 2: .mem. is refused'
slip '[boot]\nmem = ["1M"]' 'line 2: .mem. is to be one value'
slip '[boot]\nstats = 7' 'neither true nor false'
slip '[boot]\ninit = "x"' 'cannot have .init'
slip 'accel = "sim"' 'line 1: .accel. stands in no'
slip '[boot\n' "line 1: a table's name"
: >"$VMM_CONFIG"
VMM_BOOT_ACCEL=tcg vmm boot "$GUESTS/exit.elf"
expect_status 2
expect "$work/err" 'environment: VMM_BOOT_ACCEL is refused'
VMM_BOOT_MEN=1M vmm boot "$GUESTS/exit.elf"
expect_status 0
expect "$work/err" 'environment: VMM_BOOT_MEN is no option'

check "help needs no configuration"
echo '[' >"$VMM_CONFIG"
vmm help
expect_status 0
vmm --version
expect_status 0
vmm config
expect_status 2

finish
