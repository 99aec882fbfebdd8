package evidence

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// large is a body of several parts.
func large(t *testing.T, octet byte, length int) *Blob {
	t.Helper()
	var held heldBlob
	for i := range length {
		held.WriteByte(octet + byte(i*i>>3))
	}
	b, err := held.Blob()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// archivedLarge is a run with a small body and large ones, of which two are the same.
func archivedLarge(t *testing.T) (*Run, []byte) {
	t.Helper()
	run, _ := archived(t)
	one, other := large(t, 1, 2*partSize+3), large(t, 2, partSize)
	for i, b := range []*Blob{one, other, one} {
		run.Exchanges = append(run.Exchanges, Exchange{ID: string(rune('a' + i)), Question: Question{Ask: FetchCRL}, Code: 200, Blob: b})
	}
	var out bytes.Buffer
	if err := WriteArchive(&out, run); err != nil {
		t.Fatal(err)
	}
	return run, out.Bytes()
}

func TestArchiveOfLargeBodies(t *testing.T) {
	run, data := archivedLarge(t)
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	if len(lines) != 1+2+3+3+1 { // the run, what was there, the exchanges, their parts, the same only once
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if len(line) > 2*partSize {
			t.Errorf("a line of %d octets", len(line))
		}
	}
	back, err := ReadArchive(bytes.NewReader(data), nil)
	if err != nil || len(back.Exchanges) != len(run.Exchanges) {
		t.Fatal(err, len(back.Exchanges))
	}
	for i := range run.Exchanges {
		want, _ := io.ReadAll(run.Exchanges[i].BodyReader())
		got, err := io.ReadAll(back.Exchanges[i].BodyReader())
		if err != nil || !bytes.Equal(got, want) || back.Exchanges[i].BodyHash() != run.Exchanges[i].BodyHash() || back.Exchanges[i].BodyLength() != int64(len(want)) {
			t.Errorf("exchange %s: %d octets of %d, %v", run.Exchanges[i].ID, len(got), len(want), err)
		}
	}
	for range 2 { // an archive that was read is written again, to the octet
		var again bytes.Buffer
		if err := WriteArchive(&again, back); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("written again, it is another: %v", err)
		}
	}
}

func TestArchiveOfLargeBodiesCutKeepsWhatCameBefore(t *testing.T) {
	run, data := archivedLarge(t)
	header := bytes.IndexByte(data, '\n') + 1
	var cuts []int
	for at := header; at < len(data); at += partSize / 7 {
		cuts = append(cuts, at)
	}
	for at, b := range data[header:] {
		if b == '\n' {
			cuts = append(cuts, header+at-1, header+at, header+at+1)
		}
	}
	for _, cut := range cuts {
		back, err := ReadArchive(bytes.NewReader(data[:cut]), nil)
		if back == nil || err != nil && !errors.Is(err, ErrCut) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		whole := bytes.Count(data[header:cut], []byte("\n")) - bytes.Count(data[header:cut], []byte(`{"part_of"`))
		if !bytes.HasSuffix(data[:cut], []byte("\n")) && bytes.Contains(lastLine(data[:cut]), []byte(`{"part_of"`)) {
			whole++ // the part that is cut is no line yet
		}
		if n := len(back.Exchanges); n < whole || n > whole+1 || n > len(run.Exchanges) {
			t.Errorf("cut at %d: %d exchanges, %d whole", cut, n, whole)
		}
		if len(back.Exchanges) < len(run.Exchanges) && bytes.Contains(lastLine(bytes.TrimSuffix(data[:cut], []byte("\n"))), []byte(`{"part_of"`)) && err == nil {
			t.Errorf("cut at %d, after a part: nothing is said", cut)
		}
	}
}

func lastLine(data []byte) []byte { return data[bytes.LastIndexByte(data, '\n')+1:] }

func TestArchiveWhosePartsAreNone(t *testing.T) {
	_, data := archivedLarge(t)
	text := string(data)
	first := strings.Index(text, `{"part_of"`)
	second := first + strings.Index(text[first:], "\n") + 1
	for name, broken := range map[string]string{
		"a part less":      text[:first] + text[second:],
		"a part twice":     text[:second] + text[first:],
		"an octet changed": text[:first+100] + "A" + text[first+101:],
		"no parts at all":  `{"revprobe":2}` + "\n" + `{"id":"1","ask":"fetch-crl","blob":{"length":1,"sha256":"00"}}` + "\n",
		"another length":   strings.Replace(text, `"blob":{"length":`, `"blob":{"length":1`, 1),
		"no base64":        text[:first] + `{"part_of":"00","octets":"-"}` + "\n" + text[first:],
	} {
		if run, err := ReadArchive(strings.NewReader(broken), nil); err == nil {
			t.Errorf("%s: read as %d exchanges", name, len(run.Exchanges))
		}
	}
}

// Archives of format 1 had every body in its exchange.
func TestArchiveOfTheFirstFormat(t *testing.T) {
	run, data := archived(t)
	old := bytes.Replace(data, []byte(`{"revprobe":2`), []byte(`{"revprobe":1`), 1)
	back, err := ReadArchive(bytes.NewReader(old), nil)
	if err != nil || len(back.Exchanges) != len(run.Exchanges) || !bytes.Equal(back.Exchanges[0].Body, run.Exchanges[0].Body) {
		t.Errorf("%+v %v", back, err)
	}
}

type fullStore struct{}

var errFull = errors.New("no space left on device")

func (fullStore) Create() (BlobWriter, error) { return nil, errFull }

func TestArchiveThatFindsNoRoom(t *testing.T) {
	_, data := archivedLarge(t)
	if _, err := ReadArchive(bytes.NewReader(data), fullStore{}); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
}
