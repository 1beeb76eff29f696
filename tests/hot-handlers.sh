#!/bin/sh
# hot-handlers.sh VMM: the simulator's hot functions use no stack. Each ends
# by a jump to the next one; a call in one of them makes the compiler save
# registers in all its runs, and nothing but this test would tell.
command -v objdump >/dev/null || exit 77
objdump -d --no-show-raw-insn "$1" | awk '
	/^[0-9a-f]+ <.*>:$/ {
		name = substr($2, 2, length($2) - 3)
		hot = name ~ /^(ADD|OR|ADC|SBB|AND|SUB|XOR|CMP|TEST)_[RM][RMI]X?_[148]d?(_[0-9a-f])?$/ ||
		      name ~ /^(mov|movzx|movsx|imul|mul)_[RM][RMI]X?_[1248](_[48])?$/ ||
		      name ~ /^(lea|lea_x|imul_imm|inc|dec|not|neg|bswap|(rol|ror|shl|shr|sar)_(imm|cl))_[48]$/ ||
		      name ~ /^(if_.|setcc_.|cmov_._[48])$/ ||
		      name ~ /^hot_(jmp|jmp_RR|jmp_RMX?|call|call_r|ret|push|pop|leave)$/
		found += hot
	}
	hot && /\t(push|call|sub +\$0x[0-9a-f]+,%rsp)/ { bad[name] = $0 }
	END {
		for (name in bad) {
			print name ": " bad[name]
			failed = 1
		}
		print found " functions looked at"
		exit failed || found < 5000
	}'
