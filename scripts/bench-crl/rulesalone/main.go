// Command rulesalone lints a CRL as revprobe does, but links nothing other than the rules and
// what reads CRLs for them: no history, network or report. Beside it, bench-crl shows how much
// of a lint's memory is the CRL's, and how much is the rest of the program's.
//
//	rulesalone ISSUER.pem CRL 2026-03-02T12:00:00Z [RULE]
//
// RULE is one to leave out. The exit code is 0 where the CRL and its signature are in order.
package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func main() {
	if err := lint(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rulesalone:", err)
		os.Exit(1)
	}
}

func lint(args []string) error {
	if len(args) != 3 && len(args) != 4 {
		return errors.New("usage: rulesalone ISSUER.pem CRL TIME [RULE]")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s holds no certificate in PEM", args[0])
	}
	crl, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer crl.Close()
	info, err := crl.Stat()
	if err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, args[2])
	if err != nil {
		return err
	}
	rules := conformance.Rules()
	if len(args) == 4 {
		rules = slices.DeleteFunc(rules, func(r *conformance.Rule) bool { return r.ID == args[3] })
	}
	run := &evidence.Run{Started: at, Scope: evidence.ScopeEE}
	run.AddCertificate(block.Bytes, args[0])
	run.Exchanges = []evidence.Exchange{{ID: args[1], At: at, Question: evidence.Question{Ask: evidence.File},
		Blob: &evidence.Blob{Octets: crl, Length: info.Size()}}}
	profile, _ := conformance.ProfileNamed("web")
	report := conformance.Examine(run, conformance.Options{Profile: profile, Rules: rules})
	switch document := report.Documents[0]; {
	case !document.Decoded:
		return errors.New(document.Problem)
	case document.Signature != revocation.SignatureValid:
		return fmt.Errorf("the signature is %s", document.Signature)
	case len(report.Findings) > 0:
		return fmt.Errorf("%s: %s", report.Findings[0].Rule.ID, report.Findings[0].Want)
	}
	return nil
}
