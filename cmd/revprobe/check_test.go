package main

import (
	"context"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
)

func TestCheckOfAConformingCA(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	o := s.check(t)
	o.want(t, exitClean, "\nno findings\n", "ser-random-20", " 0 failed, 0 inconclusive", "exit 0", s.fake.OCSPURL(), s.fake.CRLURL())
	if s.connections.Load() < 15 {
		t.Errorf("it was asked %d times only", s.connections.Load())
	}
}

func TestCheckFindsAndConfirms(t *testing.T) {
	t.Parallel()
	serve(t, saysGood, nil).check(t).want(t, exitFindings, "critical  ocsp-unassigned-not-good", "confirmed:", "exit 1")
}

func TestCheckOfNamedServices(t *testing.T) {
	t.Parallel()
	s := serve(t, servesPEM, nil)
	// Whoever names a private address means it.
	named := revprobe(t, "check", "--issuer", s.ca, "--ocsp", s.fake.OCSPURL(), "--crl", s.fake.CRLURL())
	named.want(t, exitFindings, "crl-not-pem", "ser-random-20")
	revprobe(t, "check", s.fake.CRLURL()).want(t, exitFindings, "crl-not-pem")
}

// A certificate that names a private address is not followed there, and that says nothing
// about its CA.
func TestCheckRefusesPrivateAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, saysGood, nil)
	revprobe(t, "check", s.leaf, "--issuer", s.ca).want(t, exitInconclusive, "refused", "--allow-private", "exit 3")
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}

func TestCheckFromStandardInput(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	chain := string(armoured(s.fake.LeafCertificate())) + string(armoured(s.fake.IssuerCertificate()))
	world{stdin: strings.NewReader(chain)}.run(t.Context(), "check", "--allow-private", "-").want(t, exitClean, "no findings", s.fake.OCSPURL())
	// Without its issuer in the file, that is fetched from where the leaf says.
	leaf := world{stdin: strings.NewReader(string(armoured(s.fake.LeafCertificate())))}
	leaf.run(t.Context(), "check", "--allow-private", "-").want(t, exitClean, s.fake.IssuersURL(), s.fake.OCSPURL())
}

// What is asked once more on a condition is nothing that the service serves: it stands in the
// record alone.
func TestConditionalQuestionsAreNotListed(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	if o := s.check(t); strings.Contains(o.stdout, "conditional") || !strings.Contains(o.stdout, "fetch-crl: HTTP 200") {
		t.Errorf("the text lists\n%s", o.stdout)
	}
	conditional := 0
	for _, x := range typed(s.check(t, "--format", "json").objects(t), "exchange") {
		if x["ask"] == "conditional" {
			conditional++
		}
	}
	if conditional != 4 {
		t.Errorf("%d conditional questions stand in the record", conditional)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	listed := regexp.MustCompile(`(?m)^(resolve|fetch-crl|fetch-issuer|handshake|assigned-|unassigned-|unissuable-|foreign-|sha256-|get-spelling|nonce-|robustness|conditional).*$`)
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{s.leaf, "--issuer", s.ca}, 30}, // caIssuers is asked in any case
		{[]string{s.leaf, "--issuer", s.ca, "--rules", "crl-entry-*"}, 1},
		{[]string{s.leaf, "--issuer", s.ca, "--robustness"}, 122},
		{[]string{s.leaf, "--issuer", s.ca, "--robustness", "--rules", "ocsp-nonce-16-32"}, 14},
		{[]string{s.leaf}, 5}, // the issuer's certificate first
		{[]string{strings.TrimPrefix(s.fake.CRLURL()[:len(s.fake.CRLURL())-len("/a-test/ca/ca.crl")], "http://")}, 1},
	} {
		o := revprobe(t, append([]string{"check", "--dry-run", "--allow-private"}, test.args...)...)
		o.want(t, exitClean, strconv.Itoa(test.want)+" requests would be sent, none was; seed "+sixteenOctets)
		if lines := listed.FindAllString(o.stdout, -1); len(lines) != test.want {
			t.Errorf("%v: %d requests are listed, want %d:\n%s", test.args, len(lines), test.want, o.stdout)
		}
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}

// sixteenOctets is the seed that the randomness of a world gives.
const sixteenOctets = "7369787465656e206f63746574732e2e"

func TestCheckOfAClosedPort(t *testing.T) {
	t.Parallel()
	address := closedPort(t)
	revprobe(t, "check", "http://"+address+"/ca.crl").want(t, exitFindings, "critical  tcp-connect-all", "connection refused", "exit 1")
	// A TLS server that is not there says nothing about any CA.
	revprobe(t, "check", address).want(t, exitInconclusive, "connection refused", "exit 3")
}

func TestCheckWithoutAResolver(t *testing.T) {
	t.Parallel()
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := p.LocalAddr().String()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	args := []string{"check", "http://crl.example/ca.crl", "--resolver", dead}
	revprobe(t, args...).want(t, exitInconclusive, "no-resolver", "exit 3")
	// Nobody wants silence about that.
	revprobe(t, append(args, "--quiet")...).want(t, exitInconclusive, "no-resolver")
}

func TestFailOn(t *testing.T) {
	t.Parallel()
	s := serve(t, servesPEM, nil) // an error
	for severity, want := range map[string]int{"critical": exitClean, "error": exitFindings, "warning": exitFindings, "notice": exitFindings} {
		s.check(t, "--fail-on", severity).want(t, want, "error     crl-not-pem", "exit "+strconv.Itoa(want))
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	good, bad := serve(t, nil, nil), serve(t, servesPEM, nil)
	for _, format := range []string{"text", "json"} {
		if o := good.check(t, "--quiet", "--format", format); o.code != exitClean || o.stdout+o.stderr != "" {
			t.Errorf("%s: exit %d, %q, %q", format, o.code, o.stdout, o.stderr)
		}
		bad.check(t, "--quiet", "--format", format).want(t, exitFindings, "crl-not-pem")
		if o := bad.check(t, "--quiet", "--fail-on", "critical", "--format", format); o.code != exitClean || o.stdout+o.stderr != "" {
			t.Errorf("%s below --fail-on: exit %d, %q, %q", format, o.code, o.stdout, o.stderr)
		}
	}
}

func TestRulesChooseWhatIsAsked(t *testing.T) {
	t.Parallel()
	var ocsp atomic.Int64
	s := serve(t, saysGood, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.Contains(req.URL.Path, "/ocsp") {
				ocsp.Add(1)
			}
			next.ServeHTTP(w, req)
		})
	})
	s.check(t, "--rules", "crl-entry-*").want(t, exitClean, s.fake.CRLURL())
	if n := ocsp.Load(); n != 0 {
		t.Errorf("the OCSP responder was asked %d times for rules about CRLs", n)
	}
	s.check(t, "--rules", "crl-entry-*, ocsp-unassigned-not-good").want(t, exitFindings, "ocsp-unassigned-not-good")
	if ocsp.Load() == 0 {
		t.Error("the OCSP responder was not asked")
	}
}

// RFC 6960 allows what the Baseline Requirements forbid.
func TestProfileChoosesTheSeverity(t *testing.T) {
	t.Parallel()
	s := serve(t, saysGood, nil)
	s.check(t, "--profile", "tls-br").want(t, exitFindings, "ocsp-unassigned-not-good", "BR 4.9.9")
	o := s.check(t, "--profile", "rfc")
	o.want(t, exitClean, "ocsp-unassigned-not-good")
	if strings.Contains(o.stdout, "BR 4.9.9") {
		t.Errorf("the Baseline Requirements are cited under rfc:\n%s", o.stdout)
	}
}

func TestContactIsInTheUserAgent(t *testing.T) {
	t.Parallel()
	var others atomic.Int64
	s := serve(t, nil, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if agent := req.UserAgent(); !strings.HasPrefix(agent, "revprobe/"+version+" (+https://") || !strings.Contains(agent, "; ops@ca.example)") {
				others.Add(1)
			}
			next.ServeHTTP(w, req)
		})
	})
	s.check(t, "--contact", "ops@ca.example").want(t, exitClean)
	if n := others.Load(); n != 0 {
		t.Errorf("%d requests did not say who asks", n)
	}
}

// serials returns the unassigned serials of a run, by strategy.
func serials(t *testing.T, o outcome) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, a := range typed(o.objects(t), "answer") {
		if strategy := a["strategy"].(string); strings.HasPrefix(strategy, "ser-") {
			found[strategy] = a["serial"].(string)
		}
	}
	if len(found) < 7 {
		t.Errorf("serials of %d strategies", len(found))
	}
	return found
}

func TestSeedReproducesTheSerials(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	first := s.check(t, "--format", "json")
	seed := typed(first.objects(t), "run")[0]["seed"].(string)
	if seed != sixteenOctets {
		t.Errorf("the seed %s is not what the randomness gave", seed)
	}
	again := world{random: strings.NewReader("")}.run(t.Context(), "check", s.leaf, "--issuer", s.ca, "--allow-private", "--format", "json", "--seed", seed)
	if a, b := serials(t, first), serials(t, again); !maps.Equal(a, b) {
		t.Errorf("the same seed: %v and %v", a, b)
	}
	other := serials(t, s.check(t, "--format", "json", "--seed", "00112233445566778899"))
	for strategy, serial := range serials(t, first) {
		if (other[strategy] == serial) != (strategy == "ser-neighbour") && strategy != "ser-unissuable" {
			t.Errorf("%s: %s by one seed, %s by another", strategy, serial, other[strategy])
		}
	}
}

func TestArchiveIsJudgedToTheSameFindings(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r *fixtures.Responder) { saysGood(r); servesPEM(r) }, nil)
	archive := filepath.Join(t.TempDir(), "run.revprobe")
	checked := s.check(t, "--format", "json", "--archive", archive, "--vantage", "a test")
	checked.want(t, exitFindings)
	linted := revprobe(t, "lint", "--format", "json", archive)
	linted.want(t, exitFindings)
	want, got := lines(checked, "finding"), lines(linted, "finding")
	if len(want) < 2 || !slices.Equal(got, want) {
		t.Errorf("of the archive\n%s\nof the run\n%s", strings.Join(got, ""), strings.Join(want, ""))
	}
	// Another profile sees it otherwise, years later.
	revprobe(t, "lint", "--profile", "rfc", "--rules", "ocsp-unassigned-not-good", archive).want(t, exitClean, "notice    ocsp-unassigned-not-good")
}

// lines returns the JSON lines of one type, sorted.
func lines(o outcome, name string) []string {
	var found []string
	for line := range strings.Lines(o.stdout) {
		if strings.HasPrefix(line, `{"type":"`+name+`"`) {
			found = append(found, line)
		}
	}
	slices.Sort(found)
	return found
}

func TestArchiveThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	folder := t.TempDir()
	for _, archive := range []string{filepath.Join(folder, "missing", "run"), folder, filepath.Join(s.leaf, "run")} {
		s.check(t, "--archive", archive).wantUsage(t, "keeping the archive "+archive)
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections came before that was said", n)
	}
}

// Nothing is left beside the archive, whether the run went well or not.
func TestArchiveLeavesNothingBeside(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	folder := t.TempDir()
	archive := filepath.Join(folder, "run")
	revprobe(t, "check", "--archive", archive, filepath.Join(folder, "no.pem")).wantUsage(t, "no.pem")
	if found, err := os.ReadDir(folder); err != nil || len(found) > 0 {
		t.Errorf("after an error: %v, %v", found, err)
	}
	for range 2 { // the second takes the place of the first
		s.check(t, "--archive", archive).want(t, exitClean)
	}
	if found, err := os.ReadDir(folder); err != nil || len(found) != 1 || found[0].Name() != "run" {
		t.Errorf("after two runs: %v, %v", found, err)
	}
}

func TestInterruptedCheckPrintsWhatItHas(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var requests atomic.Int64
	s := serve(t, servesPEM, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if requests.Add(1) == 6 {
				interrupt()
				<-t.Context().Done() // the asking side gives up first
				return
			}
			next.ServeHTTP(w, req)
		})
	})
	archive := filepath.Join(t.TempDir(), "run")
	o := world{}.run(ctx, "check", s.leaf, "--issuer", s.ca, "--allow-private", "--format", "json", "--archive", archive)
	o.want(t, exitFindings, `"rule":"crl-not-pem"`)
	exchanges := typed(o.objects(t), "exchange")
	last := exchanges[len(exchanges)-1]
	if len(exchanges) != 6 || last["failure"] != "interrupted" || requests.Load() != 6 { // a resolve is one too
		t.Errorf("%d exchanges, the last %v; %d requests", len(exchanges), last["failure"], requests.Load())
	}
	revprobe(t, "lint", archive).want(t, exitFindings, "crl-not-pem", "interrupted: what had been answered by then was judged")
}
