# The servers of scripts/interop-openssl and interop-replicas. Sourced; they are stopped by the
# process id that they were started with.

port=8080 # of the responder
responder_pid=
nginx_pid=

# start_responder OPTION...: openssl's OCSP responder on $port, in place of the one
# before, about $index, with the $clock of a wrong_clock and openssl ocsp's options. Without
# -ignore_err it ends at the first request that is malformed: no question of ours may be.
start_responder() {
	stop_responder
	env "${clock[@]}" openssl ocsp -port "$port" -CA issuing/ca.pem -index "$index" -text -out "responder-$port.log" "$@" >"responder-$port.err" 2>&1 &
	responder_pid=$!
	await "$port" "$responder_pid" "responder-$port.err"
}

stop_responder() {
	stop "$responder_pid"
	responder_pid=
}

# wrong_clock OFFSET: the next responders' clock is off by that, such as -5d. The program
# faketime itself would stand between us and the process id.
wrong_clock() {
	clock=("LD_PRELOAD=$(faketime -f +0 printenv LD_PRELOAD)" "FAKETIME=$1")
}

# start_nginx [CONFIGURATION]: that of scripts/interop, nginx.conf if none is named.
start_nginx() {
	local configuration=${1-nginx.conf}
	cp "$interop/$configuration" . # nginx looks for certificates beside it
	nginx -p "$PWD" -e nginx-error.log -c "$configuration" 2>nginx.err &
	nginx_pid=$!
	await 80 "$nginx_pid" nginx.err
}

stop_servers() {
	stop_responder
	stop "$nginx_pid"
	nginx_pid=
}

stop() {
	if [ -n "$1" ]; then
		kill "$1" 2>/dev/null || true
		wait "$1" 2>/dev/null || true
	fi
}

# await PORT PID LOG: waits until that process listens there, at most 10 seconds. It asks the
# kernel: a connection would be a request to a server that takes one at a time.
await() {
	local port=$1 pid=$2 log=$3 try
	for ((try = 0; try < 200; try++)); do
		if ss -Hltnp "sport = :$port" | grep -q "pid=$pid,"; then
			return
		fi
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	printf '%s: process %s does not listen on port %s; it said:\n' "${0##*/}" "$pid" "$port" >&2
	cat "$log" >&2
	return 1
}
