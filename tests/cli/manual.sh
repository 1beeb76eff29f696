# Every option in the help is in the manual, and every exit status, too.
. "$(dirname "$0")/lib.sh"
manual=$(dirname "$0")/../../docs/vmm.1
[ -f "$manual" ] || exit 77 # not the source tree

check "the manual has each option of the help"
vmm help boot
expect_status 0
options=$(sed -n 's/^.*  --\([a-z0-9-]*\).*/\1/p; s/^.*, --\([a-z0-9-]*\).*/\1/p' \
	"$work/out")
[ "$(echo "$options" | wc -l)" -ge 17 ] || complain "too few options found"
for option in $options; do
	expect "$manual" "^\.It.* Fl Fl $option\( \|$\)"
done

check "the help has each option of the manual"
vmm --help
cat "$work/out" >"$work/help"
vmm help boot
cat "$work/help" >>"$work/out"
for option in $(sed -n 's/^\.It .*Fl Fl \([a-z0-9-]*\).*/\1/p' "$manual"); do
	expect "$work/out" "--$option\( \|$\)"
done

check "and each exit status"
for status in $(sed -n 's/^\.It \([0-9]*\)$/\1/p' "$manual"); do
	expect "$work/out" " $status  "
done

check "the other pages have each option of their help, and no others"
for page in "$(dirname "$manual")"/vmm-*.1; do
	command=$(basename "$page" .1)
	vmm help "${command#vmm-}"
	expect_status 0
	sed -n 's/^  .\{0,6\}--\([a-z0-9-]*\).*/\1/p' "$work/out" | sort -u \
		>"$work/helped"
	sed -n 's/^\.It .*Fl Fl \([a-z0-9-]*\).*/\1/p' "$page" | sort -u \
		>"$work/paged"
	expect_same "$work/helped" "$work/paged"
done

evm=$(dirname "$VMM")/evm
if [ -x "$evm" ]; then
	check "evm's page has each command and option of its help"
	commands=$("$evm" --help 2>&1 | sed -n 's/^  \([a-z0-9]*\) .*/\1/p')
	[ "$(echo "$commands" | wc -l)" -ge 9 ] ||
		complain "too few commands found"
	for command in $commands; do
		expect "$(dirname "$manual")/evm.1" "[ m]$command"
		"$evm" "$command" --help 2>&1 |
			sed -n 's/^  .*\(--[a-z0-9.]*\).*/\1/p'
	done | sort -u >"$work/options"
	while read -r option; do
		expect "$(dirname "$manual")/evm.1" "Fl Fl ${option#--}"
	done <"$work/options"
fi

finish
