package revocation

// plainReason is crlEntryExtensions with one non-critical reasonCode (RFC 5280
// §5.3.1), up to the octet of the reason: what most entries of most CRLs carry.
const plainReason = "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01"

// revoked reads revokedCertificates (RFC 5280 §5.1.2.6).
func (r *crlReader) revoked(tbs span) {
	list, ok := r.open(tbs, tagSequence, tbs.path.in("revokedCertificates"))
	if !ok {
		return
	}
	r.crl.HasRevoked, r.issued = true, r.crl.issued()
	r.entryPath = list.path.at(0)
	for r.broken == nil {
		r.plainEntries(list)
		if r.offset() >= list.end || r.closing(list) {
			break
		}
		r.anyEntry(list)
	}
	r.close(list)
}

// plainEntries shows the entries that the buffer holds whole, up to the first that is
// not in the form that nearly all have.
func (r *crlReader) plainEntries(list span) {
	b := r.window(list)
	for {
		n := plainEntry(&r.entry, &r.days, b)
		if n == 0 {
			return
		}
		offset := r.offset()
		r.entry.Offset = offset
		r.entry.RevocationDate.Offset = offset + int64(4+len(r.entry.Serial))
		r.visit()
		r.advance(n)
		b = b[n:]
	}
}

func (r *crlReader) visit() {
	r.entry.Index = r.crl.Entries
	r.entry.Marks |= r.fieldMarks()
	r.crl.Entries++
	for _, see := range r.visitors {
		see(&r.entry)
	}
}

// plainEntry decodes the entry at the start of b into e and returns its length. It
// returns 0 for one that b does not hold whole or that is encoded in any way that
// deserves a closer look.
func plainEntry(e *CRLEntry, days *utcDays, b []byte) int {
	if len(b) < 6 || b[0] != tagSequence || b[1] >= 0x80 || b[2] != tagInteger {
		return 0
	}
	whole, date := 2+int(b[1]), 4+int(b[3])
	if whole > len(b) || b[3] == 0 || date+2 > whole {
		return 0
	}
	b = b[:whole]
	serial := b[4:date]
	if len(serial) > 1 && (serial[0] == 0 && serial[1] < 0x80 || serial[0] == 0xff && serial[1] >= 0x80) {
		return 0
	}
	rest := date + 2 + int(b[date+1])
	if b[date+1] >= 0x80 || rest > whole {
		return 0
	}
	tag, raw := b[date], b[date+2:rest]
	at, ok := days.instant(tag, raw)
	if !ok {
		return 0
	}
	e.Serial = serial
	e.RevocationDate.Time, e.RevocationDate.Tag, e.RevocationDate.Raw = at, tag, raw
	e.HasReason, e.Reason, e.HasExtensions, e.Extensions, e.Issuer, e.OnlyReason, e.Marks = false, 0, false, nil, nil, false, MarkNoReason
	if rest == whole || plainExtensions(e, b[rest:]) {
		return whole
	}
	return 0
}

// plainExtensions decodes crlEntryExtensions of b's whole length.
func plainExtensions(e *CRLEntry, b []byte) bool {
	e.HasExtensions, e.Extensions = true, b
	if len(b) == len(plainReason)+1 && string(b[:len(plainReason)]) == plainReason && b[len(plainReason)] < 0x80 {
		e.HasReason, e.OnlyReason, e.Reason = true, true, ReasonCode(b[len(plainReason)])
		e.Marks = MarkReason(e.Reason)
		return true
	}
	if len(b) < 4 || b[0] != tagSequence || int(b[1]) != len(b)-2 {
		return false
	}
	var seen [4]string
	for i, b := 0, b[2:]; len(b) > 0; i++ {
		n, id := plainExtension(e, b)
		if n == 0 || i == len(seen) {
			return false
		}
		for _, earlier := range seen[:i] {
			if string(id) == earlier {
				return false
			}
		}
		// Known ids cost no memory, and others are not plain enough to be quick about.
		if seen[i] = entryExtensionID(id); seen[i] == "" {
			return false
		}
		b = b[n:]
	}
	return true
}

// entryExtensionID is id as one of those of RFC 5280 §5.3, or empty.
func entryExtensionID(id []byte) string {
	for _, known := range [...]OID{OIDReasonCode, OIDInvalidityDate, OIDCertificateIssuer} {
		if string(id) == string(known) {
			return string(known)
		}
	}
	return ""
}

// plainExtension decodes one Extension in short DER and returns its length
// and extnID, or 0.
func plainExtension(e *CRLEntry, b []byte) (whole int, id []byte) {
	if len(b) < 4 || b[0] != tagSequence || b[1] >= 0x80 || b[2] != tagOID || 2+int(b[1]) > len(b) {
		return 0, nil
	}
	value := 4 + int(b[3])
	whole = 2 + int(b[1])
	b = b[:whole]
	if value+2 > whole {
		return 0, nil
	}
	id = b[4:value]
	critical := b[value] == tagBoolean
	if critical {
		if value+5 > whole || b[value+1] != 1 || b[value+2] != 0xff {
			return 0, nil
		}
		value += 3
	}
	if b[value] != tagOctetString || int(b[value+1]) != whole-value-2 {
		return 0, nil
	}
	content := b[value+2:]
	e.Marks |= extensionMarks(id, critical, content)
	switch {
	case string(id) == string(OIDCertificateIssuer):
		e.Issuer = content
		return whole, id
	case string(id) != string(OIDReasonCode):
		return whole, id
	}
	if len(content) != 3 || content[0] != tagEnumerated || content[1] != 1 || content[2] >= 0x80 {
		return 0, nil
	}
	e.setReason(ReasonCode(content[2]))
	return whole, id
}

// anyEntry reads the next entry in whatever encoding, and shows it.
func (r *crlReader) anyEntry(list span) {
	p := r.entryPath
	p.index = r.crl.Entries
	b, ok := r.hold(list, p)
	if !ok {
		return
	}
	if n := plainEntry(&r.entry, &r.days, b); n > 0 {
		return // it was only not whole in the buffer before
	}
	c := r.notes.cursor(b, r.offset(), list.path)
	r.entry = CRLEntry{Offset: r.offset(), Marks: MarkNoReason}
	if r.anyFields(c, p) {
		r.visit()
		r.advance(len(b))
	}
}

// anyFields decodes the one element of c into r.entry. It returns false where the
// CRL cannot be read on.
func (r *crlReader) anyFields(c *cursor, p *path) bool {
	seq, ok := c.next(p)
	if !ok {
		return false
	}
	if seq.tag != tagSequence {
		r.stop(seq.offset, p, "tag is %02x where %02x (%s) belongs", seq.tag, tagSequence, tagName(tagSequence))
		return false
	}
	in := c.inside(seq, p)
	serial, ok := in.expect(tagInteger, "serialNumber")
	if !ok {
		return false
	}
	r.entry.Serial = in.integer(serial, p.in("serialNumber"))
	r.entry.RevocationDate = in.anyTime("revocationDate")
	if r.broken != nil {
		return false
	}
	if in.peek() == tagSequence {
		within := p.in("crlEntryExtensions")
		e, ok := in.next(within)
		if !ok {
			return false
		}
		r.entry.HasExtensions, r.entry.Extensions = true, e.raw
		r.entryExtensions(in, e, within)
	}
	in.end()
	return r.broken == nil
}

func (r *crlReader) entryExtensions(c *cursor, e element, p *path) {
	list := c.extensions(e, p)
	r.entry.Marks |= listMarks(list)
	for i, x := range list {
		if x.ID == OIDCertificateIssuer && r.entry.Issuer == nil {
			r.entry.Issuer = x.Value
		}
		if x.ID != OIDReasonCode || r.entry.HasReason {
			continue
		}
		r.known(x, p.at(i), func(in *cursor) {
			if code, ok := in.expect(tagEnumerated, "reasonCode"); ok {
				value := smallInteger(in.integer(code, in.path.in("reasonCode")))
				if in.notes.broken == nil {
					r.entry.setReason(ReasonCode(value))
				}
			}
		})
	}
}

// ReadExtensions decodes crlEntryExtensions, allocating; nil where there are none. It
// shares memory with the entry, so it too is valid only during the visit.
func (e *CRLEntry) ReadExtensions() []Extension {
	if !e.HasExtensions {
		return nil
	}
	var unused notes
	c := unused.cursor(e.Extensions, e.Offset, root("crlEntryExtensions"))
	list, ok := c.next(c.path)
	if !ok {
		return nil
	}
	return c.extensions(list, c.path)
}
