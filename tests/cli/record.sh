# scripts/record.py: what a program wrote is in the film, and equal sessions
# give equal films.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || exit 77
record=$(dirname "$0")/../../scripts/record.py

check "a session is recorded, each line at its time"
cat >"$work/program" <<'END'
printf '> '
while read -r line; do
	printf '\033[1m<%s>\033[0m & so\n> ' "$line"
done
END
printf 'one\nwait 3\ntwo\n' >"$work/script"
for i in 1 2; do
	python3 "$record" "$work/script" "$work/$i.svg" 40 10 sh \
		"$work/program" || complain "status $?"
done
expect_same "$work/1.svg" "$work/2.svg"
expect "$work/1.svg" 'font-weight="bold">&lt;one&gt;</text>'
expect "$work/1.svg" '>&amp; so</text>'
expect "$work/1.svg" '>&gt; two</text>'
# The prompt is there from the beginning, "two" from its last key on.
expect "$work/1.svg" '<set attributeName="visibility" to="hidden"'
python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
	"$work/1.svg" || complain "it is no XML"

finish
