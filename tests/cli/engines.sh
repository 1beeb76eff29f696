# Two engines, one answer: the plain core and the fast one agree on the whole
# state (registers, memory, devices, clock) again and again on the way.
. "$(dirname "$0")/lib.sh"
ACCEL=sim
kernel=$IMAGES/kernel.elf

# same EVERY ARG...: compare each EVERY instructions.
same() {
	every=$1
	shift
	for engine in fast reference; do
		boot --engine $engine --hash-every "$every" --hash "$@"
		cp "$work/out" "$work/$engine.out"
		grep hash "$work/err" >"$work/$engine.hash"
	done
	expect_same "$work/fast.out" "$work/reference.out"
	expect_same "$work/fast.hash" "$work/reference.hash"
	echo "# $(wc -l <"$work/fast.hash") states"
}

check "the kernel's boot, closely"
same 97 "$kernel" --break-at 10k
check "the EVM init"
same 1000 "$kernel" --init "$IMAGES/evm-init.elf"
check "rinit and what is typed"
same 1000 "$kernel" --init "$IMAGES/rinit.elf" \
	--type 'start child\nsend raw 5\nsend cap 0\nlist\necho x\n'
check "every 100000"
same 100k "$kernel" --init "$IMAGES/rinit.elf" --type 'list\nlist\nlist\n'
for guest in "$GUESTS"/*.elf; do
	check "$(basename "$guest")"
	same 50 "$guest" --break-at 2k # some have no end
done

check "and they are not one: only the fast one keeps blocks"
boot --engine reference "$kernel" --break-at 20k --stats
expect "$work/err" 'blocks 0$'

finish
