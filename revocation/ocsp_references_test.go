package revocation

import (
	"crypto"
	"slices"
	"testing"
	"time"
)

func crlID(fields ...[]byte) Extension {
	value := encoded(tagSequence, fields...)
	return Extension{ID: OIDCrlID, Value: value, Raw: value, Offset: 100}
}

func TestReadCRLReference(t *testing.T) {
	url := encoded(0xa0, encoded(tagIA5String, []byte("http://crl.example/1.crl")))
	number := encoded(0xa1, encoded(tagInteger, []byte{3, 0xe8}))
	at := encoded(0xa2, encoded(tagGeneralizedTime, []byte("20261120120000Z")))
	ref, deviations := ReadCRLReference(crlID(url, number, at))
	if ref.URL != "http://crl.example/1.crl" || !ref.Number.Equal(Serial{3, 0xe8}) || deviations != nil ||
		!ref.Time.Equal(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v %v", ref, deviations)
	}
	if ref, deviations := ReadCRLReference(crlID()); ref.URL != "" || ref.Number != nil || ref.Time.Present() || deviations != nil {
		t.Errorf("of nothing: %+v %v", ref, deviations)
	}
	for name, test := range map[string]struct {
		x    Extension
		kind string
	}{
		"fields in the wrong order": {crlID(number, url), DevUnreadable},
		"another type":              {crlID(encoded(0xa0, encoded(0x0c, []byte("x")))), DevUnreadable},
		"beyond ASCII":              {crlID(encoded(0xa0, encoded(tagIA5String, []byte("http://\xe9.example/")))), DevUnreadable},
		"UTCTime":                   {crlID(encoded(0xa2, encoded(tagUTCTime, []byte("261120120000Z")))), DevTag},
		"a padded number":           {crlID(encoded(0xa1, encoded(tagInteger, []byte{0, 1}))), DevInteger},
		"something after it":        {Extension{ID: OIDCrlID, Value: []byte{0x30, 0, 5, 0}, Raw: []byte{0x30, 0, 5, 0}}, DevTrailing},
		"no SEQUENCE":               {Extension{ID: OIDCrlID, Value: []byte{5, 0}, Raw: []byte{5, 0}}, DevUnreadable},
		"no octets":                 {Extension{ID: OIDCrlID}, DevUnreadable},
		"two elements in one field": {crlID(encoded(0xa1, []byte{2, 1, 1, 2, 1, 2})), DevTrailing},
	} {
		if _, deviations := ReadCRLReference(test.x); len(deviations) != 1 || deviations[0].Kind != test.kind {
			t.Errorf("%s: %v, want one %s", name, deviations, test.kind)
		}
	}
}

func TestMadeFrom(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey).certificate
	ca.SubjectKeyId = []byte("not its hash")
	_, bits, ok := publicKeyInfo(ca)
	if !ok {
		t.Fatal("the key cannot be read")
	}
	for name, test := range map[string]struct {
		id   ResponderID
		want string
	}{
		"right":       {ResponderID{ByKey: sum(crypto.SHA1, bits)}, ""},
		"byName":      {ResponderID{ByName: ca.RawIssuer}, ""},
		"of nothing":  {ResponderID{ByKey: slices.Repeat([]byte{7}, 20)}, ""},
		"empty":       {ResponderID{ByKey: []byte{}}, ""},
		"SPKI":        {ResponderID{ByKey: sum(crypto.SHA1, ca.RawSubjectPublicKeyInfo)}, "the SHA-1 of the whole SubjectPublicKeyInfo"},
		"unused bits": {ResponderID{ByKey: sum(crypto.SHA1, append([]byte{0}, bits...))}, "the SHA-1 of the BIT STRING with its unused-bits octet"},
		"identifier":  {ResponderID{ByKey: ca.SubjectKeyId}, "the subjectKeyIdentifier"},
		"SHA-256":     {ResponderID{ByKey: sum(crypto.SHA256, bits)}, "the SHA-256 of the key"},
		"RFC 7093":    {ResponderID{ByKey: sum(crypto.SHA256, bits)[:20]}, "the first 160 bits of the SHA-256 of the key"},
	} {
		if got := test.id.MadeFrom(ca); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	ca.SubjectKeyId = nil
	if got := (ResponderID{ByKey: []byte{}}).MadeFrom(ca); got != "" {
		t.Errorf("without an identifier: %q", got)
	}
}
