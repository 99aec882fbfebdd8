# The CAs of scripts/interop-openssl, made with openssl alone. Sourced; everything goes
# into folders below the current one.

# openssl wants every variable of its configuration, whatever part of it is in use.
export AUTHORITY=. NAME=none
configuration=$(dirname "${BASH_SOURCE[0]}")/openssl.cnf

# at AGE COMMAND...: runs a command whose clock is behind by that many days.
at() {
	local age=$1
	shift
	faketime -f "-${age}d" "$@"
}

# quietly COMMAND...: runs a command and shows what it says only if it fails.
quietly() {
	if ! "$@" >quietly.log 2>&1; then
		printf '%s: %s said:\n' "${0##*/}" "$*" >&2
		cat quietly.log >&2
		return 1
	fi
}

# make_root: the self-signed CA above the others.
make_root() {
	quietly at 60 openssl req -new -x509 -config "$configuration" -extensions root -subj "/C=CH/O=Interop/CN=Interop Root" -days 3650 \
		-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem
	openssl x509 -in root.pem -outform DER -out root.crt
}

# make_authority FOLDER NAME KEYTYPE...: an issuing CA below the root, with its database.
make_authority() {
	local -x AUTHORITY=$1
	local folder=$1 name=$2
	shift 2
	mkdir -p "$folder/issued"
	: >"$folder/index.txt"
	echo 1000 >"$folder/crlnumber"
	quietly openssl req -new -config "$configuration" -subj "/C=CH/O=Interop/CN=$name" -newkey "$@" -nodes \
		-keyout "$folder/ca.key" -out "$folder/ca.csr"
	quietly at 50 openssl x509 -req -in "$folder/ca.csr" -CA root.pem -CAkey root.key -days 1000 \
		-extfile "$configuration" -extensions issuing_ca -out "$folder/ca.pem"
}

# issue FOLDER NAME KIND AGE DAYS: a certificate of that CA, AGE days old and valid for DAYS.
# A leaf is for NAME.example and for 127.0.0.1.
issue() {
	local -x AUTHORITY=$1 NAME=$2
	local name=$2 kind=$3 age=$4 days=$5 subject="/C=CH/O=Interop/CN=Interop $2"
	[ "$kind" != leaf ] || subject=/CN=$name.example
	quietly openssl req -new -config "$configuration" -subj "$subject" \
		-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -out "$name.csr"
	quietly at "$age" openssl ca -batch -notext -config "$configuration" -in "$name.csr" -out "$name.pem" \
		-extensions "$kind" -days "$days"
}

# revoke FOLDER NAME OPTION...: revokes a certificate a week ago, with openssl ca's options.
revoke() {
	local -x AUTHORITY=$1
	local name=$2
	shift 2
	quietly at 7 openssl ca -config "$configuration" -revoke "$name.pem" "$@"
}

# make_crl FOLDER FILE OPTION...: a CRL of that CA in DER, and beside it the same in PEM.
make_crl() {
	local -x AUTHORITY=$1
	local file=$2
	shift 2
	quietly openssl ca -gencrl -config "$configuration" -out "$file.pem" "$@"
	openssl crl -in "$file.pem" -outform DER -out "$file"
}
