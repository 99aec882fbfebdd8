package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
)

// world is a real world of buffers.
type world struct {
	stdin    io.Reader
	now      func() time.Time
	random   io.Reader
	color    bool
	terminal bool
}

// outcome is what a command left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// revprobe runs a command line in a world with nothing on standard input.
func revprobe(t *testing.T, args ...string) outcome {
	t.Helper()
	return world{}.run(t.Context(), args...)
}

func (w world) run(ctx context.Context, args ...string) outcome {
	var out, problems bytes.Buffer
	env := &environment{stdin: w.stdin, stdout: &out, stderr: &problems, now: w.now, random: w.random, color: w.color, terminal: w.terminal}
	if w.stdin == nil {
		env.stdin = strings.NewReader("")
	}
	if w.now == nil {
		env.now = time.Now
	}
	if w.random == nil {
		env.random = strings.NewReader("sixteen octets..")
	}
	code := run(ctx, env, args)
	return outcome{code, out.String(), problems.String()}
}

// want fails the test unless the command ended with that code, said those things on
// standard output and nothing on standard error.
func (o outcome) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if o.code != code || o.stderr != "" {
		t.Errorf("exit %d, want %d; stderr %q; stdout\n%s", o.code, code, o.stderr, o.stdout)
	}
	for _, text := range texts {
		if !strings.Contains(o.stdout, text) {
			t.Errorf("%q is not in\n%s", text, o.stdout)
		}
	}
}

// wantUsage fails the test unless the command refused its arguments with one line, which
// says those things, and at most one hint.
func (o outcome) wantUsage(t *testing.T, texts ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(o.stderr, "\n"), "\n")
	if o.code != exitUsage || o.stdout != "" || !strings.HasPrefix(lines[0], "revprobe: ") || len(lines) > 2 ||
		len(lines) == 2 && !strings.HasPrefix(lines[1], "hint: ") {
		t.Errorf("exit %d, stdout %q, stderr %q", o.code, o.stdout, o.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("%q is not in %q", text, o.stderr)
		}
	}
}

// object is a line of JSON.
type object map[string]any

// objects reads JSON lines.
func (o outcome) objects(t *testing.T) []object {
	t.Helper()
	var list []object
	for line := range strings.Lines(o.stdout) {
		var one object
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, one)
	}
	return list
}

// typed returns the objects of one type.
func typed(list []object, name string) []object {
	var found []object
	for _, o := range list {
		if o["type"] == name {
			found = append(found, o)
		}
	}
	return found
}

// texts returns one field of each object.
func texts(list []object, field string) []string {
	var found []string
	for _, o := range list {
		text, _ := o[field].(string)
		found = append(found, text)
	}
	return found
}

// service is a fake CA on loopback.
type service struct {
	fake        *fixtures.Responder
	leaf, ca    string // names of PEM files
	connections atomic.Int64
}

// serve plays a fake CA as of now, conforming but for change; around, where not nil, is
// put around its HTTP handler.
func serve(t *testing.T, change func(*fixtures.Responder), around func(http.Handler) http.Handler) *service {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{fake: conforming(time.Now(), change)}
	z, err := zoo.New(zoo.Options{Base: zoo.URL(l)}, []zoo.Enclosure{{Rule: "a-test", Case: "ca", Responder: s.fake}})
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = z
	if around != nil {
		handler = around(z)
	}
	server := &httptest.Server{Listener: &countingListener{l, &s.connections}, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	s.leaf = write(t, "leaf.pem", armoured(s.fake.LeafCertificate()))
	s.ca = write(t, "ca.pem", armoured(s.fake.IssuerCertificate()))
	return s
}

// check checks what the leaf of a service names, with further arguments.
func (s *service) check(t *testing.T, args ...string) outcome {
	t.Helper()
	return revprobe(t, append([]string{"check", s.leaf, "--issuer", s.ca, "--allow-private"}, args...)...)
}

type countingListener struct {
	net.Listener
	count *atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.count.Add(1)
	}
	return conn, err
}

func armoured(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// write writes a file into a folder of its own and returns its name.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// closedPort is an address of loopback where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func saysGood(r *fixtures.Responder)  { r.OCSP.Unassigned = fixtures.Good }
func servesPEM(r *fixtures.Responder) { r.CRL.PEM = true }
