package revocation

import (
	"bytes"
	"strings"
	"testing"
)

func TestReadCRLDeviations(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	serial, when := encoded(tagInteger, []byte{0x11}), encoded(tagUTCTime, []byte("260228120000Z"))
	entry := func(fields ...[]byte) []byte {
		return join(encoded(tagSequence, serial, when), encoded(tagSequence, fields...), encoded(tagSequence, serial, when))
	}
	entryExtensions := func(list ...[]byte) []byte { return entry(serial, when, encoded(tagSequence, list...)) }
	idp := func(fields ...[]byte) []byte {
		return crlExtensions(extension(OIDIssuingDP, true, encoded(tagSequence, fields...)))
	}
	at := "tbsCertList.revokedCertificates[1]"
	for name, c := range map[string]struct {
		fields tbsFields
		kind   string
		field  string
	}{
		"version 0":              {tbsFields{version: []byte{2, 1, 0}}, DevDefault, "tbsCertList.version"},
		"padded version":         {tbsFields{version: []byte{2, 2, 0, 1}}, DevInteger, "tbsCertList.version"},
		"thisUpdate no time":     {tbsFields{thisUpdate: []byte{tagInteger, 1, 1}}, DevTag, "tbsCertList.thisUpdate"},
		"thisUpdate in month 13": {tbsFields{thisUpdate: encoded(tagUTCTime, []byte("261301120000Z"))}, DevTime, "tbsCertList.thisUpdate"},
		"nextUpdate in year 1":   {tbsFields{nextUpdate: encoded(tagGeneralizedTime, []byte("00010101000000Z"))}, DevTime, "tbsCertList.nextUpdate"},
		"date in year 1":         {tbsFields{entries: entry(serial, encoded(tagGeneralizedTime, []byte("00010101000000Z")))}, DevTime, at + ".revocationDate"},
		"long length":            {tbsFields{thisUpdate: append([]byte{tagUTCTime, 0x81, 13}, "260301120000Z"...)}, DevLength, "tbsCertList.thisUpdate"},
		"issuer's set":           {tbsFields{issuer: encoded(tagSequence, encoded(tagSet, attribute("b"), attribute("a")))}, DevSetOrder, "tbsCertList.issuer.0.1"},
		"issuer's long length":   {tbsFields{issuer: join([]byte{0x30, 0x81, 0x0e, 0x31, 12}, attribute("abc"))}, DevLength, "tbsCertList.issuer"},
		"after extensions":       {tbsFields{trailing: []byte{5, 0}}, DevTrailing, "tbsCertList"},
		"empty extensions":       {tbsFields{extensions: crlExtensions()}, DevEmpty, "tbsCertList.crlExtensions"},
		"critical FALSE":         {tbsFields{extensions: crlExtensions(encoded(tagSequence, encoded(tagOID, []byte(OIDIssuerAltName)), []byte{1, 1, 0, 4, 0}))}, DevDefault, "tbsCertList.crlExtensions[0].critical"},
		"number no INTEGER":      {tbsFields{extensions: crlExtensions(extension(OIDCRLNumber, false, []byte{4, 1, 1}))}, DevUnreadable, "tbsCertList.crlExtensions[0].extnValue"},
		"number padded":          {tbsFields{extensions: crlExtensions(extension(OIDCRLNumber, false, []byte{2, 2, 0, 1}))}, DevInteger, "tbsCertList.crlExtensions[0].extnValue.cRLNumber"},
		"after the number":       {tbsFields{extensions: crlExtensions(extension(OIDCRLNumber, false, []byte{2, 1, 1, 5, 0}))}, DevTrailing, "tbsCertList.crlExtensions[0].extnValue"},
		"AKI unreadable":         {tbsFields{extensions: crlExtensions(extension(OIDAuthorityKeyID, false, []byte{0x30, 2, 0x89, 0}))}, DevUnreadable, "tbsCertList.crlExtensions[0].extnValue"},
		"IDP explicit FALSE":     {tbsFields{extensions: idp([]byte{0x81, 1, 0})}, DevDefault, "tbsCertList.crlExtensions[0].extnValue.issuingDistributionPoint.onlyContainsUserCerts"},
		"IDP TRUE as 01":         {tbsFields{extensions: idp([]byte{0x84, 1, 1})}, DevBoolean, "tbsCertList.crlExtensions[0].extnValue.issuingDistributionPoint.indirectCRL"},
		"IDP constructed":        {tbsFields{extensions: idp([]byte{0xa3, 2, 1, 6})}, DevTag, "tbsCertList.crlExtensions[0].extnValue.issuingDistributionPoint.onlySomeReasons"},
		"IDP unknown":            {tbsFields{extensions: idp([]byte{0x89, 0})}, DevUnreadable, "tbsCertList.crlExtensions[0].extnValue"},
		"IDP without names":      {tbsFields{extensions: idp([]byte{0xa0, 2, 0xa0, 0})}, DevEmpty, "tbsCertList.crlExtensions[0].extnValue.issuingDistributionPoint.distributionPoint.fullName"},
		"IDP without choice":     {tbsFields{extensions: idp([]byte{0xa0, 0})}, DevMissing, "tbsCertList.crlExtensions[0].extnValue.issuingDistributionPoint.distributionPoint"},
		"serial padded":          {tbsFields{entries: entry([]byte{2, 2, 0, 1}, when)}, DevInteger, at + ".serialNumber"},
		"serial negative padded": {tbsFields{entries: entry([]byte{2, 2, 0xff, 0x80}, when)}, DevInteger, at + ".serialNumber"},
		"entry's long length":    {tbsFields{entries: entry([]byte{2, 0x81, 1, 1}, when)}, DevLength, at + ".serialNumber"},
		"no date":                {tbsFields{entries: entry(serial, []byte{4, 1, 1})}, DevTag, at + ".revocationDate"},
		"after the entry":        {tbsFields{entries: entry(serial, when, []byte{5, 0})}, DevTrailing, at},
		"entry extensions empty": {tbsFields{entries: entryExtensions()}, DevEmpty, at + ".crlEntryExtensions"},
		"entry critical FALSE":   {tbsFields{entries: entryExtensions(encoded(tagSequence, encoded(tagOID, []byte(OIDReasonCode)), []byte{1, 1, 0, 4, 3, 10, 1, 1}))}, DevDefault, at + ".crlEntryExtensions[0].critical"},
		"reason an INTEGER":      {tbsFields{entries: entryExtensions(extension(OIDReasonCode, false, []byte{2, 1, 1}))}, DevUnreadable, at + ".crlEntryExtensions[0].extnValue"},
		"reason padded":          {tbsFields{entries: entryExtensions(extension(OIDReasonCode, false, []byte{10, 2, 0, 1}))}, DevInteger, at + ".crlEntryExtensions[0].extnValue.reasonCode"},
		"after the reason":       {tbsFields{entries: entryExtensions(extension(OIDReasonCode, false, []byte{10, 1, 1, 0}))}, DevTrailing, at + ".crlEntryExtensions[0].extnValue"},
		"reason twice":           {tbsFields{entries: entryExtensions(extension(OIDReasonCode, false, []byte{10, 1, 1}), extension(OIDReasonCode, false, []byte{10, 1, 2}))}, DevDuplicate, at + ".crlEntryExtensions[1]"},
		"unknown twice":          {tbsFields{entries: entryExtensions(extension("\x2a\x03", false, nil), extension("\x2a\x03", false, nil))}, DevDuplicate, at + ".crlEntryExtensions[1]"},
		"second extension":       {tbsFields{entries: entryExtensions(extension(OIDReasonCode, false, []byte{10, 1, 1}), []byte{0x30, 5, 6, 3, 0x80, 1, 1, 4, 0})}, "", ""},
	} {
		got := readAll(t, bytes.NewReader(ca.sign(t, c.fields)))
		if c.kind == "" {
			if got.Broken == nil {
				t.Errorf("%s: not broken, %v", name, got.Deviations)
			}
			continue
		}
		if got.Broken != nil || len(got.Deviations) != 1 || got.Deviations[0].Kind != c.kind || got.Deviations[0].Field != c.field {
			t.Errorf("%s: want %s at %s, got %v, broken: %v", name, c.kind, c.field, got.Deviations, got.Broken)
		}
		if s := got.Verify(ca.certificate); s.State != SignatureValid {
			t.Errorf("%s: signature %+v", name, s)
		}
		if want := bytes.Count(c.fields.entries, when); c.kind != DevTag && got.Entries < want {
			t.Errorf("%s: %d entries, want %d", name, got.Entries, want)
		}
	}
}

func attribute(value string) []byte {
	return encoded(tagSequence, encoded(tagOID, []byte("\x55\x04\x03")), encoded(0x0c, []byte(value)))
}

func TestReadCRLFieldsInsteadOfDeviations(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	read := func(f tbsFields) seenCRL {
		t.Helper()
		got := readAll(t, bytes.NewReader(ca.sign(t, f)))
		if got.Broken != nil || len(got.Deviations) != 0 {
			t.Fatalf("%v %v", got.Broken, got.Deviations)
		}
		return got
	}
	if c := read(tbsFields{version: []byte{}}); c.HasVersion {
		t.Error("v1 has a version")
	}
	if c := read(tbsFields{version: []byte{2, 1, 2}}); c.Version != 2 {
		t.Errorf("version %d", c.Version)
	}
	if c := read(tbsFields{nextUpdate: []byte{}}); c.NextUpdate.Present() {
		t.Errorf("nextUpdate %v", c.NextUpdate)
	}
	if c := read(tbsFields{extensions: []byte{}}); c.HasExtensions || c.Number != nil || c.AuthorityKey != nil {
		t.Errorf("extensions %v", c.Extensions)
	}
	if c := read(tbsFields{}); c.HasRevoked || c.Entries != 0 {
		t.Error("no list, but HasRevoked")
	}
	if c := read(tbsFields{entries: []byte{}}); !c.HasRevoked || c.Entries != 0 {
		t.Error("an empty list, but not HasRevoked")
	}
	c := read(tbsFields{thisUpdate: encoded(tagGeneralizedTime, []byte("20260301120000.5Z")), nextUpdate: encoded(tagUTCTime, []byte("2603081200Z"))})
	if !c.ThisUpdate.Generalized() || c.ThisUpdate.WellFormed() || c.ThisUpdate.Unix() != crlTime.Unix() {
		t.Errorf("thisUpdate %v", c.ThisUpdate)
	}
	if c.NextUpdate.WellFormed() || !c.NextUpdate.Equal(crlTime.AddDate(0, 0, 7)) {
		t.Errorf("nextUpdate %v", c.NextUpdate)
	}
	idp := encoded(tagSequence, encoded(0xa0, encoded(0xa0, encoded(0x86, []byte("http://a.example/1")), encoded(0xa4, []byte{0x30, 0}))),
		[]byte{0x81, 1, 0xff}, []byte{0x83, 2, 1, 6})
	aki := encoded(tagSequence, []byte{0x80, 1, 7}, []byte{0xa1, 0}, []byte{0x82, 1, 9})
	c = read(tbsFields{extensions: crlExtensions(extension(OIDIssuingDP, true, idp), extension(OIDAuthorityKeyID, false, aki))})
	if p := c.IssuingDP; p == nil || !p.HasName || len(p.URIs) != 1 || p.URIs[0] != "http://a.example/1" || p.OtherNames != 1 ||
		!p.OnlyUserCerts || p.OnlyCACerts || p.OnlyAttributes || p.Indirect || !p.SomeReasons || p.RelativeName {
		t.Errorf("IDP %+v", p)
	}
	if k := c.AuthorityKey; k == nil || string(k.KeyID) != "\x07" || !k.HasIssuer || k.Serial.String() != "09" {
		t.Errorf("AKI %+v", k)
	}
	relative := encoded(tagSequence, encoded(0xa0, encoded(0xa1, attribute("x"))), []byte{0x82, 1, 0xff, 0x84, 1, 0xff, 0x85, 1, 0xff})
	c = read(tbsFields{extensions: crlExtensions(extension(OIDIssuingDP, true, relative))})
	if p := c.IssuingDP; p == nil || !p.RelativeName || p.OnlyUserCerts || !p.OnlyCACerts || !p.Indirect || !p.OnlyAttributes || p.SomeReasons {
		t.Errorf("IDP %+v", p)
	}
}

func TestReadCRLEntries(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	when := encoded(tagUTCTime, []byte("260228120000Z"))
	reason := extension(OIDReasonCode, false, []byte{10, 1, 1})
	entries := [][]byte{
		encoded(tagSequence, []byte{2, 1, 0x80}, when, encoded(tagSequence, reason)),
		encoded(tagSequence, []byte{2, 1, 5}, when, encoded(tagSequence, extension(OIDInvalidityDate, false, []byte{24, 0}), extension(OIDReasonCode, true, []byte{10, 1, 6}))),
		encoded(tagSequence, []byte{2, 1, 6}, encoded(tagGeneralizedTime, []byte("20500101000000Z")), encoded(tagSequence, reason, extension(OIDCertificateIssuer, true, []byte{0x30, 0}))),
		encoded(tagSequence, []byte{2, 1, 7}, encoded(tagUTCTime, []byte("no time at all"))),
		encoded(tagSequence, []byte{2, 1, 8}, when, encoded(tagSequence, extension(OIDReasonCode, false, []byte{10, 1, 0x80}))),
		encoded(tagSequence, bytes.Repeat([]byte{1}, 0), encoded(tagInteger, bytes.Repeat([]byte{1}, 70_000)), when),
	}
	got := readAll(t, bytes.NewReader(ca.sign(t, tbsFields{entries: join(entries...)})))
	if got.Broken != nil || len(got.Deviations) != 1 || len(got.entries) != len(entries) {
		t.Fatalf("%d entries, %v %v", len(got.entries), got.Broken, got.Deviations)
	}
	if d := got.Deviations[0]; d.Kind != DevTime || d.Field != "tbsCertList.revokedCertificates[3].revocationDate" || d.Offset != got.entries[3].RevocationDate.Offset {
		t.Errorf("deviation %v", d)
	}
	for i, want := range []struct {
		has, only  bool
		reason     ReasonCode
		extensions int
	}{{true, true, 1, 1}, {true, false, 6, 2}, {true, false, 1, 2}, {false, false, 0, 0}, {true, false, -128, 1}, {false, false, 0, 0}} {
		e := got.entries[i]
		if e.HasReason != want.has || e.OnlyReason != want.only || e.Reason != want.reason || len(e.ReadExtensions()) != want.extensions || e.HasExtensions != (want.extensions > 0) {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if e := got.entries[1].ReadExtensions(); e[0].ID != OIDInvalidityDate || !e[1].Critical {
		t.Errorf("extensions %+v", e)
	}
	if e := got.entries[0]; e.Serial.Big().Int64() != -128 {
		t.Errorf("serial %s", e.Serial)
	}
	if e := got.entries[2]; !e.RevocationDate.Generalized() || e.RevocationDate.Year() != 2050 {
		t.Errorf("date %v", e.RevocationDate)
	}
	if e := got.entries[3]; !e.RevocationDate.Present() || !e.RevocationDate.IsZero() || e.RevocationDate.Offset <= e.Offset {
		t.Errorf("date %v", e.RevocationDate)
	}
	if len(got.entries[5].Serial) != 70_000 {
		t.Errorf("a long serial number of %d octets", len(got.entries[5].Serial))
	}
}

func TestReadCRLTrailing(t *testing.T) {
	der := newCRLAuthority(t, ecdsaKey).sign(t, tbsFields{})
	for trailing, want := range map[string]string{
		"\n":                          "one line feed (0a)",
		"\r\n":                        "one line end (0d 0a)",
		"\x00":                        "1 octets after the CRL, starting 00",
		strings.Repeat("xyz", 50_000): "150000 octets after the CRL, starting 78 79 7a 78 79 7a 78 79",
	} {
		got := readAll(t, strings.NewReader(string(der)+trailing))
		if got.Broken != nil || len(got.Deviations) != 1 || got.Length != int64(len(der)) {
			t.Fatalf("%v %v, length %d", got.Broken, got.Deviations, got.Length)
		}
		if d := got.Deviations[0]; d.Kind != DevTrailing || d.Offset != int64(len(der)) || !strings.Contains(d.Detail, want) {
			t.Errorf("%v, want %s", d, want)
		}
	}
}

func TestReadCRLBroken(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	when := encoded(tagUTCTime, []byte("260228120000Z"))
	entry := func(fields ...[]byte) []byte { return join(encodedEntries(2), encoded(tagSequence, fields...)) }
	good := ca.sign(t, tbsFields{entries: encodedEntries(2)})
	for name, c := range map[string]struct {
		der   []byte
		field string
	}{
		"empty":             {nil, "certificateList"},
		"HTML":              {[]byte("<html>"), "certificateList"},
		"empty SEQUENCE":    {[]byte{0x30, 0}, "tbsCertList"},
		"cut at its end":    {good[:len(good)-1], "signatureValue"},
		"tbs too long":      {[]byte{0x30, 2, 0x30, 1}, "tbsCertList"},
		"no algorithm":      {ca.sign(t, tbsFields{algorithm: []byte{}, version: []byte{}, issuer: []byte{4, 0}}), "tbsCertList.signature"},
		"no issuer":         {ca.sign(t, tbsFields{issuer: []byte{}}), "tbsCertList.issuer"},
		"thisUpdate a SET":  {ca.sign(t, tbsFields{thisUpdate: []byte{0x31, 0}}), "tbsCertList.thisUpdate"},
		"what is [1]":       {ca.sign(t, tbsFields{extensions: []byte{0xa1, 0}}), "tbsCertList"},
		"swapped":           {ca.sign(t, tbsFields{trailing: encoded(tagSequence, encodedEntries(1))}), "tbsCertList"},
		"serial a string":   {ca.sign(t, tbsFields{entries: entry([]byte{4, 1, 1}, when)}), "tbsCertList.revokedCertificates[2].serialNumber"},
		"serial empty":      {ca.sign(t, tbsFields{entries: entry([]byte{2, 0}, when)}), "tbsCertList.revokedCertificates[2].serialNumber"},
		"no date":           {ca.sign(t, tbsFields{entries: entry([]byte{2, 1, 1})}), "tbsCertList.revokedCertificates[2].revocationDate"},
		"entry no SEQUENCE": {ca.sign(t, tbsFields{entries: append(encodedEntries(2), 5, 0)}), "tbsCertList.revokedCertificates[2]"},
		"entry too long":    {ca.sign(t, tbsFields{entries: append(encodedEntries(2), 0x30, 1)}), "tbsCertList.revokedCertificates[2]"},
		"no signature":      {encoded(tagSequence, ca.tbs(tbsFields{}), ecdsaWithSHA256), "signatureValue"},
	} {
		got := readAll(t, bytes.NewReader(c.der))
		if got.Broken == nil || got.Broken.Field != c.field {
			t.Errorf("%s: want broken at %s, got %v %v", name, c.field, got.Broken, got.Deviations)
		}
	}
}

func TestReadCRLIndefiniteLengths(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	indefinite := func(der []byte) []byte {
		header, _, _ := readHeader(der)
		return join(der[:1], []byte{0x80}, der[header:], []byte{0, 0})
	}
	list := indefinite(encoded(tagSequence, indefinite(encodedEntries(1)), encodedEntries(2)))
	tbs := ca.tbs(tbsFields{extensions: []byte{}, trailing: list})
	tbs = indefinite(tbs)
	der := indefinite(encoded(tagSequence, tbs, ecdsaWithSHA256, ca.signature(t, tbs)))
	got := readAll(t, bytes.NewReader(der))
	if got.Broken != nil || got.Entries != 3 || got.Length != int64(len(der)) {
		t.Fatalf("%v, %d entries, %d of %d octets", got.Broken, got.Entries, got.Length, len(der))
	}
	want := []string{"certificateList", "tbsCertList", "tbsCertList.revokedCertificates", "tbsCertList.revokedCertificates[0]"}
	for i, d := range got.Deviations {
		if i >= len(want) || d.Kind != DevIndefinite || d.Field != want[i] {
			t.Errorf("deviation %d: %v", i, d)
		}
	}
	if len(got.Deviations) != len(want) {
		t.Errorf("deviations: %v", got.Deviations)
	}
	if s := got.Verify(ca.certificate); s.State != SignatureValid {
		t.Errorf("signature: %+v", s)
	}
	for n := range der {
		if cut := readAll(t, bytes.NewReader(der[:n])); cut.Broken == nil {
			t.Errorf("cut after %d octets: not broken", n)
		}
	}
}

// A delta says to which CRL, and a complete one where its deltas are.
func TestReadDeltas(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	uri := encoded(tagSequence, encoded(tagSequence, encoded(0xa0, encoded(0xa0, encoded(0x86, []byte("http://a.example/delta"))))))
	for name, test := range map[string]struct {
		extension []byte
		delta     bool
		base      Serial
		freshest  int
	}{
		"a delta":                   {extension(OIDDeltaCRL, true, []byte{2, 1, 7}), true, Serial{7}, 0},
		"a delta to nothing":        {extension(OIDDeltaCRL, true, []byte{5, 0}), true, nil, 0},
		"one that has deltas":       {extension(OIDFreshestCRL, false, uri), false, nil, 1},
		"one that has none of them": {extension(OIDFreshestCRL, false, []byte{5, 0}), false, nil, 0},
	} {
		c, err := ReadCRL(bytes.NewReader(ca.sign(t, tbsFields{extensions: crlExtensions(test.extension)})))
		if err != nil || c.IsDelta() != test.delta || !bytes.Equal(c.DeltaBase, test.base) || len(c.Freshest) != test.freshest {
			t.Errorf("%s: %v, delta %t to %v, deltas at %v", name, err, c.IsDelta(), c.DeltaBase, c.Freshest)
		}
	}
}
