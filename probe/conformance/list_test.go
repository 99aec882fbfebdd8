package conformance_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// listedLeaf is the answer about a fake's leaf, as of one of a list.
func listedLeaf(t testing.TB, r *fixtures.Responder) evidence.Exchange {
	t.Helper()
	q, err := probe.ListQuestion(r.OCSPURL(), r.IssuerCertificate(), r.LeafCertificate())
	if err != nil {
		t.Fatal(err)
	}
	x := r.Respond(q)
	x.Question, x.ID = q, "issued.1"
	return x
}

func listRun(r *fixtures.Responder) *evidence.Run {
	run := &evidence.Run{Version: "test", Started: r.Now, List: &evidence.List{}}
	run.AddCertificate(r.RootCertificate().Raw, "root")
	run.AddCertificate(r.IssuerCertificate().Raw, "issuer")
	return run
}

// judgeList judges exchanges as those about a list.
func judgeList(t testing.TB, run *evidence.Run, rules []*conformance.Rule, list ...evidence.Exchange) *conformance.Report {
	t.Helper()
	profile, _ := conformance.ProfileNamed("all")
	l := conformance.NewListExaminer(run, conformance.Options{Profile: profile, Rules: rules})
	for i := range list {
		l.Take(&list[i])
	}
	report := l.Report(run)
	for _, bug := range report.Bugs {
		t.Error(bug)
	}
	return report
}

// A list of one certificate is judged as that one is.
func TestAListOfOneIsJudgedAsThatOne(t *testing.T) {
	t.Parallel()
	rules := slices.DeleteFunc(slices.Clone(everyRule()), func(r *conformance.Rule) bool { return !r.JudgesLists(evidence.AssignedPOST) || r.Counts })
	differ := 0
	for _, rule := range everyRule() {
		for _, c := range slices.Concat(rule.Bad, rule.Good) {
			fake := faked(fixtures.Kind{}, c)
			x, run := listedLeaf(t, fake), listRun(fake)
			whole := *run
			whole.AddCertificate(x.Certificate, "leaf")
			whole.Exchanges = []evidence.Exchange{x}
			alone, listed := judge(t, &whole, rules...), judgeList(t, run, rules, x)
			if got, want := fired(listed), fired(alone); !slices.Equal(got, want) {
				t.Errorf("%s/%s: %v as of a list, %v alone", rule.ID, c.Name, got, want)
			}
			if len(fired(alone)) > 0 {
				differ++
			}
		}
	}
	if differ < 50 {
		t.Errorf("only %d cases have a finding at all", differ)
	}
}

func TestAlikeFindingsOfAListAreOne(t *testing.T) {
	t.Parallel()
	unknown, good := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unknown }}), fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	var list []evidence.Exchange
	for n := range 1000 {
		x := listedLeaf(t, unknown)
		if n%4 == 0 {
			x = listedLeaf(t, good)
		}
		x.ID, x.Serial, x.At = probe.ListID(n+1), fmt.Sprintf("%04x", n), noon.Add(time.Duration(n)*time.Millisecond)
		list = append(list, x)
	}
	report := judgeList(t, listRun(good), nil, list...)
	if len(report.Findings) != 1 {
		t.Fatalf("%d findings%s", len(report.Findings), describe(report))
	}
	f := report.Findings[0]
	if f.Rule.ID != "ocsp-assigned-authoritative-15m" || f.Times != 750 || !strings.HasSuffix(f.Got, "; likewise for serial 0002, 0003 and 747 more") ||
		!slices.Equal(f.Exchanges, []string{"issued.2", "issued.3", "issued.4", "issued.6", "issued.7"}) || !f.At.Equal(noon.Add(time.Millisecond)) || !f.LastAt.Equal(noon.Add(999*time.Millisecond)) {
		t.Errorf("%+v", f)
	}
	answers := slices.Collect(report.List.All())
	if len(answers) != 1000 || answers[0].Answer != "good" || answers[999].Answer != "unknown" || answers[999].Serial != "03e7" || answers[999].Exchange != "issued.1000" ||
		answers[999].Responder != good.OCSPURL() {
		t.Errorf("%d answers, the last %+v", len(answers), answers[len(answers)-1])
	}
	if s := report.List.Services; len(s) != 1 || s[0].Certificates != 1000 || s[0].Answers[0].Count != 250 || s[0].Answers[1].Count != 750 {
		t.Errorf("%+v", s)
	}
	if report.Outcomes.Failed != 750 || len(report.Run.Exchanges) != 5 {
		t.Errorf("%v, %d exchanges shown", report.Outcomes, len(report.Run.Exchanges))
	}
}

// What fails and does not when asked again counts once in the table.
func TestAQuestionPutAgainCountsOnce(t *testing.T) {
	t.Parallel()
	good := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	whole := listedLeaf(t, good)
	failed := whole
	failed.Body, failed.Code, failed.Failure, failed.Detail = nil, 0, evidence.Reset, "connection reset"
	again := whole
	again.ID, again.Repeat = "issued.2", true
	report := judgeList(t, listRun(good), nil, failed, again)
	if s := report.List.Services[0]; s.Certificates != 1 || s.Answers[0].Count != 0 || s.Answers[1].Count != 1 {
		t.Errorf("%+v", s)
	}
	if len(report.Findings) != 1 || report.Findings[0].Severity != conformance.Warning || report.Findings[0].Got != "1 of 2 answers failed, the first: reset, connection reset" {
		t.Errorf("%s", describe(report))
	}
}

// Our own clock and network are not held against anybody.
func TestOwnTroubleOfAList(t *testing.T) {
	t.Parallel()
	good := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	var late, silent []evidence.Exchange
	for n := range 9 {
		x := listedLeaf(t, good)
		x.ID, x.URL = probe.ListID(n+1), fmt.Sprintf("http://host-%d.example/ocsp", n%3)
		x.At = noon.AddDate(0, 0, 20)
		late = append(late, x)
		x.At, x.Code, x.Body, x.Header, x.Failure = noon, 0, nil, nil, evidence.ConnectTimeout
		silent = append(silent, x)
	}
	report := judgeList(t, listRun(good), nil, late...)
	if ids := fired(report); report.ClockError == 0 || slices.Contains(ids, "ocsp-not-expired") || !slices.ContainsFunc(report.Findings, func(f conformance.Finding) bool {
		return f.Rule.ID == "ocsp-not-expired" && f.Outcome == conformance.Inconclusive
	}) {
		t.Errorf("our clock is %s off, and %v fired", report.ClockError, ids)
	}
	report = judgeList(t, listRun(good), nil, silent...)
	if len(fired(report)) > 0 || !report.Blackout || !report.NothingAsked {
		t.Errorf("a blackout: %v%s", report.Blackout, describe(report))
	}
	if report = judgeList(t, listRun(good), nil, silent[0], silent[3], silent[6]); !slices.Equal(fired(report), []string{"http-status-200"}) || report.NothingAsked {
		t.Errorf("one host that does not connect: %s", describe(report))
	}
}

// Of each answer no more than a few octets stay, and each takes no more work than the ones
// before, however many there are.
func TestMemoryOfAList(t *testing.T) {
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unknown }})
	x := listedLeaf(t, fake)
	profile, _ := conformance.ProfileNamed("web")
	l := conformance.NewListExaminer(listRun(fake), conformance.Options{Profile: profile})
	n := 0
	take := func(count int) (kept, allocated, allocations float64) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range count {
			n++
			next := x
			next.ID, next.Serial, next.Certificate = probe.ListID(n), fmt.Sprintf("%040x", n), slices.Clone(x.Certificate)
			l.Take(&next)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := float64(count)
		return float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / each, float64(after.TotalAlloc-before.TotalAlloc) / each, float64(after.Mallocs-before.Mallocs) / each
	}
	take(500)
	_, few, fewTimes := take(2000)
	kept, many, manyTimes := take(8000)
	t.Logf("%.0f octets kept of each answer; %.0f octets in %.0f allocations, of the first %.0f in %.0f", kept, many, manyTimes, few, fewTimes)
	if kept > 200 {
		t.Errorf("%.0f octets are kept of each answer", kept)
	}
	if many > 1.1*few || manyTimes > 1.1*fewTimes {
		t.Errorf("each answer takes %.0f octets in %.0f allocations, at first %.0f in %.0f", many, manyTimes, few, fewTimes)
	}
}
