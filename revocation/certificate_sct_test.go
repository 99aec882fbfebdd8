package revocation

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"testing"
	"time"
)

// sctList encodes timestamps as RFC 6962 §3.3 embeds them, with nothing else of note.
func sctList(t *testing.T, times ...time.Time) []byte {
	t.Helper()
	var list []byte
	for _, at := range times {
		sct := binary.BigEndian.AppendUint64(make([]byte, 1+32), uint64(at.UnixMilli()))
		list = append(binary.BigEndian.AppendUint16(list, uint16(len(sct))), sct...)
	}
	der, err := asn1.Marshal(append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestEarliestSCT(t *testing.T) {
	early, late := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	id := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
	for name, c := range map[string]struct {
		extensions []pkix.Extension
		want       time.Time
	}{
		"one":                   {[]pkix.Extension{{Id: id, Value: sctList(t, late)}}, late},
		"the second is earlier": {[]pkix.Extension{{Id: id, Value: sctList(t, late, early)}}, early},
		"none in the list":      {[]pkix.Extension{{Id: id, Value: sctList(t)}}, time.Time{}},
		"no list":               {nil, time.Time{}},
		"no octet string":       {[]pkix.Extension{{Id: id, Value: []byte{5, 0}}}, time.Time{}},
		"another extension":     {[]pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 1}, Value: sctList(t, early)}}, time.Time{}},
	} {
		got, ok := EarliestSCT(&x509.Certificate{Extensions: c.extensions})
		if !got.Equal(c.want) || ok == c.want.IsZero() {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
}
