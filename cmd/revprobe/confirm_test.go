package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// faltering serves a fake CA whose CRL is answered 503 the first so many times.
func faltering(t *testing.T, failures int64) *service {
	t.Helper()
	var asked atomic.Int64
	var s *service
	s = serve(t, nil, func(z http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(s.fake.CRLURL(), r.URL.Path) && r.Header.Get("User-Agent") != "" && r.Method == http.MethodGet && asked.Add(1) <= failures {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			z.ServeHTTP(w, r)
		})
	})
	return s
}

const everyTime = 1 << 30

func TestConfirm(t *testing.T) {
	t.Parallel()
	spared := []string{"--confirm", "2/3", "--confirm-interval", "0s", "--rules", "http-status-200,http-response-time-10s,crl-not-expired"}
	faltering(t, 1).check(t, spared...).want(t, exitClean, "info      http-status-200", "1 of 3 tries failed, which does", "not count: 2 of 3 have to", "1 info")
	faltering(t, 2).check(t, spared...).want(t, exitFindings, "error     http-status-200", "; 2 of 2 tries failed\n")
	faltering(t, everyTime).check(t, spared...).want(t, exitFindings, "error     http-status-200", "; 2 of 2 tries failed\n")
	// Without it the CRL is asked for once more at once, and both failures count.
	faltering(t, 2).check(t, spared[4:]...).want(t, exitFindings, "http-status-200")
}

func TestMonitoringSeesNoUnconfirmedFailure(t *testing.T) {
	t.Parallel()
	flags := []string{"--confirm", "3/5", "--confirm-interval", "0s", "--rules", "http-status-200", "--format"}
	faltering(t, 2).check(t, append(flags, "nagios")...).want(t, exitClean, "REVPROBE OK - ")
	faltering(t, everyTime).check(t, append(flags, "nagios")...).want(t, 2, "REVPROBE CRITICAL - ", "http-status-200")
	list := faltering(t, 2).check(t, append(flags, "json")...).objects(t)
	var tries, codes []any
	for _, x := range typed(list, "exchange") {
		if x["ask"] == "fetch-crl" {
			tries, codes = append(tries, x["try"]), append(codes, x["code"])
		}
	}
	// Two failures and then answers: the fifth try could not make them three.
	if want := []any{nil, 2.0, 3.0, 4.0, 5.0}; len(tries) != 5 || tries[4] != want[4] || tries[0] != nil || codes[1] != 503.0 || codes[4] != 200.0 {
		t.Errorf("tries %v with %v", tries, codes)
	}
	findings := typed(list, "finding")
	if len(findings) != 1 || findings[0]["severity"] != "info" || findings[0]["outcome"] != "failed" {
		t.Errorf("%v", findings)
	}
}

// In the history the failure stays, answered a moment later; an archive is judged alike.
func TestUnconfirmedFailuresAreKept(t *testing.T) {
	t.Parallel()
	s := faltering(t, 1)
	folder := t.TempDir()
	state, archive := filepath.Join(folder, "state.db"), filepath.Join(folder, "run.archive")
	flags := []string{"--confirm", "2/3", "--confirm-interval", "1ms", "--rules", "http-status-200"}
	live := s.check(t, append(flags, "--state", state, "--archive", archive)...)
	live.want(t, exitClean, "1 of 3 tries failed")
	if again := revprobe(t, "report", archive, "--rules", "http-status-200"); again.stdout != live.stdout {
		t.Errorf("the archive gives\n%s\nnot\n%s", again.stdout, live.stdout)
	}
	for _, line := range typed(revprobe(t, "history", "--state", state, "--format", "json").objects(t), "timeline") {
		if line["url"] != s.fake.CRLURL() {
			continue
		}
		outages, _ := line["outages"].([]any)
		if len(outages) != 1 || outages[0].(map[string]any)["end"] == "" {
			t.Errorf("outages %v", outages)
		}
		return
	}
	t.Error("the history has no CRL")
}

func TestConfirmIsChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "3", "3/", "/5", "0/5", "6/5", "-1/5", "3/21", "3/5/7", "a/b", " 3/5"} {
		revprobe(t, "check", "--confirm", bad, "http://127.0.0.1:1/ca.crl").wantUsage(t, "--confirm", "N/M", "3/5")
	}
	revprobe(t, "check", "--confirm", "1/3", "http://127.0.0.1:1/ca.crl").wantUsage(t, "--confirm", "the first failure counts", "2/3")
	revprobe(t, "check", "--confirm", "2/3", "--confirm-interval", "-1s", "http://127.0.0.1:1/ca.crl").wantUsage(t, "--confirm-interval", "negative")
	revprobe(t, "check", "--confirm-interval", "1s", "http://127.0.0.1:1/ca.crl").wantUsage(t, "--confirm-interval", "--confirm 3/5")
	o := revprobe(t, "check", "--dry-run", "--confirm", "3/5", "http://127.0.0.1:1/ca.crl")
	o.want(t, exitClean, "it is asked again, 10s apart, until 3 of 5 tries have failed or cannot any more")
}
