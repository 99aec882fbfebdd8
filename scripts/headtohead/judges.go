package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"
)

// opinion is what one judge makes of one response.
type opinion struct {
	objects bool
	rules   []string // that it names; only ours does
}

// judge is an implementation that is given the response, its CA and the certificate that
// was asked about, as far as it takes them.
type judge struct {
	name    string
	program string // that has to be on the PATH; empty where none is needed
	judge   func(execute, trial) (opinion, error)
}

// execute runs a program and returns all that it wrote and its exit code.
type execute func(program string, args ...string) (output []byte, exit int, err error)

// ours is lint, whose program has just been built.
func ours(program string) judge {
	return judge{name: "revprobe lint", judge: func(run execute, t trial) (opinion, error) {
		output, exit, err := run(program, "lint", "--format", "json", "--at", t.at.Format(time.RFC3339),
			"--issuer", t.issuerFile, "--cert", t.leafFile, t.responseFile)
		if err != nil {
			return opinion{}, err
		}
		return readFindings(output, exit)
	}}
}

// readFindings reads the JSON lines of lint. It objects to what fails a rule, also to what
// its exit code does not count.
func readFindings(output []byte, exit int) (opinion, error) {
	var said opinion
	if exit > 1 {
		return said, fmt.Errorf("running lint: exit code %d: %s", exit, output)
	}
	for line := range bytes.Lines(output) {
		var f struct{ Type, Rule, Outcome string }
		if err := json.Unmarshal(line, &f); err != nil {
			return said, fmt.Errorf("reading what lint wrote, %q: %w", line, err)
		}
		if f.Type == "finding" && f.Outcome == "failed" {
			said.rules = append(said.rules, f.Rule)
		}
	}
	said.objects = len(said.rules) > 0
	return said, nil
}

// peers are the other implementations, each asked in the way that serves it best.
func peers() []judge {
	return []judge{
		{name: "x/crypto", judge: func(_ execute, t trial) (opinion, error) {
			_, err := ocsp.ParseResponseForCert(t.response, nil, t.issuer)
			return opinion{objects: err != nil}, nil
		}},
		{name: "x/crypto for cert", judge: func(_ execute, t trial) (opinion, error) {
			_, err := ocsp.ParseResponseForCert(t.response, t.leaf, t.issuer)
			return opinion{objects: err != nil}, nil
		}},
		{name: "zlint", program: "zlint", judge: func(run execute, t trial) (opinion, error) {
			output, exit, err := run("zlint", "-format", "der", t.responseFile)
			return opinion{objects: exit != 0 || zlintObjects(output)}, err
		}},
		{name: "ocsptool", program: "ocsptool", judge: func(run execute, t trial) (opinion, error) {
			// It verifies a CA's own signature only by the first flag, a delegate's only by the second.
			as := "--load-signer"
			if t.delegated {
				as = "--load-trust"
			}
			_, exit, err := run("ocsptool", "--verify-response", "--load-response", t.responseFile,
				"--load-issuer", t.issuerFile, "--load-cert", t.leafFile, as, t.issuerFile)
			return opinion{objects: exit != 0}, err
		}},
		{name: "openssl ocsp", program: "openssl", judge: func(run execute, t trial) (opinion, error) {
			output, exit, err := run("openssl", "ocsp", "-respin", t.responseFile, "-issuer", t.issuerFile,
				"-cert", t.leafFile, "-CAfile", t.trustFile, "-no_nonce")
			// With invalid times it warns, and exits 0.
			return opinion{objects: exit != 0 || bytes.Contains(output, []byte("WARNING:"))}, err
		}},
	}
}

// zlintObjects reports whether one of zlint's lints found something.
func zlintObjects(output []byte) bool {
	var lints map[string]struct{ Result string }
	if json.Unmarshal(output, &lints) != nil {
		return true // it writes no JSON where it cannot read the response
	}
	for _, lint := range lints {
		if slices.Contains([]string{"warn", "error", "fatal"}, lint.Result) {
			return true
		}
	}
	return false
}

// patience is for one run of a program, none of which has anything to wait for.
const patience = time.Minute

// executeProgram is execute for programs of this machine.
func executeProgram(program string, args ...string) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || !exit.Exited()) {
		return output, 0, fmt.Errorf("running %s %s: %w", program, strings.Join(args, " "), err)
	}
	return output, command.ProcessState.ExitCode(), nil
}
