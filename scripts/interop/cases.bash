# Cases and their table. Sourced; $revprobe is the program under test.

cases=0
wrong=0
within=(timeout 20) # no case takes two seconds; exit 124 means that this one hung

# header: the table's first row.
header() {
	line CASE EXPECTED GOT OK
}

line() {
	printf '%-44s %-44s %-44s %s\n' "$@"
}

# row CASE EXPECTED GOT: one row of the table.
row() {
	cases=$((cases + 1))
	if [ "$2" = "$3" ]; then
		line "$1" "$2" "$3" yes
	else
		wrong=$((wrong + 1))
		line "$1" "$2" "$3" NO
	fi
}

# Which findings are held against what was expected, to jq.
counted='.severity | IN("warning", "error", "critical")'

# failed FILE: the rules that failed and are counted, each once, in one line.
failed() {
	jq -rs '[.[] | select(.type == "finding" and .outcome == "failed" and ('"$counted"')) | .rule] |
		unique | join(" ") | if . == "" then "none" else . end' "$1" ||
		echo 'no JSON lines'
}

# finds CASE EXIT RULES ARGUMENT...: checks, and compares the exit code and the rules that
# failed with those given. The archive of the check, judged again, has to give the same.
finds() {
	local name=$1 exit=$2 rules=$3
	shift 3
	asks "$@"
	found "$name" "$exit" "$rules"
}

# asks ARGUMENT...: checks, and leaves what came of it in the current folder.
asks() {
	local code=0
	rm -f archive
	"${within[@]}" "$revprobe" check "$@" --format json --archive archive >check.json 2>check.err || code=$?
	echo "$code" >check.code
}

# found CASE EXIT RULES: compares what asks left in the current folder.
found() {
	local name=$1 expected="$2: $(sorted "$3")" got code again=0
	code=$(cat check.code)
	"$revprobe" lint archive --format json >lint.json 2>lint.err || again=$?
	got="$code: $(failed check.json)"
	if [ "$got" != "$again: $(failed lint.json)" ]; then
		got+=" (judged again $again: $(failed lint.json))"
	fi
	row "$name" "$expected" "$got$(head -qn 1 check.err lint.err)"
}

# says CASE EXIT TEXT COMMAND...: runs a command and looks for a text in what it prints.
says() {
	local name=$1 expected="$2: \"$3\"" text=$3 got code=0
	shift 3
	"${within[@]}" "$@" >said.txt 2>&1 || code=$?
	if grep -qF -e "$text" said.txt; then
		got="$code: \"$text\""
	else
		got="$code: $(tail -n 3 said.txt | cut -c 1-100)"
	fi
	row "$name" "$expected" "$got"
}

# words CASE RULE TEXT: the last check's finding of that rule, be it a mere remark, has the
# text in what it got.
words() {
	says "$1" 0 "$3" jq -r --arg rule "$2" 'select(.type == "finding" and .outcome == "failed" and .rule == $rule) | .got' check.json
}

# sorted RULES: the rules in the order of failed, "none" for no rule.
sorted() {
	tr ' ' '\n' <<<"${1:-none}" | sort | paste -sd ' '
}
