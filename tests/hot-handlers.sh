#!/bin/sh
# hot-handlers.sh VMM: the simulator's hot functions use no stack. Each ends
# by a jump to the next one; a call in one of them makes the compiler save
# registers in all its runs, and nothing but this test would tell.
command -v objdump >/dev/null || exit 77
objdump -d --no-show-raw-insn "$1" | awk '
	/^[0-9a-f]+ <.*>:$/ {
		name = substr($2, 2, length($2) - 3)
		hot = name ~ /^(mov_to_rm|mov_from_rm|mov_imm|movzx|movsx|xchg|cmov_.|setcc_.|(rm_reg|reg_rm|rm_imm)_[A-Z]+|INC|DEC|NOT|NEG|(by_imm|by_cl)_(ROL|ROR|SHL|SHR|SAR)|mul|imul|imul_reg|imul_imm)_[rm][1248]$/ ||
		      name ~ /^(jcc_.|lea64|lea32|push_reg64|pop_reg64|exec_jmp|exec_jmp_rm64|exec_call64|exec_call_rm64|exec_ret64|exec_leave64|exec_end)$/
		found += hot
	}
	hot && /\t(push|call|sub +\$0x[0-9a-f]+,%rsp)/ { bad[name] = $0 }
	END {
		for (name in bad) {
			print name ": " bad[name]
			failed = 1
		}
		print found " functions looked at"
		exit failed || found < 300
	}'
