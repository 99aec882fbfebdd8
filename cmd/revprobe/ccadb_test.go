package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/revocation"
)

func TestMalformedDisclosuresAreToldPrecisely(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "it is empty",
		"null":                            "it is null",
		`["http://a.example/1.crl",]`:     "line 1, column 27",
		"[\n\"http://a.example/1.crl\"\n": "unexpected end",
		"[\n  \u201chttp://a\u201d]":      "line 2, column 3",
		`{"urls": []}`:                    "a JSON object where an array of strings belongs",
		`[7]`:                             "a JSON number where",
		`["http://a.example/1.crl", ""]`:  `element 2, "", is no http URL`,
		`["ldap://a.example/x"]`:          `element 1, "ldap://a.example/x", is no http URL`,
		`["http://a/1", "http://a/1"]`:    `element 2, "http://a/1", stands there twice`,
	} {
		name := filepath.Join(t.TempDir(), "array.json")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := revprobe(t, "check", "--ccadb", name, "leaf.pem")
		if o.code != exitUsage || !strings.Contains(o.stderr, want) || !strings.Contains(o.stderr, "hint: ") {
			t.Errorf("%q: exit %d, %s", text, o.code, o.stderr)
		}
	}
}

func TestDisclosedCRLsAreFetchedAndJudged(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r *fixtures.Responder) {
		point := func(own string) revocation.IssuingDistributionPoint {
			return revocation.IssuingDistributionPoint{URIs: []string{own}, OnlyUserCerts: true}
		}
		r.CRL.IssuingDP = point
		r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 2000}}}
	}, nil)
	array := func(urls ...string) string {
		name := filepath.Join(t.TempDir(), "array.json")
		if err := os.WriteFile(name, []byte(`["`+strings.Join(urls, `", "`)+`"]`), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	urls := s.fake.CRLURLs()
	s.check(t, "--ccadb", array(urls...)).want(t, exitFindings, urls[0], urls[1], "crl-idp-required")
	s.check(t, "--ccadb", array("")).want(t, exitFindings, "crl-ccadb-disclosed", "a URL that the CCADB shows: none")
	s.check(t, "--ccadb", array(urls[0])).want(t, exitClean, urls[0])
	alone := revprobe(t, "check", "--allow-private", "--issuer", s.ca, "--ccadb", array(urls...))
	alone.want(t, exitFindings, urls[0], urls[1], "crl-idp-required")
}

func TestCrossChecksAreCounted(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	for flag, want := range map[string]int{"": 1, "0": 0, "1": 1, "2": 2, "100": 2} {
		args := []string{"--format", "json"}
		if flag != "" {
			args = append(args, "--cross-check", flag)
		}
		n := 0
		for _, a := range typed(s.check(t, args...).objects(t), "answer") {
			if a["strategy"] == "listed" {
				n++
			}
		}
		if n != want {
			t.Errorf("--cross-check %q: %d serials of the CRL were asked about, want %d", flag, n, want)
		}
	}
	if o := revprobe(t, "check", "--cross-check", "-2", s.leaf); o.code != exitUsage || !strings.Contains(o.stderr, "-2 is no number of serials") {
		t.Errorf("exit %d, %s", o.code, o.stderr)
	}
}
