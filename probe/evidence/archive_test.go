package evidence

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func archived(t *testing.T) (*Run, []byte) {
	t.Helper()
	at := time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)
	run := &Run{Version: "1", Seed: "5eed", Vantage: "here", Started: at, Scope: ScopeEE}
	issuer := run.AddCertificate([]byte{0x30, 0}, "issuer.pem")
	run.Exchanges = []Exchange{
		{ID: "1.1", Question: Question{Ask: UnassignedPOST, URL: "http://a.example", Method: "POST", Request: []byte{1, 2}, Issuer: issuer},
			At: at, Timing: Timing{DNS: 1, Total: 2}, Code: 200, Body: []byte{0, 0xff}, Header: map[string][]string{"Date": {"x"}}},
		{ID: "1.2", Question: Question{Ask: Resolve, URL: "http://a.example"}, At: at, Failure: DNSNXDomain, Detail: "no such name"},
	}
	var b bytes.Buffer
	if err := WriteArchive(&b, run); err != nil {
		t.Fatal(err)
	}
	return run, b.Bytes()
}

func TestArchiveRoundTrip(t *testing.T) {
	run, data := archived(t)
	back, err := ReadArchive(bytes.NewReader(data), nil)
	if err != nil || !reflect.DeepEqual(run, back) {
		t.Errorf("got %+v, %v\nwant %+v", back, err, run)
	}
}

func TestArchiveCutAnywhereKeepsWhatCameBefore(t *testing.T) {
	run, data := archived(t)
	header := bytes.IndexByte(data, '\n') + 1
	for cut := header; cut < len(data); cut++ {
		back, err := ReadArchive(bytes.NewReader(data[:cut]), nil)
		if back == nil || err != nil && !errors.Is(err, ErrCut) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		whole := bytes.Count(data[header:cut], []byte("\n"))
		if n := len(back.Exchanges); n < whole || n > whole+1 || n > len(run.Exchanges) {
			t.Fatalf("cut at %d: %d exchanges, %d whole lines", cut, n, whole)
		}
	}
}

func TestArchiveThatIsNone(t *testing.T) {
	for _, text := range []string{"", "\n", "{}\n", `{"revprobe":0}` + "\n", `{"revprobe":3}` + "\n", `{"revprobe":1}` + "\nnonsense\n{}\n", "\x00\x01"} {
		if run, err := ReadArchive(strings.NewReader(text), nil); err == nil {
			t.Errorf("%q: read as %+v", text, run)
		}
	}
}

func TestAskNamesRoundTrip(t *testing.T) {
	for ask := Resolve; ask <= File; ask <<= 1 {
		text, _ := ask.MarshalText()
		var back Ask
		if err := back.UnmarshalText(text); err != nil || back != ask {
			t.Errorf("%d: %s comes back as %d, %v", ask, text, back, err)
		}
	}
	if new(Ask).UnmarshalText([]byte("guess")) == nil {
		t.Error("an unknown kind of question is read")
	}
}
