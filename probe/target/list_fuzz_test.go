package target_test

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// Whatever a list is, reading it ends, and nothing is both a certificate and none.
func FuzzReadList(f *testing.F) {
	r := fake(nil)
	leaf := r.LeafCertificate()
	f.Add(pemOf(leaf, leaf))
	f.Add(leaf.Raw)
	f.Add(cms(leaf))
	f.Add([]byte("id;cert\n1;" + base64.StdEncoding.EncodeToString(leaf.Raw) + "\n2;x\n"))
	f.Add([]byte("a,\"'" + string(pemOf(leaf)) + "'\"\n"))
	f.Add(append(leaf.Raw, 0x30, 0x84, 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, octets []byte) {
		list, places, problems, err := read(bytes.NewReader(octets))
		if len(list) != len(places) || len(list)+len(problems) == 0 && err == nil {
			t.Errorf("%d certificates at %d places, %d problems, and nothing is said", len(list), len(places), len(problems))
		}
	})
}
