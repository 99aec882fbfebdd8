package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
)

func text(t *testing.T, r *conformance.Report, o report.TextOptions) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.Text(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// readable fails where text would disturb a terminal or runs over the width.
func readable(t *testing.T, text string, width int) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("the text is no UTF-8")
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width {
			t.Errorf("a line of %d characters, %d are allowed: %q", n, width, line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Errorf("the line %q has %q", line, r)
			}
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("the line %q ends in spaces", line)
		}
	}
}

func TestTextGolden(t *testing.T) {
	for _, c := range []struct {
		file string
		r    *conformance.Report
		o    report.TextOptions
	}{
		{"check.txt", checked(), report.TextOptions{Exit: 1}},
		{"check-narrow.txt", checked(), report.TextOptions{Exit: 1, Width: 50}},
		{"conforming.txt", conforming(), report.TextOptions{}},
		{"lint.txt", linted(), report.TextOptions{Exit: 1}},
	} {
		t.Run(c.file, func(t *testing.T) {
			got := text(t, c.r, c.o)
			width := c.o.Width
			if width == 0 {
				width = 100
			}
			readable(t, got, width)
			golden(t, c.file, []byte(got))
		})
	}
}

func TestColourChangesNoText(t *testing.T) {
	bare, coloured := text(t, checked(), report.TextOptions{Width: 70}), text(t, checked(), report.TextOptions{Width: 70, Color: true})
	if !strings.Contains(coloured, "\x1b[1;31mcritical\x1b[0m") {
		t.Error("critical is not painted")
	}
	if strings.Contains(bare, "\x1b") {
		t.Error("there is colour where none was asked for")
	}
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, ""); got != bare {
		t.Errorf("without its colours it reads\n%s\nnot\n%s", got, bare)
	}
}

func TestQuietSpeaksOnlyFromFailOn(t *testing.T) {
	undecided := checked()
	undecided.Findings = undecided.Findings[:1]
	for _, c := range []struct {
		name   string
		r      *conformance.Report
		failOn conformance.Severity
		speaks bool
	}{
		{"the worst is at it", checked(), conformance.Critical, true},
		{"the worst is above it", checked(), conformance.Warning, true},
		{"everything is below it", checked(), conformance.Critical + 1, false},
		{"nothing failed", conforming(), 0, false},
		{"inconclusive is no failure", undecided, 0, false},
		{"any failure counts", checked(), 0, true},
		{"files too", linted(), conformance.Error, true},
		{"a file below it", linted(), conformance.Critical, false},
	} {
		if got := text(t, c.r, report.TextOptions{Quiet: true, FailOn: c.failOn}); (got != "") != c.speaks {
			t.Errorf("%s: printed %q", c.name, got)
		}
	}
}

// Why a quiet run did not end well is said, and nothing else.
func TestQuietSaysWhyNothingCouldBeAsked(t *testing.T) {
	r := conforming()
	r.NothingAsked = true
	got := text(t, r, report.TextOptions{Quiet: true, FailOn: conformance.Error, Exit: 3})
	if !strings.Contains(got, "nothing could be asked") || !strings.Contains(got, "exit 3") || strings.Contains(got, "OCSP responder of") {
		t.Errorf("printed %q", got)
	}
}

func TestWorstComesFirstWithinAService(t *testing.T) {
	got := text(t, checked(), report.TextOptions{})
	last := -1
	for _, part := range []string{responderURL, "ser-random-20", "assigned", "foreign-issuer", "critical  ocsp-unassigned-not-good (2 times)",
		"error     ocsp-not-expired", crlURL, "warning   http-crl-content-type", "tls://", "41 passed", "hint:", "our bug:"} {
		at := strings.Index(got, part)
		if at <= last {
			t.Errorf("%q is at %d, what comes before it at %d, in\n%s", part, at, last, got)
		}
		last = at
	}
}

func TestRepeatedFindingsAreOne(t *testing.T) {
	r := checked()
	template := r.Findings[1]
	r.Findings = nil
	for i := range 10_000 {
		f := template
		f.Source = fmt.Sprintf("x%d", i)
		f.At = clock(i)
		f.Want = "nextUpdate after " + f.At.Format("2006-01-02T15:04:05Z")
		f.Got = fmt.Sprintf("nextUpdate %d seconds ago", i)
		r.Findings = append(r.Findings, f)
	}
	got := text(t, r, report.TextOptions{})
	if len(got) > 4000 {
		t.Errorf("it takes %d octets", len(got))
	}
	for _, part := range []string{"ocsp-not-expired (10000 times)", "x4 and 9995 more", "2026-11-20T10:00:00Z to 2026-11-20T12:46:39Z",
		"nextUpdate 0 seconds ago (the first; others differ)", "10000 error"} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), part) {
			t.Errorf("%q is not in\n%s", part, got)
		}
	}
}

func TestDifferentFindingsStayApart(t *testing.T) {
	changes := map[string]func(*conformance.Finding){
		"rule":     func(f *conformance.Finding) { f.Rule = mediaType() },
		"service":  func(f *conformance.Finding) { f.Service = crlURL },
		"field":    func(f *conformance.Finding) { f.Field = "responses[1].nextUpdate" },
		"want":     func(f *conformance.Finding) { f.Want = "something else" },
		"severity": func(f *conformance.Finding) { f.Severity = conformance.Notice },
		"assumed":  func(f *conformance.Finding) { f.Assumed = "scope ca" },
		"clauses":  func(f *conformance.Finding) { f.Citations = f.Citations[:1] },
	}
	for name, change := range changes {
		r := checked()
		other := r.Findings[1]
		change(&other)
		r.Findings = []conformance.Finding{r.Findings[1], other}
		if got := text(t, r, report.TextOptions{}); strings.Contains(got, "2 times") {
			t.Errorf("findings of another %s were merged:\n%s", name, got)
		}
	}
}

func TestManyWaysToFailAreCutShort(t *testing.T) {
	r := checked()
	template := r.Findings[1]
	r.Findings = nil
	for i := range 10_000 {
		f := template
		f.Field = fmt.Sprintf("responses[%d].nextUpdate", i)
		r.Findings = append(r.Findings, f)
	}
	got := text(t, r, report.TextOptions{})
	if !strings.Contains(got, "and ocsp-not-expired failed 9996 times more in other ways") || len(got) > 6000 {
		t.Errorf("%d octets:\n%.2000s", len(got), got)
	}
}

func TestOneURLServesManyAuthorities(t *testing.T) {
	r := checked()
	other := answer(evidence.UnassignedPOST, "ser-short", "01", "POST", "unauthorized", "x2")
	other.Issuer = "another"
	r.Answers = append(r.Answers, other)
	r.Services = append(r.Services, conformance.Service{URL: responderURL, Responder: true, Issuer: "another", Name: "CN=Another CA"})
	got := text(t, r, report.TextOptions{})
	if strings.Count(got, responderURL+"  OCSP responder of CN=Example CA, CN=Another CA\n") != 1 {
		t.Errorf("the responder is not headed once with both names:\n%s", got)
	}
	if first, second := strings.Index(got, "\n  CN=Example CA\n"), strings.Index(got, "\n  CN=Another CA\n"); first < 0 || second < first {
		t.Errorf("the tables are not headed by the CAs' names:\n%s", got)
	}
}

func TestOwnNetworkTroubleIsSaid(t *testing.T) {
	r := conforming()
	for i := range r.Run.Exchanges {
		r.Run.Exchanges[i] = evidence.Exchange{ID: r.Run.Exchanges[i].ID, Question: r.Run.Exchanges[i].Question, Failure: evidence.NoRoute}
	}
	r.NothingAsked = true
	if got := text(t, r, report.TextOptions{Exit: 3}); !strings.Contains(got, "nothing could be asked") || !strings.Contains(got, "exit 3") {
		t.Errorf("it is not said in\n%s", got)
	}
	if got := text(t, conforming(), report.TextOptions{}); strings.Contains(got, "nothing could be asked") {
		t.Errorf("it is said of a run that asked:\n%s", got)
	}
}

func TestHostileStringsStayText(t *testing.T) {
	hostile := "\x1b[2J\x1b]0;owned\x07\r\n\tx \x9b31m\xff\xc0\u202egood\u200b\u2028" + strings.Repeat("A", 5000) + "\x00"
	for _, r := range []*conformance.Report{poisoned(checked(), hostile), poisoned(linted(), hostile)} {
		for _, width := range []int{0, 40} {
			got := text(t, r, report.TextOptions{Width: width})
			if width == 0 {
				width = 100
			}
			readable(t, got, width)
			if !strings.Contains(got, `\x1b[2J`) {
				t.Errorf("what was sent is not shown escaped in\n%s", got)
			}
			if len(got) > 60_000 {
				t.Errorf("one far end takes %d octets of the terminal", len(got))
			}
		}
	}
}

// poisoned puts s into everything that a far end, or an archive that somebody sent, can
// choose.
func poisoned(r *conformance.Report, s string) *conformance.Report {
	r.Run.Version, r.Run.Seed, r.Run.Vantage, r.Run.Scope = s, s, s, evidence.Scope(s)
	for i := range r.Run.Exchanges {
		x := &r.Run.Exchanges[i]
		x.Peer, x.Detail, x.Failure, x.Strategy, x.Serial, x.Method, x.Target = s, s, evidence.Failure(s), s, s, s, s
	}
	for i := range r.Services {
		r.Services[i].Name = s
	}
	for i := range r.Answers {
		a := &r.Answers[i]
		a.Answer, a.Strategy, a.Method, a.Serial = s, s, s, s
	}
	for i := range r.Documents {
		d := &r.Documents[i]
		d.Kind, d.Encoding, d.Status, d.Problem, d.Notes = "k\x1b", "e\x9b", s, s, []string{s, s}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Got, f.Want, f.Field, f.Assumed, f.Exchanges = s, s, s, s, []string{s, f.Source}
	}
	r.Hints, r.Bugs = []string{s}, []string{s}
	return r
}

func TestHostileNamesOfServicesAndFiles(t *testing.T) {
	r := checked()
	r.Findings[1].Service = "http://\x1b[31m/" + strings.Repeat("/", 500)
	r.Findings[2].Service, r.Findings[2].Source = "", "\x1b]0;x\x07.crl"
	got := text(t, r, report.TextOptions{Width: 60})
	readable(t, got, 60)
	for _, part := range []string{`http://\x1b[31m/`, `\x1b]0;x\a.crl`} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is not in\n%s", part, got)
		}
	}
}

type fullDisk struct{}

var errFullDisk = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFullDisk }

func TestWriteErrorsComeBack(t *testing.T) {
	rules := []*conformance.Rule{notGood()}
	profile, _ := conformance.ProfileNamed("rfc")
	for name, err := range map[string]error{
		"Text":          report.Text(fullDisk{}, checked(), report.TextOptions{}),
		"FindingText":   report.FindingText(fullDisk{}, &checked().Findings[1], report.TextOptions{}),
		"JSON":          report.JSON(fullDisk{}, checked(), 0, report.ByType),
		"RulesText":     report.RulesText(fullDisk{}, rules, profile, report.TextOptions{}),
		"RuleText":      report.RuleText(fullDisk{}, rules[0], report.TextOptions{}),
		"RulesJSON":     report.RulesJSON(fullDisk{}, rules),
		"RulesMarkdown": report.RulesMarkdown(fullDisk{}, rules, func(*conformance.Rule) string { return "" }),
	} {
		if !errors.Is(err, errFullDisk) {
			t.Errorf("%s returns %v", name, err)
		}
	}
}

func TestAnswersOnlyAnArchiveCanHave(t *testing.T) {
	r := checked()
	again := answer(evidence.UnassignedPOST, "ser-short", "01", "POST", "unknown", "x2")
	again.Repeat = true
	put := answer(evidence.UnassignedPOST, "ser-short", "01", "PUT", "http-status", "x2")
	r.Answers = append(r.Answers, again, put)
	got := text(t, r, report.TextOptions{})
	if !regexp.MustCompile(`(?m)^  serial +POST +GET +other methods$`).MatchString(got) ||
		!regexp.MustCompile(`(?m)^  ser-short +again unknown +- +http-status$`).MatchString(got) {
		t.Errorf("the table reads\n%s", got)
	}
}

func TestKindsOfServices(t *testing.T) {
	for ask, kind := range map[evidence.Ask]string{
		evidence.FetchCRL: "distribution point", evidence.FetchIssuer: "caIssuers location",
		evidence.Handshake: "TLS server", evidence.Resolve: "service", evidence.UnassignedPOST: "OCSP responder",
	} {
		r := conforming()
		x := &evidence.Exchange{ID: "y", Question: evidence.Question{Ask: ask, URL: "http://it.example"}}
		r.Services = []conformance.Service{{URL: "http://it.example", Responder: ask.Has(evidence.OCSP), Exchanges: []*evidence.Exchange{x}}}
		if got := text(t, r, report.TextOptions{}); !strings.Contains(got, "http://it.example  "+kind+"\n") {
			t.Errorf("%s is not headed as %s in\n%s", ask, kind, got)
		}
	}
}

func TestManyFetchesAreCutShort(t *testing.T) {
	r := conforming()
	dp := &r.Services[0]
	for len(dp.Exchanges) < 11 {
		dp.Exchanges = append(dp.Exchanges, dp.Exchanges[0])
	}
	got := text(t, r, report.TextOptions{})
	if strings.Count(got, "fetch-crl") != 8 || !strings.Contains(got, "\n  and 3 more\n") {
		t.Errorf("it reads\n%s", got)
	}
}

func TestOffsetWithoutField(t *testing.T) {
	r := linted()
	r.Findings[0].Field, r.Findings[0].Offset = "", 0
	if got := text(t, r, report.TextOptions{}); !strings.Contains(got, "field    at octet 0\n") {
		t.Errorf("it reads\n%s", got)
	}
}

func TestTableWrapsOnlyWhereItMust(t *testing.T) {
	widest := "  foreign-issuer  unknown (signature invalid)  -\n"
	header := "  serial          POST                         GET\n"
	exact := len("  ser-random-20   good; again good             unknown")
	for width, whole := range map[int]bool{exact: true, exact - 1: false} {
		got := text(t, conforming(), report.TextOptions{Width: width})
		readable(t, got, width)
		if strings.Contains(got, widest) != whole || strings.Contains(got, header) != whole {
			t.Errorf("in %d columns it reads\n%s", width, got)
		}
	}
}

// Issuers and responders that are not counted one by one are called others.
func TestOthersThatWereNotAsked(t *testing.T) {
	r := checked()
	r.List = &conformance.ListReport{List: &evidence.List{Files: []string{"issued.pem"}, LeftOut: []evidence.LeftOut{
		{Why: evidence.LeftNoIssuer, Count: 2, First: []string{"01"}}, {Why: evidence.LeftNoResponder, Count: 3, First: []string{"02"}},
		{Why: evidence.LeftGivenUp, Count: 4, First: []string{"03"}}, {Why: evidence.LeftExpired, Count: 5, First: []string{"04"}}}}}
	got := text(t, r, report.TextOptions{Width: 150})
	for _, want := range []string{"not asked about 2: not issued by a CA that --issuer names, but by others (serial 01", "not asked about 3: naming no OCSP responder, issued by others (serial 02",
		"not asked about 4: its responder was given up: others (serial 03", "not asked about 5: expired (serial 04"} {
		if !strings.Contains(got, want) {
			t.Errorf("the text lacks %q:\n%s", want, got)
		}
	}
}
