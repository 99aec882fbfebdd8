package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// poisoned makes a precertificate of a certificate (RFC 6962 §3.1).
func poisoned(c *x509.Certificate) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: []byte{5, 0}})
}

// issuer serves a fake CA that answers about serials as lookup says.
func issuer(t *testing.T, lookup func(revocation.Serial) fixtures.Status, around func(http.Handler) http.Handler) *service {
	t.Helper()
	return serve(t, func(r *fixtures.Responder) { r.OCSP.Lookup = lookup }, around)
}

func always(s fixtures.Status) func(revocation.Serial) fixtures.Status {
	return func(revocation.Serial) fixtures.Status { return s }
}

// flat is an outcome whose text has no line ends and no more than one space in a row.
func (o outcome) flat() outcome {
	o.stdout = strings.Join(strings.Fields(o.stdout), " ")
	return o
}

// list is PEM of so many certificates of a fake CA.
func (s *service) list(first, count int, change func(*x509.Certificate)) []byte {
	var text []byte
	for n := range count {
		text = append(text, armoured(s.fake.Issued(fmt.Sprint("issued ", first+n), change))...)
	}
	return text
}

// checkList checks a list of the service's certificates.
func (s *service) checkList(t *testing.T, list []byte, args ...string) outcome {
	t.Helper()
	return revprobe(t, append([]string{"check", "--issued", write(t, "list.pem", list), "--issuer", s.ca, "--allow-private"}, args...)...)
}

func TestHealthyListIsSilent(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	list := slices.Concat(s.list(0, 20, nil), s.list(20, 10, poisoned), s.list(0, 10, poisoned))
	o := s.checkList(t, list)
	o.flat().want(t, exitClean, "no findings", "40 certificates, of which 20",
		"not asked about 10: of a serial that was there before", " 0 failed, 0 inconclusive", "exit 0", "30 10 30")
	if n := s.connections.Load(); n != 30 {
		t.Errorf("%d requests for 30 certificates", n)
	}
	if o := s.checkList(t, list, "--quiet"); o.code != exitClean || o.stdout+o.stderr != "" {
		t.Errorf("--quiet: exit %d, %q, %q", o.code, o.stdout, o.stderr)
	}
}

// What a CA was reported for: 174 precertificates answered "unknown".
func TestUnknownForPrecertificatesIsOneFinding(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Unknown), nil)
	list := s.list(0, 174, poisoned)
	o := s.checkList(t, list)
	first := s.fake.Issued("issued 0", poisoned).SerialNumber.Text(16)
	second := s.fake.Issued("issued 1", poisoned).SerialNumber.Text(16)
	o.flat().want(t, exitFindings, "error ocsp-assigned-precert (174 times)", "likewise for serial", second, "unknown for the certificate with serial", first, "and 169 more", "and 171 more", "174 failed (174 error)")
	if strings.Count(o.stdout, "(174 times)") != 1 || strings.Count(o.stdout, "\n") > 40 {
		t.Errorf("%s", o.stdout)
	}
	objects := s.checkList(t, list, "--format", "json").objects(t)
	if findings := typed(objects, "finding"); len(findings) != 1 || findings[0]["times"] != 174.0 {
		t.Errorf("%v", findings)
	}
	answers := typed(objects, "answer")
	if len(answers) != 174 || answers[0]["serial"] != first || answers[0]["answer"] != "unknown" {
		t.Errorf("%d answers, the first %v", len(answers), answers[0])
	}
}

func TestReportOfAList(t *testing.T) {
	t.Parallel()
	s := issuer(t, func(serial revocation.Serial) fixtures.Status {
		return []fixtures.Status{fixtures.Good, fixtures.Unknown, fixtures.Unauthorized, fixtures.ExtendedRevoked}[serial[3]%4]
	}, nil)
	list := slices.Concat(s.list(0, 20, nil), s.list(20, 10, poisoned), []byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
	for _, format := range formatNames() {
		for _, ending := range []string{"", ".zst"} {
			name := filepath.Join(t.TempDir(), "run"+ending)
			checked := s.checkList(t, list, "--format", format, "--archive", name)
			reported := revprobe(t, "report", name, "--format", format)
			if format == pluginFormat && checked.code != 3 || format != pluginFormat && checked.code != exitUsage || !strings.Contains(checked.stderr, "list.pem, line ") {
				t.Errorf("%s: exit %d, stderr %q", format, checked.code, checked.stderr)
			}
			if checked.stderr = ""; reported != checked {
				t.Errorf("%s of run%s: exit %d, of the check %d, stderr %q\n%s\nof the check\n%s", format, ending, reported.code, checked.code,
					reported.stderr, reported.stdout, checked.stdout)
			}
		}
	}
}

// Those that nobody is asked about are counted, and named.
func TestWhatAListLeavesOut(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }
	silent := func(c *x509.Certificate) { c.OCSPServer = nil }
	list := slices.Concat(s.list(0, 3, nil), s.list(3, 2, expired), s.list(5, 4, silent), armoured(s.fake.IssuerCertificate()))
	o := s.checkList(t, list)
	o.flat().want(t, exitClean, "not asked about 2: expired (serial", "not asked about 4: naming no OCSP responder", "by CN=Revprobe Fixtures", "not asked about 1: not issued by a CA that --issuer names",
		"3 - 3")
	o = revprobe(t, "check", "--issued", write(t, "list.pem", list), "--issuer", s.ca, "--ocsp", s.fake.OCSPURL(), "--format", "json")
	line := typed(o.objects(t), "list")[0]
	left := fmt.Sprint(line["left_out"])
	if o.code != exitClean || line["certificates"] != 10.0 || !strings.Contains(left, "count:2 ") || !strings.Contains(left, "why:expired") || strings.Contains(left, "no-responder") {
		t.Errorf("exit %d, %v", o.code, line)
	}
	if n := len(typed(o.objects(t), "answer")); n != 7 {
		t.Errorf("%d answers", n)
	}
	nothing := s.checkList(t, s.list(3, 2, expired))
	nothing.flat().want(t, exitInconclusive, "not asked about 2: expired", "nothing could be asked: no service to ask was found")
}

// A responder at a private address that a certificate names is not asked, and that says nothing
// about its CA; one that does not answer does.
func TestListWhoseResponderIsNotAsked(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	list := write(t, "list.pem", s.list(0, 5, nil))
	revprobe(t, "check", "--issued", list, "--issuer", s.ca).flat().want(t, exitInconclusive, "not asked about 4: its responder was given up (refused): "+s.fake.OCSPURL(), "nothing could be asked, for reasons of our own network")
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections came", n)
	}
	private := revprobe(t, "check", "--issued", list, "--issuer", s.ca).flat()
	private.want(t, exitInconclusive, "was given up (refused), and not asked about 4 certificates; --allow-private asks private addresses")
	few := write(t, "few.pem", s.list(0, 5, nil))
	args := []string{"check", "--issued", few, "--issuer", s.ca, "--ocsp", "http://" + closedPort(t)}
	silent := map[string]outcome{}
	for _, more := range [][]string{nil, {"--quiet"}, {"--format", "markdown"}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			o := revprobe(t, slices.Concat(args, more)...)
			if took := time.Since(began); took < 30*time.Second || took > time.Minute {
				t.Errorf("%v: given up after %s", more, took)
			}
			silent[strings.Join(more, " ")] = o.flat()
		})
	}
	if told := silent[""].stderr; strings.Count(told, "\n") != 1 || !strings.Contains(told, " does not answer (connect-refused, ") || !strings.HasSuffix(told, "): it is asked again in 20s, and given up when it has failed 2 times more\n") ||
		silent["--quiet"].stderr != "" {
		t.Errorf("told %q, with --quiet %q", told, silent["--quiet"].stderr)
	}
	for more, texts := range map[string][]string{
		"":                  {"critical http-status-200", "3 of 3 answers failed, the first: connect-refused", "1 - 1", "was given up (connect-refused), and not asked about 4 certificates; --archive keeps"},
		"--format markdown": {"base64 -d >request.der", "printf %s MF"},
	} {
		o := silent[more]
		o.stderr = ""
		o.want(t, exitFindings, texts...)
	}
}

// What is no finding and may be taken for one that is missing is told, each certificate once.
func TestRemarksAboutAList(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s := issuer(t, always(fixtures.Unknown), func(z http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1)%2 == 0 {
				w.WriteHeader(http.StatusInternalServerError) // every other time, so that it is asked again
				return
			}
			z.ServeHTTP(w, r)
		})
	})
	silent := func(c *x509.Certificate) {
		c.OCSPServer, c.PolicyIdentifiers, c.Policies, c.ExtraExtensions = nil, nil, nil, nil
	}
	young := func(c *x509.Certificate) { c.NotBefore, c.ExtraExtensions = time.Now().Add(-time.Hour), nil }
	list := write(t, "list.pem", slices.Concat(s.list(0, 5, silent), s.list(5, 4, young)))
	o := revprobe(t, "check", "--issued", list, "--issuer", s.ca, "--ocsp", s.fake.OCSPURL(), "--rules", "ocsp-*").flat()
	o.want(t, exitClean, "9 - 9", "hint: 5 of the certificates answered unknown or unauthorized name no OCSP responder: nobody has to answer about them",
		"hint: 4 of the certificates answered unknown or unauthorized may be younger than the 15 minutes of BR 4.9.9", "hint: 5 of the certificates asked about carry no CA/Browser Forum policy")
	if asked.Load() <= 9 {
		t.Errorf("nothing was asked again: %d questions", asked.Load())
	}
}

func TestListsOfSeveralForms(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	var table strings.Builder
	table.WriteString("id,certificate\n")
	for n := range 3 {
		fmt.Fprintf(&table, "%d,%s\n", n, base64.StdEncoding.EncodeToString(s.fake.Issued(fmt.Sprint("issued ", 10+n), nil).Raw))
	}
	w := world{stdin: strings.NewReader(string(s.list(20, 4, nil)))}
	w.run(t.Context(), "check", "--issued", write(t, "a.pem", s.list(0, 2, nil)), write(t, "b.csv", []byte(table.String())), "--issued", "-", "--issuer", s.ca, "--allow-private",
		write(t, "c.der", s.fake.Issued("issued 30", nil).Raw)).flat().want(t, exitClean, "a.pem, standard input,", ": 10 certificates", "10 - 10", "no findings")
}

func TestListThatCannotBeReadOn(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	broken := slices.Concat(s.list(0, 2, nil), slices.Repeat([]byte("-----BEGIN CERTIFICATE-----\n####\n-----END CERTIFICATE-----\n"), 15), s.list(2, 2, nil))
	o := s.checkList(t, broken)
	if o.code != exitUsage || strings.Count(o.stderr, "\n") != 11 || !strings.Contains(o.stderr, "and 5 places more") || !strings.Contains(o.flat().stdout, "4 - 4") ||
		!strings.Contains(o.flat().stdout, "15 places where no certificate could be read") {
		t.Errorf("exit %d, stderr %q\n%s", o.code, o.stderr, o.stdout)
	}
	cut := slices.Concat(s.fake.Issued("issued 0", nil).Raw, []byte("garbage"))
	o = revprobe(t, "check", "--issued", write(t, "cut.der", cut), write(t, "list.pem", s.list(1, 2, nil)), "--issuer", s.ca, "--allow-private")
	if o.code != exitUsage || !strings.Contains(o.stderr, "no certificate begins at octet") || !strings.Contains(o.flat().stdout, "3 - 3") {
		t.Errorf("exit %d, stderr %q\n%s", o.code, o.stderr, o.stdout)
	}
}

func TestListArguments(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	list, folder := write(t, "list.pem", s.list(0, 1, nil)), t.TempDir()
	for _, test := range []struct{ args, want []string }{
		{[]string{list}, []string{"--issued: no issuer was named", "hint: --issuer FILE"}},
		{[]string{list, "--issuer", s.ca, "--crl", "http://a.example/x"}, []string{"--crl says nothing with --issued"}},
		{[]string{list, "--issuer", s.ca, "--robustness"}, []string{"--robustness says nothing with --issued"}},
		{[]string{list, "--issuer", s.ca, "--state", "x"}, []string{"--state says nothing with --issued"}},
		{[]string{list, "--issuer", s.ca, "--rules", "crl-*"}, []string{"--rules: none of those judges answers about a list"}},
		{[]string{list, "--issuer", s.ca, "--ocsp", "a.example"}, []string{"asking a.example: not an http URL"}},
		{[]string{list, "--issuer", s.ca, "--jitter", "-5s"}, []string{"--jitter: -5s is negative"}},
		{[]string{list, "--issuer", filepath.Join(folder, "missing")}, []string{"missing", "no such file"}},
		{[]string{filepath.Join(folder, "missing"), "--issuer", s.ca}, []string{"missing: no such file"}},
		{[]string{list, filepath.Join(folder, "missing"), "--issuer", s.ca}, []string{"missing: no such file"}},
		{[]string{folder, "--issuer", s.ca}, []string{"it is a directory", "hint: name the files in it"}},
		{[]string{write(t, "empty.pem", nil), "--issuer", s.ca}, []string{"empty.pem: it is empty"}},
		{[]string{write(t, "x.csv", []byte("a,b\n1,2\n")), "--issuer", s.ca}, []string{"x.csv: no column of it holds a certificate as PEM, base64 or hex"}},
		{[]string{write(t, "x.png", []byte("\x89PNG\r\n\x1a\n\x00\x00")), "--issuer", s.ca}, []string{"x.png: it is binary: a list is PEM, DER or CSV"}},
		{[]string{"-", "-", "--issuer", s.ca}, []string{"standard input was named twice"}},
	} {
		revprobe(t, append([]string{"check", "--issued"}, test.args...)...).wantUsage(t, test.want...)
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}

func TestDryRunOfAList(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	elsewhere := func(url string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.OCSPServer = []string{url} }
	}
	list := slices.Concat(s.list(0, 90, elsewhere("http://a.example/one")), s.list(90, 30, elsewhere("http://a.example/two")), s.list(120, 5, elsewhere("http://b.example")), s.list(0, 1, poisoned))
	o := s.checkList(t, list, "--dry-run")
	o.flat().want(t, exitClean, "125 requests would be sent, none was; at 1 a second to one host, that takes 2m0s", " http://a.example/one: 90 ", " http://b.example: 5 ",
		"126 certificates", "not asked about 1: of a serial that was there before")
	s.checkList(t, list, "--dry-run", "--rate", "0.5").flat().want(t, exitClean, "at 0.5 a second to one host, that takes 4m0s")
}

func TestListOnATerminal(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	list := write(t, "list.pem", s.list(0, 12, nil))
	args := []string{"check", "--issued", list, "--issuer", s.ca, "--allow-private"}
	o := world{terminal: true}.run(t.Context(), args...)
	if o.code != exitClean || !strings.Contains(o.stderr, "asking") || !strings.HasSuffix(o.stderr, "\x1b[2K\r") || !strings.Contains(o.stdout, "no findings") {
		t.Errorf("exit %d, stderr %q", o.code, o.stderr)
	}
	if o := (world{terminal: true}).run(t.Context(), append(args, "--quiet")...); o.stderr != "" {
		t.Errorf("--quiet: %q", o.stderr)
	}
}

// How far a list is counts certificates: those asked about once more do not bring it further.
func TestProgressOfAList(t *testing.T) {
	t.Parallel()
	p := progressing{size: 10, read: 5}
	for range 4 {
		p.asked()
	}
	p.answered(false)
	p.answered(true)
	if half := p.all(); p.count != 1 || half != 8 {
		t.Errorf("%d answered, of %d as half of the list shows; want 1 of 8", p.count, half)
	}
	if p.whole(); p.all() != 4 {
		t.Errorf("%d in all, of 4", p.all())
	}
}

// However many responders were given up, a line says so for each kind of failure.
func TestRemarksAboutManyRespondersGivenUp(t *testing.T) {
	t.Parallel()
	given := func(of string, f evidence.Failure, count int) evidence.LeftOut {
		return evidence.LeftOut{Why: evidence.LeftGivenUp, Of: of, Failure: f, Count: count}
	}
	got := givenUp([]evidence.LeftOut{{Why: evidence.LeftExpired, Count: 9}, given("http://a", evidence.ConnectRefused, 2), given("http://b", evidence.HTTPTimeout, 3),
		given("http://c", evidence.ConnectRefused, 4), given("http://d", evidence.HTTPTimeout, 5), given("", evidence.HTTPTimeout, 6), given("http://e", evidence.Reset, 1)}, "go on")
	want := []string{"http://a and 1 more were given up (connect-refused), and not asked about 6 certificates; go on",
		"http://b and at least 2 more were given up (http-timeout), and not asked about 14 certificates; go on",
		"http://e was given up (reset), and not asked about 1 certificates; go on"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := givenUp([]evidence.LeftOut{given("", "", 6)}, "go on"); !slices.Equal(got, []string{"further responders were given up, and not asked about 6 certificates; go on"}) {
		t.Errorf("those beyond: %q", got)
	}
}
