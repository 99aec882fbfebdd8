package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// result is what revprobe lint says of one document.
type result struct {
	Exit     int
	Stderr   string
	Document document
	Findings []finding
}

// document and finding are the members that are looked at of the JSON lines of those types.
type document struct {
	Kind      string `json:"kind"`
	Decoded   bool   `json:"decoded"`
	Signature string `json:"signature"`
	Status    string `json:"status"`
	Problem   string `json:"problem"`
}

type finding struct {
	Rule     string `json:"rule"`
	Outcome  string `json:"outcome"`
	Severity string `json:"severity"`
}

// failed reports whether one of the rules failed.
func (r result) failed(rules ...string) bool {
	for _, f := range r.Findings {
		for _, rule := range rules {
			if f.Rule == rule && f.Outcome == "failed" {
				return true
			}
		}
	}
	return false
}

// failedAtAll reports whether a rule failed that is at least an error under lint's profile.
func (r result) failedAtAll() bool {
	for _, f := range r.Findings {
		if f.Outcome == "failed" && (f.Severity == "error" || f.Severity == "critical") {
			return true
		}
	}
	return false
}

// buildCommand builds revprobe and returns the name of the program and what removes it.
func buildCommand() (command string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "revprobe-corpus-")
	if err != nil {
		return "", nil, err
	}
	command = filepath.Join(dir, "revprobe")
	out, err := exec.Command("go", "build", "-o", command, "github.com/revprobe/revprobe/cmd/revprobe").CombinedOutput()
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("building revprobe: %w\n%s", err, out)
	}
	return command, func() { _ = os.RemoveAll(dir) }, nil
}

// atOnce is how many documents are judged at a time.
const atOnce = 2

func lintAll(command, dir string, items []item) ([]result, error) {
	results := make([]result, len(items))
	failures := make([]error, len(items))
	turns := make(chan int)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for i := range turns {
				results[i], failures[i] = lint(command, dir, items[i])
			}
		})
	}
	for i := range items {
		turns <- i
	}
	close(turns)
	workers.Wait()
	return results, errors.Join(failures...)
}

// lint runs the command over one document, in dir.
func lint(command, dir string, it item) (result, error) {
	run := exec.Command(command, arguments(it)...)
	run.Dir = dir
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := run.Run(); err != nil && !errors.As(err, &exit) {
		return result{}, fmt.Errorf("judging %s: %w", it.ID, err)
	}
	r, err := readLines(stdout.Bytes())
	if err != nil {
		return r, fmt.Errorf("judging %s: %w", it.ID, err)
	}
	r.Exit, r.Stderr = run.ProcessState.ExitCode(), stderr.String()
	return r, nil
}

func arguments(it item) []string {
	list := []string{"lint", "--format", "json"}
	for _, issuer := range append([]string{it.Issuer}, it.Extra...) {
		if issuer != "" {
			list = append(list, "--issuer", issuer)
		}
	}
	if it.Cert != "" {
		list = append(list, "--cert", it.Cert)
	}
	if it.At != "" {
		list = append(list, "--at", it.At)
	}
	return append(list, it.File)
}

// readLines reads the JSON lines that lint prints.
func readLines(lines []byte) (result, error) {
	var r result
	for line := range bytes.Lines(lines) {
		var kind struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(line, &kind); err != nil {
			return r, fmt.Errorf("reading what lint printed, %q: %w", line, err)
		}
		var err error
		switch kind.Type {
		case "document":
			err = json.Unmarshal(line, &r.Document)
		case "finding":
			var f finding
			err = json.Unmarshal(line, &f)
			r.Findings = append(r.Findings, f)
		}
		if err != nil {
			return r, fmt.Errorf("reading what lint printed, %q: %w", line, err)
		}
	}
	return r, nil
}
