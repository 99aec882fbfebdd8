# Cases and their table. Sourced; $revprobe is the program under test.

cases=0
wrong=0

# header: the table's first row.
header() {
	printf '%-52s %-4s %s\n' CASE OK 'EXIT AND RULES THAT FAILED'
}

# row CASE EXPECTED GOT: one row of the table. What was expected is shown where it did not come.
row() {
	cases=$((cases + 1))
	if [ "$2" = "$3" ]; then
		printf '%-52s %-4s %s\n' "$1" yes "$3"
	else
		wrong=$((wrong + 1))
		printf '%-52s %-4s %s\n%58s%s\n' "$1" NO "$3" 'expected: ' "$2"
	fi
}

# failed FILE: the rules that failed as warnings or worse, each once, in one line.
failed() {
	jq -r 'select(.type == "finding" and .outcome == "failed" and (.severity | IN("warning", "error", "critical"))) | .rule' "$1" |
		sort -u | paste -sd ' '
}

# finds CASE EXIT RULES ARGUMENT...: checks, and compares the exit code and the rules that
# failed with those given. The archive of the check, judged again, has to give the same.
finds() {
	local name=$1 expected="$2 $(sorted "$3")" got code=0 again=0
	shift 3
	rm -f archive
	"$revprobe" check "$@" --format json --archive archive >check.json 2>check.err || code=$?
	got="$code $(failed check.json)"
	"$revprobe" lint archive --format json >lint.json 2>lint.err || again=$?
	if [ "$got" != "$again $(failed lint.json)" ]; then
		got+="; its archive gives $again $(failed lint.json)"
	fi
	row "$name" "$expected" "$got$(head -c 300 check.err lint.err 2>/dev/null | grep -v '^==>' | grep . || true)"
}

# says CASE EXIT TEXT COMMAND...: runs a command and looks for a text in what it prints.
says() {
	local name=$1 expected="$2 says \"$3\"" text=$3 got code=0
	shift 3
	"$@" >said.txt 2>&1 || code=$?
	if grep -qF -e "$text" said.txt; then
		got="$code says \"$text\""
	else
		got="$code says: $(tail -n 5 said.txt | cut -c 1-200)"
	fi
	row "$name" "$expected" "$got"
}

sorted() {
	tr ' ' '\n' <<<"$1" | sort | paste -sd ' '
}
