# The zones and the servers of scripts/interop-dns and interop-replicas. Sourced; everything is
# below the current folder, and the servers are stopped by the process ids that they were started
# with.

pids=()

# Who serves what, each in two networks, as name servers should be. The zone above is with knot
# alone, so that nsd knows nothing of the zones that it does not serve, and no resolver finds
# what only nsd has without going there.
knot=127.0.1.53 near=127.0.1.54 far=127.0.8.53
nsd=127.0.2.53 nsd2=127.0.12.53
resolver=127.0.0.53 filter=127.0.0.54 patient=127.0.0.55

# zone NAME SERIAL ADDRESS... <RECORDS: the zone NAME.interop. with a name server at each of
# the addresses, delegated to them from above.
zone() {
	local name=$1 serial=$2 address n=0
	shift 2
	{
		echo "\$ORIGIN $name.interop."
		echo "\$TTL 300"
		echo "@ SOA ns1 hostmaster $serial 3600 600 86400 300"
		for address; do
			n=$((n + 1))
			printf '@ NS ns%d\nns%d A %s\n' "$n" "$n" "$address"
			printf '%s NS ns%d.%s\nns%d.%s A %s\n' "$name" "$n" "$name" "$n" "$name" "$address" >>zones/interop
		done
		cat
	} >"zones/$name.interop"
}

# some_addresses COUNT: that many A records, from 127.0.0.2 on.
some_addresses() {
	local n
	for ((n = 2; n < $1 + 2; n++)); do
		printf ' A 127.0.0.%d' "$n"
		printf '\n'
	done
}

# begin_zones: the zone above the others.
begin_zones() {
	mkdir -p zones
	cat >zones/interop <<-EOT
		\$ORIGIN interop.
		\$TTL 300
		@ SOA ns1 hostmaster 1 3600 600 86400 300
		@ NS ns1
		@ NS ns2
		ns1 A $knot
		ns2 A $far
	EOT
}

make_zones() {
	local n one='crl A 127.0.0.1'
	begin_zones
	zone good 1 $knot $nsd <<-EOT
		$one
		$(some_addresses 8 | sed 's/^/many/')
		$(some_addresses 119 | sed 's/^/big/')
		six AAAA ::1
				$(for n in 0 1 2 3 4 5 6 7 8; do echo "alias$n CNAME alias$((n + 1))"; done)
		alias9 A 127.0.0.1
		ring0 CNAME ring1
		ring1 CNAME ring0
		dangling CNAME gone
		empty TXT nothing
		brief 29 A 127.0.0.1
		lasting 86401 A 127.0.0.1
	EOT
	zone lame 1 $nsd $nsd2 <<<"$one"
	zone half 1 $knot $nsd <<<"$one"
	zone dead 1 $knot 127.0.9.53 <<<"$one"
	zone silent 1 $knot 127.0.3.53 <<<"$one"
	zone slow 1 127.0.4.53 127.0.14.53 <<<"$one"
	zone truncated 1 127.0.5.53 127.0.15.53 <<<"$one"
	zone udp 1 $knot 127.0.6.53 <<<"$one"
	zone dropping 1 127.0.7.53 127.0.17.53 <<<"$one"
	zone single 1 $knot <<<"$one"
	zone near 1 $knot $near <<<"$one"
	zone signed 1 $knot $far <<<"$one"
	zone bogus 1 $knot $far <<<"$one"
	zone refused 1 $knot $nsd <<<"$one"
	zone parked 1 $knot $nsd <<<'* A 127.0.0.80'
	zone serial 1 $knot $nsd <<<"$one"
	sed 's/ hostmaster 1 / hostmaster 2 /' zones/serial.interop >zones/serial.interop.nsd
	zone missing 1 $knot $nsd <<<"$one"
	sed '/^crl /d' zones/missing.interop >zones/missing.interop.nsd
}

# start NAME COMMAND...: a server in the background, with a log.
start() {
	local name=$1
	shift
	"$@" >"$name.log" 2>&1 &
	pids+=($!)
}

# answers ADDRESS NAME: waits until that server answers about the name, at most 10 seconds.
answers() {
	local try
	for ((try = 0; try < 100; try++)); do
		if dig +short +tries=1 +time=1 "@$1" "$2" SOA 2>/dev/null | grep -q hostmaster; then
			return
		fi
		sleep 0.1
	done
	printf 'interop-dns: %s does not answer about %s; the servers said:\n' "$1" "$2" >&2
	tail -n 5 ./*.log >&2
	return 1
}

# start_knot ZONE... -- SIGNED...: knot with the zone above and these below it, the ones behind
# the dashes signed.
start_knot() {
	local name signed=
	mkdir -p knot
	{
		printf 'server:\n    rundir: %s/knot\n    pidfile: knot.pid\n    listen: [ %s@53, %s@53, %s@53 ]\n' "$PWD" $knot $near $far
		printf 'log:\n  - target: stdout\n    any: warning\n'
		printf 'database:\n    storage: %s/knot\n' "$PWD"
		printf 'zone:\n'
		printf '  - domain: interop\n    file: %s/zones/interop\n' "$PWD"
		for name; do
			if [ "$name" = -- ]; then
				signed='    dnssec-signing: on\n    zonefile-sync: -1\n    zonefile-load: difference-no-serial\n    journal-content: all\n'
				continue
			fi
			printf "  - domain: %s.interop\n    file: %s/zones/%s.interop\n$signed" "$name" "$PWD" "$name"
		done
	} >knot.conf
	start knot knotd -c knot.conf
	answers $knot "${!#}.interop"
}

start_nsd() {
	local name
	mkdir -p nsd-run
	{
		printf 'server:\n    ip-address: %s\n    ip-address: %s\n    username: ""\n    chroot: ""\n    zonesdir: "%s"\n    database: ""\n    pidfile: "%s/nsd.pid"\n    xfrdfile: "%s/nsd-run/xfrd"\n    xfrdir: "%s/nsd-run"\n    zonelistfile: "%s/nsd-run/zones"\n' \
			$nsd $nsd2 "$PWD" "$PWD" "$PWD" "$PWD" "$PWD"
		printf 'remote-control:\n    control-enable: no\n'
		for name in {good,refused,parked,slow,truncated,udp,dropping}.interop; do
			printf 'zone:\n    name: %s\n    zonefile: zones/%s\n' "$name" "$name"
		done
		for name in serial missing; do
			printf 'zone:\n    name: %s.interop\n    zonefile: zones/%s.interop.nsd\n' "$name" "$name"
		done
	} >nsd.conf
	start nsd nsd -d -c nsd.conf
	answers $nsd good.interop
}

# start_unbound FILE ADDRESS LINE...: a resolver with these lines in its configuration.
start_unbound() {
	local file=$1 address=$2
	shift 2
	{
		printf 'server:\n    interface: %s\n    chroot: ""\n    username: ""\n    directory: "%s"\n    pidfile: ""\n    use-syslog: no\n    do-daemonize: no\n' "$address" "$PWD"
		printf '    access-control: 127.0.0.0/8 allow\n    do-not-query-localhost: no\n    ede: yes\n    num-threads: 1\n'
		printf '    %s\n' "$@"
		printf 'remote-control:\n    control-enable: no\n'
		printf 'stub-zone:\n    name: interop\n    stub-addr: %s\n    stub-addr: %s\n' $knot $far
	} >"$file.conf"
	start "$file" unbound -d -p -c "$file.conf"
}

start_resolvers() {
	local signed
	signed=$(keymgr -c knot.conf signed.interop ds | awk '$5 == 2 || NF == 7 && $6 == 2 {print; exit}')
	start_unbound unbound $resolver "trust-anchor: \"$signed\"" \
		"trust-anchor: \"bogus.interop. DS 12345 13 2 $(printf '%064d' 7)\"" 'local-zone: "refused.interop." always_refuse'
	start_unbound filter $filter 'local-zone: "interop." always_nxdomain'
	# Others ask a server that they do not know again after a third of a second.
	start_unbound patient $patient 'unknown-server-time-limit: 2900'
	answers $resolver good.interop
	answers $patient good.interop
}

start_faulty() {
	start faultydns ./faultydns -to $nsd:53 silent=127.0.3.53 slow=127.0.4.53 slow=127.0.14.53 truncated=127.0.5.53 \
		truncated=127.0.15.53 udp=127.0.6.53 dropping=127.0.7.53 dropping=127.0.17.53
}

start_web() {
	cp "$interop/dns.nginx.conf" .
	start nginx nginx -p "$PWD" -e nginx-error.log -c dns.nginx.conf
}

stop_all() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
}
