package main

import (
	"fmt"
	"strings"
)

// verdict is how one expectation turned out.
type verdict struct {
	expectation string // parses, signature, verdict, or defect or absent with the word
	outcome     outcome
	why         string // what was seen instead, or the rule that it waits for
}

type outcome int

const (
	met outcome = iota
	disagreed
	later // no rule judges it yet, or none ever will
)

// class is the expectation without the word it is about.
func (v verdict) class() string {
	class, _, _ := strings.Cut(v.expectation, " ")
	return class
}

// compare holds what lint said of a document against everything expected of it.
//
//	parses     "true": decoded. "false": not decoded, or a rule about syntax failed, since we
//	           read on where others refuse and report what made them.
//	signature  "true": valid. "false": invalid.
//	verdict    good, revoked, unknown: the status, where a certificate was named.
//	           error: not decoded, or some rule failed as an error or worse; where all that
//	           is said to be wrong waits for later rules, it says nothing yet.
//	defect     one of the rules for it failed.
//	absent     none of the rules for it failed.
//
// Where lint judged nothing, because it could not read a certificate that it was given,
// nothing of this is met. The manifest's accepted follows from these and from the policy of the project's own
// verifier, and is not compared.
func compare(it item, r result) []verdict {
	list := expectations(it, r)
	if r.Document.Kind != "" {
		return list
	}
	for i := range list {
		if list[i].outcome == later {
			continue
		}
		list[i].outcome, list[i].why = disagreed, "not judged: "+strings.TrimSpace(r.Stderr)
	}
	return list
}

func expectations(it item, r result) []verdict {
	var list []verdict
	if v, stated := parses(it, r); stated {
		list = append(list, v)
	}
	if v, stated := signature(it, r); stated {
		list = append(list, v)
	}
	if v, stated := status(it, r); stated {
		list = append(list, v)
	}
	for _, name := range it.Expected.Defects {
		list = append(list, present(it, r, name))
	}
	for _, name := range it.Expected.Absent {
		list = append(list, absent(it, r, name))
	}
	return list
}

func check(expectation string, ok bool, format string, args ...any) verdict {
	if ok {
		return verdict{expectation: expectation}
	}
	return verdict{expectation, disagreed, fmt.Sprintf(format, args...)}
}

func parses(it item, r result) (verdict, bool) {
	switch it.Expected.Parses {
	case "true":
		return check("parses", r.Document.Decoded, "not decoded: %s", r.Document.Problem), true
	case "false":
		return check("parses", !r.Document.Decoded || r.failed(syntaxRules(it.Kind)...), "decoded, and no fault of syntax found"), true
	}
	return verdict{}, false
}

func signature(it item, r result) (verdict, bool) {
	want := map[string]string{"true": "valid", "false": "invalid"}[it.Expected.Signature]
	return check("signature", r.Document.Signature == want, "%s, not %s", r.Document.Signature, want), want != ""
}

func status(it item, r result) (verdict, bool) {
	want := it.Expected.Verdict
	switch {
	case want == "error" && allLater(it):
		return verdict{"verdict", later, "the rules about its defects"}, true
	case want == "error":
		return check("verdict", !r.Document.Decoded || r.failedAtAll(), "nothing that is an error found"), true
	case want == "" || it.Cert == "":
		return verdict{}, false
	}
	return check("verdict", r.Document.Status == want, "status %q, not %s", r.Document.Status, want), true
}

// allLater reports whether every fault of a document waits for a rule.
func allLater(it item) bool {
	for _, name := range it.Expected.Defects {
		if d, known := defectNamed(name); known && d.later == "" {
			return false
		}
	}
	return true
}

func present(it item, r result, name string) verdict {
	expectation := "defect " + name
	d, rules, why := judged(it, name)
	if why != "" {
		return verdict{expectation, later, why}
	}
	return check(expectation, r.failed(rules...) || d.undecoded && !r.Document.Decoded, "none of %s failed", strings.Join(rules, ", "))
}

func absent(it item, r result, name string) verdict {
	expectation := "absent " + name
	_, rules, why := judged(it, name)
	if why != "" {
		return verdict{expectation, later, why}
	}
	return check(expectation, !r.failed(rules...), "%s failed", strings.Join(rules, " or "))
}

// judged looks a defect up; why says that nothing judges it.
func judged(it item, name string) (d defect, rules []string, why string) {
	d, known := defectNamed(name)
	rules = d.rules(it.Kind)
	switch {
	case !known:
		return d, nil, "a word that is not known here"
	case d.later != "":
		return d, nil, d.later
	case len(rules) == 0:
		return d, nil, noRule
	}
	return d, rules, ""
}
