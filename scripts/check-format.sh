#!/bin/sh
# check-format.sh: is all C as .clang-format has it? Skips without
# clang-format 14, since other versions differ in taste.
cd "$(dirname "$0")/.." || exit 2

clang-format --version 2>/dev/null | grep -q 'version 14\.' || {
	echo "check-format: skipped: no clang-format 14"
	exit 77
}
files=$(git ls-files '*.c' '*.h' 2>/dev/null)
[ -n "$files" ] || exit 77
# shellcheck disable=SC2086
clang-format --dry-run -Werror $files
