package main

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
)

// Every class is named, and the README says how many are.
func TestEveryIncidentIsNamed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	code, err := run(t.Context(), &out, incidents())
	if err != nil || code != exitNamed {
		t.Errorf("exit %d, %v\n%s", code, err, &out)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if said := lines[len(lines)-1]; !bytes.Contains(readme, []byte("\n"+said+" the rule")) {
		t.Errorf("the README does not say %q", said)
	}
}

// All 54 classes of the catalogue stand there once, each with scenes or with a reason, and
// what is to be named has a rule.
func TestIncidentsAreTheCatalogue(t *testing.T) {
	t.Parallel()
	list := incidents()
	if len(list) != 54 {
		t.Errorf("there are %d classes", len(list))
	}
	for i, in := range list {
		if in.number != i+1 || in.class == "" || (len(in.scenes) == 0) != (in.unseen != "") {
			t.Errorf("%d %q is out of order, or has neither scenes nor a reason, or both", in.number, in.class)
		}
		for _, s := range in.scenes {
			if conformance.RuleNamed(s.rule) == nil || s.played == "" || s.least == 0 || s.fault == nil && s.answer == nil {
				t.Errorf("%d: %q is no scene", in.number, s.played)
			}
		}
	}
}

// What is missed, named too mildly, or said of a conforming CA is told.
func TestMissesAreTold(t *testing.T) {
	t.Parallel()
	expired := func(r *fixtures.Responder) { r.CRL.NextUpdate = r.Now.Add(-1) }
	for want, s := range map[string]scene{
		"NOT NAMED by crl-not-expired":               {rule: "crl-not-expired", fault: func(*fixtures.Responder) {}},
		"http-crl-content-type, ONLY AS warning":     {rule: "http-crl-content-type", least: conformance.Error, fault: func(r *fixtures.Responder) { r.CRLHTTP.ContentType = "text/plain" }},
		"crl-not-pem, but the CA WITHOUT THE FAULT ": {rule: "crl-not-pem", world: expired, fault: func(r *fixtures.Responder) { r.CRL.PEM = true; r.CRL.NextUpdate = r.Now.AddDate(0, 0, 3) }},
	} {
		var out bytes.Buffer
		list := []incident{{number: 1, class: "x", scenes: []scene{s}}, {number: 2, class: "y", unseen: "why"}}
		code, err := run(context.Background(), &out, list)
		if code != exitMissed || err != nil || !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "\n0 of the 2 classes\n") {
			t.Errorf("%s: exit %d, %v\n%s", want, code, err, &out)
		}
	}
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	list := inOrder([]incident{{number: 3}, {number: 1}, {number: 2}})
	if !slices.IsSortedFunc(list, func(a, b incident) int { return a.number - b.number }) {
		t.Errorf("%+v", list)
	}
}
