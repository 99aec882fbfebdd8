package conformance_test

import (
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

const changedURL = "http://a.example/"

// oneFailure is the report of a run that fetched one CRL, number of which is given, and asked
// about one serial.
func oneFailure(rule *conformance.Rule, field, number, answer string) *conformance.Report {
	ask := evidence.Question{Ask: evidence.FetchCRL, URL: changedURL}
	return &conformance.Report{
		Run:      &evidence.Run{Exchanges: []evidence.Exchange{{ID: "1.1", Question: ask}}},
		Services: []conformance.Service{{URL: changedURL}},
		Findings: []conformance.Finding{{Rule: rule, Outcome: conformance.Failed, Severity: conformance.Error, Source: "1.1", Service: changedURL, Field: field}},
		Judged:   []*conformance.Judged{{Rule: rule, Service: changedURL, Outcomes: conformance.Counts{Passed: 1}}},
		Answers:  []conformance.Answer{{Responder: changedURL, Ask: evidence.AssignedPOST, Strategy: "assigned", Serial: "01", Method: "POST", Answer: answer}},
		Documents: []conformance.Document{{Source: "1.1", Kind: revocation.KindCRL, Decoded: true, Number: number,
			ThisUpdate: time.Date(2026, 11, 20, 0, 0, 0, 0, time.FixedZone("", 3600))}},
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	rules := conformance.Rules()
	one, other := rules[0], rules[1]
	before := oneFailure(one, "revokedCertificates[3].serial", "1", "good")
	for name, test := range map[string]struct {
		after                         *conformance.Report
		fresh, gone, still, unjudged  int
		answers, crls                 int
		silence, elsewhere, unsettled bool
	}{
		"the same at another index":       {after: oneFailure(one, "revokedCertificates[7].serial", "1", "good"), still: 1},
		"another field":                   {after: oneFailure(one, "revokedCertificates[3].date", "1", "good"), fresh: 1, gone: 1},
		"another rule":                    {after: oneFailure(other, "revokedCertificates[3].serial", "1", "good"), fresh: 1, unjudged: 1},
		"another answer":                  {after: oneFailure(one, "revokedCertificates[3].serial", "1", "revoked"), still: 1, answers: 1},
		"another CRL":                     {after: oneFailure(one, "revokedCertificates[3].serial", "2", "good"), still: 1, crls: 1},
		"silenced":                        {after: oneFailure(one, "revokedCertificates[3].serial", "1", "good"), silence: true, gone: 1},
		"at another service":              {after: oneFailure(one, "revokedCertificates[3].serial", "1", "good"), elsewhere: true, fresh: 1, gone: 1},
		"a field less, and not all asked": {after: oneFailure(one, "other", "1", "good"), unsettled: true, fresh: 1, unjudged: 1},
	} {
		f := &test.after.Findings[0]
		if test.silence {
			f.SuppressedFor = "known"
		}
		if test.elsewhere {
			f.Service = "http://b.example/"
		}
		if test.unsettled {
			test.after.Judged[0].Outcomes.Inconclusive = 1
		}
		c := conformance.Compare(before, test.after)
		if len(c.New) != test.fresh || len(c.Gone) != test.gone || len(c.Still) != test.still || len(c.Unjudged) != test.unjudged ||
			len(c.Answers) != test.answers || len(c.CRLs) != test.crls {
			t.Errorf("%s: %+v", name, c)
		}
		if want := test.fresh > 0; (c.Worst() == conformance.Error) != want {
			t.Errorf("%s: the worst is %s", name, c.Worst())
		}
	}
}

// What a run with another seed asks about made-up serials is the same question.
func TestCompareOfMadeUpSerials(t *testing.T) {
	t.Parallel()
	said := func(serial, answer string, again bool) *conformance.Report {
		r := oneFailure(conformance.Rules()[0], "", "1", "good")
		r.Answers = append(r.Answers, conformance.Answer{Responder: changedURL, Ask: evidence.UnassignedPOST, Strategy: "ser-random-20", Serial: serial,
			Method: "POST", Answer: answer, Repeat: again})
		return r
	}
	c := conformance.Compare(said("0a", "unknown", false), said("0b", "good", false))
	if len(c.Answers) != 1 || c.Answers[0].Before != "unknown" || c.Answers[0].After != "good" {
		t.Errorf("%+v", c.Answers)
	}
	if c := conformance.Compare(said("0a", "unknown", false), said("0b", "good", true)); len(c.Answers) != 0 {
		t.Errorf("asked again: %+v", c.Answers)
	}
}

// A CRL that no longer comes is a change; a distribution point that was not asked before is none.
func TestCompareOfCRLs(t *testing.T) {
	t.Parallel()
	before, after := oneFailure(conformance.Rules()[0], "", "1", "good"), oneFailure(conformance.Rules()[0], "", "1", "good")
	after.Documents = nil
	if c := conformance.Compare(before, after); len(c.CRLs) != 1 || c.CRLs[0].Before.Number != "1" || c.CRLs[0].After != (conformance.CRLState{}) {
		t.Errorf("%+v", c.CRLs)
	}
	before.Services = nil
	if c := conformance.Compare(before, after); len(c.CRLs) != 0 {
		t.Errorf("not asked before: %+v", c.CRLs)
	}
}
