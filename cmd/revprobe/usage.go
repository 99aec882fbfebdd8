package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// usage is written by hand so that it fits a screen and begins with what people do.
const usage = `Examples:
  revprobe demo                          see what it finds, on fake CAs in this process
  revprobe check www.example.com:443     check the services behind a TLS server's certificate
  revprobe lint --issuer ca.pem ca.crl   judge files

Usage: revprobe COMMAND [flags] [arguments]

  check     ask OCSP responders and distribution points, and judge what they answer
  lint      judge files: OCSP responses and requests, CRLs, certificates, archives
  report    print again what check found, from its archive
  history   what a file of --state knows of each service
  rules     what is judged, and on what clause
  zoo       serve fake CAs, each with one fault
  demo      check half a dozen of them and print what check prints
  version   print the version

revprobe help COMMAND says more. Exit codes: 0 nothing found, 1 findings, 2 usage,
3 nothing could be asked, such as without a network of ours, 4 a failure of ours.
`

var usages = map[string]string{
	"check": `Examples:
  revprobe check leaf.pem --issuer ca.pem
  revprobe check --issuer ca.pem --ocsp http://ocsp.example.com --crl http://crl.example.com/ca.crl
  revprobe check --issued issued.pem --issuer ca.pem

Usage: revprobe check [flags] TARGET...
       revprobe check --issued FILE... --issuer FILE [flags]
A TARGET is a certificate file (PEM or DER, alone or with its chain), host:port of a TLS
server, the URL of a CRL, or - for a certificate on standard input.

Whom to ask:
  --issuer FILE        certificate of the issuing CA (repeatable); else what AIA caIssuers gives
  --ocsp URL           ask this responder (repeatable)
  --crl URL            fetch this CRL (repeatable); with --ocsp or --crl, what the
                       certificate names is not asked
  --ccadb FILE         fetch the CRLs of this JSON array of URLs, as the CCADB shows it, too
  --sibling FILE       a certificate of another issuer of the same operator
  --scope ee|ca        what the issuer issues, where nothing else says
  --issued FILE        ask OCSP about each certificate and precertificate of a list, and
                       nothing else (PEM, DER or CSV; repeatable; - is standard input)
How to ask:
  --dry-run            print every request, send nothing
  --get                of lists: ask by GET, which caches may answer, in place of POST
  --resume ARCHIVE     of lists: take the answers of an interrupted check, ask for the others
  --jitter DURATION    begin after a random part of this time, so that cron jobs do not all
                       ask in the same second
  --cross-check N      ask OCSP about N serials of each CRL (default: 1 in all)
  --every-address      put the key questions to each address of a host, and compare
  --repeat N           put them N times, to find different machines behind one address,
  --interval DURATION  so far apart (default 1s)
  --confirm N/M        ask again where a service is not there, up to M times in all; that
                       counts when N of them fail (default 1/1: the first failure counts)
  --confirm-interval DURATION  so far apart (default 10s)
  --robustness         send malformed and rare requests too, some 90 to each responder
  --seed HEX           make up the same unassigned serials as an earlier run
  --serials N          make up N unassigned serials in each way, of every length (default 1)
  --known FILE         serials that are assigned: certificates, a CRL, or text (repeatable)
  --population N       certificates that the issuer is taken to have issued (default 1e9)
  --resolver IP[:PORT] ask these resolvers (repeatable)
  --no-dns-walk        do not ask the hosts' name servers themselves
  --rdap               ask the registries when the domains' registrations end
  --rate N             requests a second to one host (default 1; loopback is not limited)
  --timeout DURATION   of one exchange (default 15s)
  --contact TEXT       how to reach you, sent in the User-Agent
  --vantage TEXT       where you ask from, kept in the record
  --allow-private      ask private addresses that a certificate names
How to judge and report:
  --profile NAME       web (default), rfc, tls-br, mozilla, apple, microsoft, ccadb, all
  --rules LIST         only these rules: ids or patterns such as 'crl-*', with commas
  --fail-on SEVERITY   exit 1 from this severity on: critical, error (default), warning, notice
  --format NAME        text (default), json, markdown, nagios, prometheus, junit, sarif
  --output NAME=FILE   write the report to a file in that format too (repeatable)
  --suppress FILE      TOML with findings that are known, why, and until when
  --quiet              print nothing when nothing is at or above --fail-on
  --archive FILE       keep everything that was asked and answered, for report; compressed
                       with zstd when the name ends in .zst
  --state FILE         hold this run against the earlier ones in this file, and keep it there
`,
	"lint": `Examples:
  revprobe lint ca.crl
  revprobe lint --issuer ca.pem --cert leaf.pem --at 2026-11-20T12:00:00Z response.der

Usage: revprobe lint [flags] FILE...
A FILE is an OCSP response or request, a CRL, a certificate or an archive of check, in
DER, PEM or base64, or - for standard input. What it is shows from its content.

  --issuer FILE        a CA certificate that may have issued or signed it (repeatable)
  --cert FILE          the certificate whose status is asked
  --at TIME            judge as if seen at this time (RFC 3339; default now, for an archive its own)
  --scope ee|ca        what the issuer issues, where nothing else says
  --profile NAME       web (default), rfc, tls-br, mozilla, apple, microsoft, ccadb, all
  --rules LIST         only these rules: ids or patterns such as 'crl-*', with commas
  --fail-on SEVERITY   exit 1 from this severity on: critical, error (default), warning, notice
  --format NAME        text (default), json, markdown, nagios, prometheus, junit, sarif
  --output NAME=FILE   write the report to a file in that format too (repeatable)
  --suppress FILE      TOML with findings that are known, why, and until when
  --quiet              print nothing when nothing is at or above --fail-on
`,
	"report": `Examples:
  revprobe check leaf.pem --issuer ca.pem --archive today.zst; revprobe report today.zst
  revprobe report today.zst --format markdown
  revprobe report --since yesterday.zst today.zst

Usage: revprobe report [flags] ARCHIVE
Judges what check --archive kept, at the times at which it was answered, and prints what
check printed, by the rules of this revprobe. Nothing is asked. - is standard input.

  --since ARCHIVE      tell what changed since this one: findings that are new or gone,
                       answers, CRLs; exit 1 for new findings alone (text or json)
  --scope ee|ca        what the issuer issues, in place of what check was told
  --profile NAME       web (default), rfc, tls-br, mozilla, apple, microsoft, ccadb, all
  --rules LIST         only these rules: ids or patterns such as 'crl-*', with commas
  --fail-on SEVERITY   exit 1 from this severity on: critical, error (default), warning, notice
  --format NAME        text (default), json, markdown, nagios, prometheus, junit, sarif
  --output NAME=FILE   write the report to a file in that format too (repeatable)
  --suppress FILE      TOML with findings that are known, why, and until when
  --quiet              print nothing when nothing is at or above --fail-on
`,
	"history": `Examples:
  revprobe history --state state.db
  revprobe history --state state.db http://crl.example.com/ca.crl

Usage: revprobe history --state FILE [flags] [URL]
Prints what a file that check --state keeps knows, and asks nobody anything: without a URL
a line for each service, with one its availability, outages, CRLs, answers and latency.

  --state FILE         the file
  --format text|json
`,
	"rules": `Examples:
  revprobe rules
  revprobe rules ocsp-unassigned-not-good

Usage: revprobe rules [flags] [ID|PATTERN...]

  --profile NAME              show severities under this profile (default web)
  --coverage                  show which requirements have a rule, and why others have none
  --format text|json|markdown (--coverage: text or json)
`,
	"zoo": `Examples:
  revprobe zoo
  revprobe zoo --listen 127.0.0.1:8080

Usage: revprobe zoo [flags]
Serves a fake CA for every case of every rule at /RULE/CASE/, with its certificates, its
OCSP responder and its CRL. / lists them all, with the command that checks each. A case
on a limit of time is there only to the second, of size only to some octets; faults of
DNS are not played by HTTP.

  --listen HOST:PORT   where (default 127.0.0.1:8087; port 0 takes a free one)
`,
	"demo": `Example:
  revprobe demo

Usage: revprobe demo [flags]
Starts fake CAs in this process on loopback, one that conforms and six that repeat known
incidents, checks them and prints what check prints. Exits 0 when every incident was
found and the conforming CA got no finding.

  --format text|json
`,
	"version": "Usage: revprobe version\n",
}

func help(env *environment, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(env.stdout, usage)
		return exitClean
	}
	text, known := usages[args[0]]
	if !known {
		return complain(env, hinted("there is no command "+quoted(args[0]), suggestion(args[0], names(commands()))))
	}
	fmt.Fprint(env.stdout, text)
	return exitClean
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// suggestion names what was probably meant, or everything there is.
func suggestion(given string, known []string) string {
	best, least := "", len(given)/2+1
	for _, k := range known {
		if d := distance(given, k); d < least {
			best, least = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %s?", best)
	case len(known) <= 12:
		return "there are " + strings.Join(known, ", ")
	}
	return ""
}

// distance is the number of letters to change, add or drop to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
