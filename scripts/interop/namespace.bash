# How an interop script gets into a network namespace of its own. Sourced.

# cannot TEXT: says in one line why the script cannot run here.
cannot() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	exit 2
}

# need: reads lines of a tool and its Debian package, and stops where one is missing.
need() {
	local tool package missing=
	while read -r tool package; do
		command -v "$tool" >/dev/null || missing+=" $package"
	done
	[ -z "$missing" ] || cannot "these packages are missing:$missing"
	unshare --net true 2>/dev/null || cannot "no network namespace can be made here (unshare --net): run it as root, with CAP_SYS_ADMIN"
}

# put_revprobe FOLDER [REVPROBE]: the program to try goes there, or one built from this tree.
put_revprobe() {
	if [ -n "${2-}" ]; then
		cp "$2" "$1/revprobe"
	else
		(cd "$interop/../.." && go build -o "$1/revprobe" ./cmd/revprobe)
	fi
}
