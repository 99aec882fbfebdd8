package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The contenders, in the order of the table.
const (
	lint          = "revprobe lint"
	unpaired      = "the same without duplicates"
	alone         = "its rules alone"
	aloneUnpaired = "its rules alone, without duplicates"
	idle          = "revprobe version, which does nothing"
	stdlib        = "crypto/x509 ParseRevocationList"
	opensslC      = "openssl crl -verify"
	opensslDg     = "openssl dgst -sha256"
)

// contender is a program that reads a CRL.
type contender struct {
	name string
	args []string
}

// cost is what one run took.
type cost struct {
	wall, cpu time.Duration // cpu: user and system
	peak      float64       // MiB
}

// costs is the medians of all runs over one CRL, by contender.
type costs struct {
	entries int
	octets  int64
	of      map[string]cost
}

const duplicatesRule = "crl-entry-serial-unique"

// otherRules are all but the one that looks for duplicates.
func otherRules(program string) (string, error) {
	text, err := exec.Command(program, "rules", "--format", "json").Output()
	if err != nil {
		return "", fmt.Errorf("listing the rules: %w", err)
	}
	var ids []string
	for line := range strings.Lines(string(text)) {
		var rule struct{ ID string }
		if json.Unmarshal([]byte(line), &rule) == nil && rule.ID != "" && rule.ID != duplicatesRule {
			ids = append(ids, rule.ID)
		}
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("listing the rules: there are none in %.80q", text)
	}
	return strings.Join(ids, ","), nil
}

// measure makes a CRL and lets the contenders read it in turns.
func measure(built programs, entries, runs int) (costs, error) {
	crl, issuer := built.named("crl"), built.named("issuer.pem")
	if text, err := exec.Command(built.named("largecrl"), "--issuer", issuer, crl, strconv.Itoa(entries)).CombinedOutput(); err != nil {
		return costs{}, fmt.Errorf("making a CRL of %d entries: %w\n%s", entries, err, text)
	}
	defer os.Remove(crl)
	info, err := os.Stat(crl)
	if err != nil {
		return costs{}, err
	}
	rules, err := otherRules(built.named("revprobe"))
	if err != nil {
		return costs{}, err
	}
	judging := []string{built.named("revprobe"), "lint", "--quiet", "--scope", "ee", "--at", noon, "--issuer", issuer}
	bare := []string{built.named("rulesalone"), issuer, crl, noon}
	contenders := []contender{
		{lint, append(slices.Clone(judging), crl)},
		{unpaired, append(slices.Clone(judging), "--rules", rules, crl)},
		{alone, bare},
		{aloneUnpaired, append(slices.Clone(bare), duplicatesRule)},
		{idle, []string{built.named("revprobe"), "version"}},
		{stdlib, []string{built.named("stdlibparse"), crl}},
	}
	if _, err := exec.LookPath("openssl"); err == nil {
		contenders = append(contenders,
			contender{opensslC, []string{"openssl", "crl", "-inform", "DER", "-in", crl, "-noout", "-verify", "-CAfile", issuer}},
			contender{opensslDg, []string{"openssl", "dgst", "-sha256", crl}})
	}
	taken := map[string][]cost{}
	for range runs {
		for _, c := range contenders {
			one, err := c.run()
			if err != nil {
				return costs{}, err
			}
			taken[c.name] = append(taken[c.name], one)
		}
	}
	result := costs{entries, info.Size(), map[string]cost{}}
	for name, list := range taken {
		result.of[name] = medians(list)
	}
	return result, nil
}

func (c contender) run() (cost, error) {
	command := exec.Command(c.args[0], c.args[1:]...)
	command.Env = append(os.Environ(), "GOMAXPROCS=1")
	start := time.Now()
	text, err := command.CombinedOutput()
	wall := time.Since(start)
	if err != nil {
		return cost{}, fmt.Errorf("running %s: %w\n%.2000s", c.name, err, text)
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return cost{wall, cpu, float64(usage.Maxrss) / 1024}, nil
}

// medians takes the median of each figure by itself.
func medians(list []cost) cost {
	middle := len(list) / 2
	by := func(figure func(cost) float64) cost {
		return slices.SortedFunc(slices.Values(list), func(a, b cost) int { return cmp.Compare(figure(a), figure(b)) })[middle]
	}
	return cost{
		wall: by(func(c cost) float64 { return float64(c.wall) }).wall,
		cpu:  by(func(c cost) float64 { return float64(c.cpu) }).cpu,
		peak: by(func(c cost) float64 { return c.peak }).peak,
	}
}
