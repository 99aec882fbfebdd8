package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures/zoo"
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
	go func() {
		code := run(ctx, env, []string{"zoo", "--listen", "127.0.0.1:0"})
		_ = writer.Close() // or else who waits for its words never learns that it has ended
		ended <- code
	}()
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

// The command beside a case shows what the case is about, and of one that conforms nothing.
func TestOneCheckShowsACaseOfTheZoo(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"conforming/ca":                       "",
		"cert-cdp-root/crldistributionpoints": "cert-cdp-root",
		"cert-cdp-root/neither":               "",
		"cert-url-wellformed/a-port":          "",
		"cert-url-wellformed/an-address":      "",
	}
	const elsewhere = "cert-url-wellformed/two-labels"
	enclosures := slices.DeleteFunc(everyCase(time.Now()), func(e zoo.Enclosure) bool {
		_, wanted := cases[e.Rule+"/"+e.Case]
		return !wanted && e.Rule+"/"+e.Case != elsewhere
	})
	if _, _, err := openZoo(t.Context(), l, time.Now, enclosures); err != nil || len(enclosures) != len(cases)+1 {
		t.Fatalf("%d enclosures of %d, %v", len(enclosures), len(cases), err)
	}
	index := string(fetched(t, zoo.URL(l)+"/"))
	said := func(name string) string {
		_, line, _ := strings.Cut(index, name+"/chain.pem | ")
		line, _, _ = strings.Cut(line, "</li>")
		return line
	}
	if want := "http://corp.example/ca.crl, which is not of the zoo"; !strings.Contains(said(elsewhere), want) {
		t.Errorf("%s: the zoo says %q", elsewhere, said(elsewhere))
	}
	for name, rule := range cases {
		chain := fetched(t, zoo.URL(l)+"/"+name+"/chain.pem")
		o := world{stdin: bytes.NewReader(chain)}.run(t.Context(), "check", "--allow-private", "--format", "json", "-")
		if got := texts(typed(o.objects(t), "finding"), "rule"); strings.Join(got, " ") != rule || o.code != exitClean {
			t.Errorf("%s: exit %d, found %v, want %q", name, o.code, got, rule)
		}
		if strings.Contains(said(name), "not of the zoo") {
			t.Errorf("%s: the zoo says %q", name, said(name))
		}
	}
}

func fetched(t *testing.T, url string) []byte {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
	return body
}
