# shellcheck shell=bash
# For the scripts beside it: what they need, installed where apt is, and a
# private Redis. To be sourced, in the root of the repository.

have() { command -v "$1" >/dev/null 2>&1; }

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

interactive=false # whether somebody is there to type a password
[ -t 0 ] && interactive=true

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif ! have sudo; then
		die "This needs root, and there is no sudo. As root, run: $*"
	elif $interactive; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq "$@" </dev/null
}

# apt_install PACKAGE...: installs the first of these packages that apt has,
# and with it those that follow a plus sign.
apt_install() {
	local package update output
	echo "Installing ${1%%+*} with apt-get ..."
	# The lists may be missing, as in a container, or old.
	for update in false true; do
		if $update; then
			apt update || die "apt-get update failed, and ${1%%+*} is needed."
		fi
		for package in "$@"; do
			# shellcheck disable=SC2086 # one word for each package
			output=$(apt install -y --no-install-recommends ${package//+/ } 2>&1) && return
		done
	done
	die "apt-get could not install $1:
$output"
}

# need PROGRAM PACKAGE...: installs a program unless it is there; see apt_install.
need() {
	local program=$1
	shift
	have "$program" && return
	have apt-get || die "$program is missing, and there is no apt-get to install it with. Install it and try again."
	apt_install "$@"
	have "$program" || die "$program is still missing though apt-get installed it."
}

need_go() {
	have go || PATH=$PATH:/usr/local/go/bin
	have go || die "There is no go command on PATH. Install Go 1.25 or later from https://go.dev/dl/."
	local problem
	problem=$(go list -m 2>&1 >/dev/null) || die "This needs Go 1.25 or later; this is $(go version).
$problem"
}

# need_redis sets redis_server.
need_redis() {
	local name
	redis_server=
	for name in redis-server valkey-server; do
		have "$name" && redis_server=$name && return
	done
	have apt-get || die "A Redis is needed: redis-server or valkey-server on PATH. Install one and try again:
  macOS           brew install redis
  Fedora, RHEL    sudo dnf install valkey    (or redis)
  Arch            sudo pacman -S valkey
  Alpine          apk add valkey             (or redis)"
	apt_install redis-server valkey-server
	echo "Note: where systemd runs, Debian also starts the service on port 6379. It is not used here."
	for name in redis-server valkey-server; do
		have "$name" && redis_server=$name && return
	done
	die "There is still no redis-server or valkey-server on PATH."
}

# need_chromium asks for the browser that the tests of report.html run in.
need_chromium() {
	local name
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		have "$name" && return
	done
	need chromium chromium
}

# need_bash_completion installs the functions on which completion in bash rests.
need_bash_completion() {
	local dir
	for dir in /usr /usr/local /opt/homebrew; do
		[ -r "$dir/share/bash-completion/bash_completion" ] && return
	done
	have apt-get || die "bash-completion is missing, and there is no apt-get to install it with. Install it and try again."
	apt_install bash-completion
}

redis_pid=

# start_redis DIR [ARGUMENT...]: starts redis_server on a free port of the
# loopback interface, with its files in DIR, and sets redis_pid and redis_port.
# The caller must see to it that stop_redis runs.
start_redis() {
	local dir=$1 log=$1/redis.log
	shift
	redis_port=6399
	for _ in 1 2 3 4 5 6 7 8; do
		# In a process group of its own, so that ^C leaves it to us.
		set -m
		"$redis_server" --port "$redis_port" --bind 127.0.0.1 --dir "$dir" --save '' --appendonly no "$@" >"$log" 2>&1 </dev/null &
		redis_pid=$!
		set +m
		for _ in $(seq 200); do
			# Only its own word counts: another server may answer at a port that is taken.
			grep -q 'Ready to accept connections' "$log" && return
			kill -0 "$redis_pid" 2>/dev/null || break
			sleep 0.05
		done
		stop_redis
		grep -qi 'in use' "$log" || break
		redis_port=$((20000 + RANDOM % 20000))
	done
	die "$redis_server did not start. It said:
$(cat "$log")"
}

stop_redis() {
	[ -n "$redis_pid" ] || return 0
	kill "$redis_pid" 2>/dev/null || true
	wait "$redis_pid" 2>/dev/null || true
	redis_pid=
}
