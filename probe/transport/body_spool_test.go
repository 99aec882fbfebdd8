package transport

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/evidence"
)

// TestLargeBodies reads answers whose bodies go to a file, or would.
func TestLargeBodies(t *testing.T) {
	octets := strings.Repeat("0123456789abcdef", InMemory/16+100)
	whole := len(octets)
	plain := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", whole, octets)
	chunked := fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", whole, octets)
	for name, c := range map[string]struct {
		answer string
		limit  int
		class  evidence.Failure
		length int
	}{
		"by length":          {plain, 2 * whole, "", whole},
		"on the limit":       {plain, whole, "", whole},
		"in chunks":          {chunked, 2 * whole, "", whole},
		"chunks on the edge": {chunked, whole, "", whole},
		"until the end":      {"HTTP/1.1 200 OK\r\n\r\n" + octets, whole, "", whole},
		"one too long":       {plain, whole - 1, evidence.Oversize, whole - 1},
		"chunks too long":    {chunked, whole - 1, evidence.Oversize, whole - 1},
		"open and too long":  {"HTTP/1.1 200 OK\r\n\r\n" + octets, whole - 1, evidence.Oversize, whole - 1},
		"cut":                {plain[:len(plain)-1], 2 * whole, evidence.Truncated, whole - 1},
		"cut in a chunk":     {chunked[:len(chunked)-9], 2 * whole, evidence.Truncated, whole - 2},
		"not found":          {strings.Replace(plain, "200 OK", "404 No", 1), 2 * whole, "", whole},
	} {
		spool := &Spool{Folder: t.TempDir()}
		var x evidence.Exchange
		problem := readAnswer(strings.NewReader(c.answer), room{int64(c.limit), spool}, &x, func() {})
		if problem == nil {
			problem = &failure{}
		}
		if problem.class != c.class || x.Body != nil || x.Blob == nil {
			t.Errorf("%s: %+v, body %d, blob %v", name, problem, len(x.Body), x.Blob)
			continue
		}
		got, err := io.ReadAll(x.BodyReader())
		if err != nil || string(got) != octets[:c.length] {
			t.Errorf("%s: %d octets, want %d, %v", name, len(got), c.length, err)
		}
		held := evidence.Exchange{Body: got}
		if x.BodyHash() != held.BodyHash() || x.BodyLength() != held.BodyLength() {
			t.Errorf("%s: hash %s of %d", name, x.BodyHash(), x.BodyLength())
		}
		if err := spool.Close(); err != nil || spool.Err() != nil {
			t.Error(err, spool.Err())
		}
	}
}

// TestLargeBodyOnAFullDisk: it is our failure, told once, and the next small one is kept.
func TestLargeBodyOnAFullDisk(t *testing.T) {
	spool := &Spool{Folder: t.TempDir() + "/absent"}
	answer := "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", InMemory+1)
	for range 2 {
		var x evidence.Exchange
		problem := readAnswer(strings.NewReader(answer), room{1 << 30, spool}, &x, func() {})
		if problem == nil || problem.class != evidence.NotKept || !problem.class.Ours() || x.Code != 200 || x.Body != nil || x.Blob != nil {
			t.Errorf("%+v, %+v", problem, x)
		}
	}
	if err := spool.Err(); err == nil || !strings.Contains(err.Error(), os.ErrNotExist.Error()) && !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
	var x evidence.Exchange
	if problem := readAnswer(strings.NewReader(answer[:1000]), room{1 << 30, spool}, &x, func() {}); problem != nil || !bytes.HasPrefix(x.Body, []byte("xxx")) {
		t.Errorf("%+v", problem)
	}
}
