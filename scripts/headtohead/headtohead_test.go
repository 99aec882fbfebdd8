package main

import (
	"bytes"
	"crypto/x509"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/revocation"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func trialsOf(at time.Time) []trial {
	var list []trial
	for _, f := range faults() {
		list = append(list, newTrial(f, at))
	}
	return list
}

// Each response has the fault that its name says, and no other, whoever judges it.
func TestFaultsAreSeeded(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	for _, x := range trialsOf(noon) {
		basic := revocation.ReadOCSPResponse(x.response).Basic
		if basic == nil || len(basic.Singles) != 1 {
			t.Fatalf("%s: no single response", x.name)
		}
		single, signer := basic.Singles[0], basic.FindSigner(x.issuer, nil)
		if signer.Signature.State != revocation.SignatureValid || !signer.IssuedByCA && !signer.IsIssuer {
			t.Errorf("%s: not signed for the CA: %+v", x.name, signer.Signature)
		}
		if delegated := !signer.IsIssuer; delegated != x.delegated {
			t.Errorf("%s: signed by a delegate: %v", x.name, delegated)
		}
		has := map[string]bool{
			"ocsp-certid-echo":        !single.CertID.Serial.Equal(revocation.SerialOf(x.leaf.SerialNumber)),
			"ocsp-not-expired":        !single.NextUpdate.IsZero() && noon.Sub(single.NextUpdate.Time) == 100*time.Hour,
			"ocsp-not-from-future":    single.ThisUpdate.Sub(noon) == 100*time.Hour,
			"ocsp-nextupdate-present": single.NextUpdate.IsZero(),
			"ocsp-signer-authorized":  !signer.Authorized(),
			"ocsp-signer-valid-now":   noon.Sub(signer.Certificate.NotAfter) == 100*time.Hour,
		}
		for rule, present := range has {
			if present != (rule == x.rule) {
				t.Errorf("%s: %s is broken: %v", x.name, rule, present)
			}
		}
		found[x.rule]++
	}
	if len(found) != 7 || found[""] != 2 {
		t.Errorf("the rules to be named are %v, want 6 and two responses without fault", found)
	}
}

func TestTrialsAreDeterministic(t *testing.T) {
	t.Parallel()
	again := trialsOf(noon)
	for i, x := range trialsOf(noon) {
		if !bytes.Equal(x.response, again[i].response) || !x.leaf.Equal(again[i].leaf) || !x.issuer.Equal(again[i].issuer) {
			t.Errorf("%s: made twice, it differs", x.name)
		}
	}
}

// The whole of it, with whatever is installed here: ours catches all, and x/crypto, which
// is there always, accepts what is not about the leaf unless it is told which that is.
func TestOursCatchesAll(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	code, err := run(&out, time.Now())
	if err != nil || code != exitCaught {
		t.Fatalf("exit %d, %v\n%s", code, err, &out)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 10 || !strings.Contains(lines[9], "6 of 6") {
		t.Errorf("got\n%s", &out)
	}
	for i, f := range faults() {
		want := "caught: " + f.rule
		if f.rule == "" {
			want = "accepts"
		}
		if !strings.HasPrefix(lines[i+1], f.name+" ") || !strings.Contains(lines[i+1], want) {
			t.Errorf("%q does not say %q", lines[i+1], want)
		}
	}
	if cells := strings.Join(strings.Fields(lines[3]), " "); !strings.Contains(cells, "caught: ocsp-certid-echo not caught caught") {
		t.Errorf("x/crypto on an answer for another serial: %s", cells)
	}
}

// The opinions are of a faultless response of the CA, a faultless one of the delegate, and
// a fault of each.
func TestScore(t *testing.T) {
	t.Parallel()
	fine, bare := opinion{}, opinion{objects: true}
	names := func(rules ...string) opinion { return opinion{objects: true, rules: rules} }
	for what, test := range map[string]struct {
		opinions []opinion
		cells    []string
		count    string
		exit     int
	}{
		"all":                    {[]opinion{fine, fine, names("a", "x"), names("b")}, []string{"accepts", "accepts", "caught: a", "caught: b"}, "2 of 2", exitCaught},
		"one missed":             {[]opinion{fine, fine, names("a"), fine}, []string{"accepts", "accepts", "caught: a", "not caught"}, "1 of 2", exitMissed},
		"by the wrong rule":      {[]opinion{fine, fine, names("b"), names("b")}, []string{"accepts", "accepts", "wrong rule: b", "caught: b"}, "1 of 2", exitMissed},
		"a faultless one too":    {[]opinion{fine, names("b"), names("a"), names("b")}, []string{"accepts", "objects b", "caught: a", "no verdict"}, "1 of 2", exitMissed},
		"without naming a rule":  {[]opinion{fine, fine, bare, fine}, []string{"accepts", "accepts", "caught", "not caught"}, "1 of 2", exitMissed},
		"everything, unselected": {[]opinion{bare, bare, bare, bare}, []string{"objects", "objects", "no verdict", "no verdict"}, "0 of 2", exitMissed},
	} {
		j := judge{name: "x"}
		s := score{judges: []judge{j}, opinions: map[string][]opinion{"x": test.opinions}, trials: []trial{
			{}, {fault: fault{delegated: true}}, {fault: fault{rule: "a"}}, {fault: fault{rule: "b", delegated: true}}}}
		want := slices.Concat([]string{"x"}, test.cells, []string{test.count})
		if got := s.column(j); !slices.Equal(got, want) || s.exit() != test.exit {
			t.Errorf("%s: exit %d, %q, want %d, %q", what, s.exit(), got, test.exit, want)
		}
	}
}

func TestAbsentPrograms(t *testing.T) {
	t.Parallel()
	none := func(string) bool { return false }
	run := func(program string, _ ...string) ([]byte, int, error) { return nil, 0, errors.New(program + " is run") }
	s, err := judged(run, none, trialsOf(noon), peers())
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range s.judges {
		want := slices.Repeat([]string{absent}, len(s.trials)+1)
		if got := s.column(j)[1:]; slices.Equal(got, want) != (j.program != "") {
			t.Errorf("%s: %q", j.name, got)
		}
	}
	all := func(string) bool { return true }
	if _, err := judged(run, all, trialsOf(noon), peers()); err == nil || !strings.Contains(err.Error(), "zlint is run") {
		t.Errorf("a program that cannot be run: %v", err)
	}
}

// What the programs write is read as they mean it.
func TestPeersAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		judge, output string
		exit          int
		objects       bool
	}{
		{"zlint", `{"e_one":{"result":"pass"},"w_two":{"result":"NA"},"e_three":{"result":"NE"}}`, 0, false},
		{"zlint", `{"e_one":{"result":"pass"},"e_two":{"result":"error"}}`, 0, true},
		{"zlint", `{"w_one":{"result":"warn"}}`, 0, true},
		{"zlint", `level=fatal msg="unable to parse"`, 1, true},
		{"zlint", `unreadable`, 0, true},
		{"ocsptool", "Verifying OCSP Response: Success.", 0, false},
		{"ocsptool", "Verifying OCSP Response: Failure, Signer cert expired.", 1, true},
		{"openssl ocsp", "Response verify OK\nleaf.pem: good\n", 0, false},
		{"openssl ocsp", "Response verify OK\nleaf.pem: WARNING: Status times invalid.\ngood\n", 0, true},
		{"openssl ocsp", "Response Verify Failure\nleaf.pem: good\n", 1, true},
	} {
		run := func(string, ...string) ([]byte, int, error) { return []byte(test.output), test.exit, nil }
		i := slices.IndexFunc(peers(), func(j judge) bool { return j.name == test.judge })
		said, err := peers()[i].judge(run, trial{})
		if err != nil || said.objects != test.objects {
			t.Errorf("%s, exit %d, %q: objects %v, %v", test.judge, test.exit, test.output, said.objects, err)
		}
	}
}

func TestExecuteProgram(t *testing.T) {
	t.Parallel()
	if output, exit, err := executeProgram("go", "no-such-command"); err != nil || exit != 2 || !bytes.Contains(output, []byte("no-such-command")) {
		t.Errorf("exit %d, %v: %s", exit, err, output)
	}
	if _, _, err := executeProgram(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a program that is not there was run")
	}
}

func TestReadFindings(t *testing.T) {
	t.Parallel()
	lines := `{"type":"document","rule":"a","outcome":"failed"}
{"type":"finding","rule":"b","outcome":"inconclusive"}
{"type":"finding","rule":"c","outcome":"failed"}
`
	said, err := readFindings([]byte(lines), 1)
	if err != nil || !said.objects || !slices.Equal(said.rules, []string{"c"}) {
		t.Errorf("%+v, %v", said, err)
	}
	if said, err := readFindings([]byte(`{"type":"run"}`), 0); err != nil || said.objects {
		t.Errorf("nothing found: %+v, %v", said, err)
	}
	for exit, output := range map[int]string{2: "revprobe: no such file\n", 4: "", 0: "no JSON\n"} {
		if said, err := readFindings([]byte(output), exit); err == nil {
			t.Errorf("exit %d, %q is read as %+v", exit, output, said)
		}
	}
}

func TestCertificatesAreWrittenAsPEM(t *testing.T) {
	t.Parallel()
	x := newTrial(faults()[0], noon)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificates(x.root, x.issuer)) {
		t.Error("it is no PEM")
	}
	if _, err := x.issuer.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: noon, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
}
