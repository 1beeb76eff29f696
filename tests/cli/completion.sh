# The shells' completions: each shell reads its script and completes by it.
. "$(dirname "$0")/lib.sh"
[ -z "${SLOW:-}" ] || exit 77 # nothing of it depends on the processor

for shell in bash zsh fish; do
	vmm completion $shell
	expect_status 0
	cp "$work/out" "$work/$shell"
done
vmm completion
expect_status 2
vmm completion tcsh
expect_status 2

# completed PATTERN: one of the candidates.
completed() {
	expect "$work/out" "$1"
}

# in_bash WORD...: what completes the last word.
in_bash() {
	"$bash" --norc -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_vmm; printf "%s\n" "${COMPREPLY[@]}"' "$work/bash" "$@" \
		>"$work/out" 2>"$work/err" || complain "bash: $(cat "$work/err")"
}

if bash=$(command -v bash); then
	check "bash"
	"$bash" --norc -n "$work/bash" || complain "bash cannot read it"
	in_bash vmm do
	completed '^doctor$'
	in_bash vmm boot --ac
	completed '^--accel$'
	in_bash vmm boot --accel ''
	completed '^kvm$'
	completed '^sim$'
	in_bash vmm boot --accel = s
	completed '^sim$'
	expect_not "$work/out" kvm
	in_bash vmm --disp
	completed '^--display$'
	in_bash vmm test --ju
	completed '^--junit$'
	in_bash vmm completion ''
	completed '^fish$'
	cd "$work" && : >image.elf
	in_bash vmm test im
	completed '^image.elf$'
	in_bash vmm boot --init im
	completed '^image.elf$'
	in_bash vmm boot --timeout ''
	expect_not "$work/out" image
	"$bash" --norc -c '. "$0"; complete -p vmm' "$work/bash" >"$work/out"
	completed '-F _vmm vmm'
fi

if fish=$(command -v fish); then
	check "fish"
	in_fish() {
		HOME=$work "$fish" -c "source '$work/fish'; complete -C '$*'" \
			>"$work/out" 2>"$work/err" || complain "fish"
		[ ! -s "$work/err" ] || complain "fish: $(cat "$work/err")"
	}
	in_fish vmm do
	completed '^doctor	'
	in_fish vmm boot --ac
	completed '^--accel	'
	in_fish 'vmm boot --accel '
	completed '^sim	'
	in_fish vmm k.elf --disp
	completed '^--display	'
	in_fish 'vmm completion '
	completed '^zsh'
fi

if zsh=$(command -v zsh); then
	check "zsh"
	"$zsh" -f -n "$work/zsh" || complain "zsh cannot read it"
	mkdir "$work/functions"
	cp "$work/zsh" "$work/functions/_vmm"
	# A shell in a terminal of its own, a line with two tabs, what it shows.
	cat >"$work/ask" <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; fpath=(${(q)1}/functions \$fpath); autoload -U compinit
compinit -u -d ${(q)1}/dump; zstyle ':completion:*' list-prompt ''; LISTMAX=999; stty columns 200; echo rea''dy"
zpty -r -m z out '*ready*'
zpty -w -n z "$2"$'\t\t'
end=$((SECONDS + $4)) shown=
while (( SECONDS < end )) && [[ $shown != *$~3* ]]; do
	zpty -r -t z out && shown+=$out
	sleep 0.05
done
zpty -d z
print -r -- $shown
END
	# in_zsh LINE PATTERN
	in_zsh() {
		TERM=xterm HOME=$work "$zsh" -f "$work/ask" "$work" "$1" "$2" $PATIENCE \
			>"$work/out" 2>&1
		expect "$work/out" "$2"
	}
	in_zsh 'vmm do' 'doctor'
	in_zsh 'vmm boot --accel=' 'kvm'
	in_zsh 'vmm test --jun' '--junit'
	in_zsh 'vmm completion ' 'fish'
fi

finish
