# lib.sh: what the scripts share: set-up on a bare Debian 12, and the build.
# Sourced by bash scripts that stand in this folder.

set -eu
CALLER=$PWD # where relative paths of the person's mean something
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Where to build, and more words for `meson setup` there; CC chooses the
# compiler, as meson knows it.
BUILD=${BUILD:-build}
SETUP=${SETUP:-}

PACKAGES="gcc libc6-dev binutils meson ninja-build pkg-config libelf-dev libdw-dev
	libcmocka-dev libzydis-dev libpng-dev libjansson-dev libseccomp-dev
	libreadline-dev"

say() {
	echo "$(basename "$0"): $*" >&2
}

# Those of the named Debian packages that are not installed.
missing_packages() {
	local p

	for p in "$@"; do
		# A line for each architecture that has it.
		dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null |
			grep -qx installed || echo "$p"
	done
}

# Install packages, or say what to type and stop.
install_packages() {
	local missing line

	if ! command -v dpkg-query >/dev/null; then
		say "not a Debian system: make sure that what these Debian" \
			"packages hold is installed:" "$@"
		return
	fi
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	line="apt-get install -y --no-install-recommends $missing"
	if [ "$(id -u)" = 0 ]; then
		set --
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true; } \
		2>/dev/null; then
		set -- sudo
	else
		say "packages are missing; as root, run: $line"
		exit 1
	fi
	say "installing: $missing"
	"$@" env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
	# shellcheck disable=SC2086
	"$@" env DEBIAN_FRONTEND=noninteractive $line >&2
}

# Configure once, build what changed; quiet when all is well.
build() {
	local log=$BUILD/build.log

	if [ ! -f "$BUILD/build.ninja" ]; then
		mkdir -p "$BUILD"
		say "configuring in $BUILD/"
		# shellcheck disable=SC2086
		meson setup "$BUILD" $SETUP >"$log" 2>&1 || {
			cat "$log" >&2
			rm -f "$BUILD/build.ninja"
			say "meson setup failed: see above"
			exit 1
		}
	fi
	ninja -C "$BUILD" >"$log" 2>&1 || {
		grep -v '^\[[0-9]*/' "$log" >&2 || true
		say "the build failed: see above"
		exit 1
	}
}
