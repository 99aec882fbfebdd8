package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

var demonstrated = []string{"ocsp-unassigned-not-good", "crl-not-pem", "crl-not-expired", "ocsp-br-update-long", "ocsp-der-strict", "http-status-200"}

func TestDemoNamesSixIncidents(t *testing.T) {
	t.Parallel()
	o := revprobe(t, "demo")
	o.want(t, exitClean)
	sections := strings.Split(o.stdout, "\n=== ")
	if len(sections) != 8 {
		t.Fatalf("%d sections, want seven CAs and a summary:\n%s", len(sections), o.stdout)
	}
	if !strings.Contains(sections[0], "\nno findings\n") || !strings.Contains(sections[0], " 0 failed, 0 inconclusive") {
		t.Errorf("of the conforming CA:\n%s", sections[0])
	}
	for i, rule := range demonstrated {
		if !strings.Contains(sections[i+1], rule+" ") && !strings.Contains(sections[i+1], rule+"\n") {
			t.Errorf("%s is not in\n%s", rule, sections[i+1])
		}
		if !strings.Contains(sections[7], "  "+rule+" ") {
			t.Errorf("%s is not in the summary\n%s", rule, sections[7])
		}
	}
	if strings.Contains(o.stdout, "MISSED") {
		t.Error("an incident was missed")
	}
}

func TestDemoAsJSON(t *testing.T) {
	t.Parallel()
	o := revprobe(t, "demo", "--format", "json")
	o.want(t, exitClean)
	var runs [][]object
	for _, line := range o.objects(t) {
		if line["type"] == "run" {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], line)
	}
	if len(runs) != 7 {
		t.Fatalf("%d runs, want 7", len(runs))
	}
	if findings := typed(runs[0], "finding"); len(findings) > 0 {
		t.Errorf("the conforming CA: %v", findings)
	}
	for i, rule := range demonstrated {
		failed := slices.DeleteFunc(typed(runs[i+1], "finding"), func(f object) bool { return f["outcome"] != "failed" })
		if !slices.Contains(texts(failed, "rule"), rule) {
			t.Errorf("CA %d: %v, want %s", i+2, texts(failed, "rule"), rule)
		}
	}
}

// The zoo serves until it is interrupted, and then ends well.
func TestZooServesUntilInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	reader, writer := io.Pipe()
	env := &environment{stdout: writer, stderr: io.Discard, now: time.Now}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, env, []string{"zoo", "--listen", "127.0.0.1:0"}) }()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(line)
	at := strings.TrimSuffix(words[4], ",")
	if words[0] == "0" || !strings.HasPrefix(at, "http://127.0.0.1:") {
		t.Fatalf("said %q", line)
	}
	for _, test := range []struct{ path, want string }{
		{"", "ocsp-unassigned-not-good"},
		{"", "rob-slow/411-to-chunks/chain.pem | revprobe check --allow-private --robustness -"},
		{"conforming/ca/chain.pem", "-----BEGIN CERTIFICATE-----"},
	} {
		answer, err := http.Get(at + test.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || !strings.Contains(string(body), test.want) {
			t.Errorf("%s%s: %v, %.200q", at, test.path, err, body)
		}
	}
	interrupt()
	if code := <-ended; code != exitClean {
		t.Errorf("exit %d", code)
	}
}
