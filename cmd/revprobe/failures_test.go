package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
)

// A server that does not answer in full comes out by a class and in words of its own. Those
// that keep their clients waiting have their tests where no time passes, in probe/transport.
func TestFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer       string
		class, words string
	}{
		"closed":            {"", "closed", "connection closed without any octet"},
		"cut in the status": {"HTTP/1.", "truncated", "reading the status line: connection closed too early"},
		"cut in the header": {"HTTP/1.1 200 OK\r\nContent-Le", "truncated", "reading the header: connection closed too early"},
		"cut in the body":   {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n0\x82", "truncated", "the body has 2 of the 9 octets of its Content-Length"},
		"an answer within":  {"HTTP/1.1 400 Bad Request\r\n\r\nHTTP/1.1 200 OK\r\n\r\n0", "http-status", "status 400 Bad Request; its body is another HTTP answer"},
		"no HTTP":           {"+OK POP3 ready\r\n", "http-syntax", `the answer begins with "+OK POP3 ready\r\n", no HTTP`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := "http://" + answering(t, c.answer) + "/ca.crl"
			o := revprobe(t, "check", url, "--format", "json")
			o.want(t, exitFindings)
			fetched := 0
			for _, x := range typed(o.objects(t), "exchange") {
				if x["ask"] != "fetch-crl" {
					continue
				}
				fetched++
				if detail, _ := x["detail"].(string); x["failure"] != c.class || !strings.Contains(detail, c.words) {
					t.Errorf("%v (%v), want %s with %q", x["failure"], x["detail"], c.class, c.words)
				}
			}
			if fetched != 2 {
				t.Errorf("fetched %d times, want 2", fetched)
			}
			text := revprobe(t, "check", url)
			text.want(t, exitFindings, "http-status-200")
			if spaced := strings.Join(strings.Fields(text.stdout), " "); !strings.Contains(spaced, "fetch-crl: "+c.class+",") || !strings.Contains(spaced, strings.Join(strings.Fields(c.words), " ")) {
				t.Errorf("%s with %q is not in\n%s", c.class, c.words, text.stdout)
			}
		})
	}
	refused := revprobe(t, "check", "http://"+closedPort(t)+"/ca.crl", "--format", "json")
	for _, x := range typed(refused.objects(t), "exchange") {
		if x["failure"] != "connect-refused" {
			t.Errorf("a closed port is %v", x["failure"])
		}
	}
}

// A 200 with another HTTP answer in its body is no CRL, and is named as what it is.
func TestAnswerWithinAnAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\n0")
		})
	})
	s.check(t).want(t, exitFindings, "http-body-magic", "octets of another HTTP answer")
}

// answering is a server that reads a request, sends these octets and closes.
func answering(t *testing.T, octets string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, octets)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// That a service was given up too soon is no finding, but not nothing either.
func TestExitCodeOfAServiceGivenUpTooSoon(t *testing.T) {
	t.Parallel()
	r := &conformance.Report{Unheard: []string{"http://ocsp.example"}}
	if got := exitCode(r, conformance.Error); got != exitInconclusive {
		t.Errorf("exit %d, want %d", got, exitInconclusive)
	}
	r.Findings = []conformance.Finding{{Outcome: conformance.Failed, Severity: conformance.Critical}}
	if got := exitCode(r, conformance.Error); got != exitFindings {
		t.Errorf("with a finding: exit %d, want %d", got, exitFindings)
	}
}
