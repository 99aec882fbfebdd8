package revocation

// ReadOCSPResponse decodes an OCSPResponse (RFC 6960 §4.2.1) as far as it can be read.
// It never returns nil: Broken says where reading had to stop, Deviations what else is
// not as DER or the module have it. What stops it inside one element does not keep it
// from reading the elements that follow. The result refers to body, which must not
// change afterwards.
func ReadOCSPResponse(body []byte) *OCSPResponse { return (*Memory)(nil).ReadOCSPResponse(body) }

// ReadOCSPResponse is the function of that name.
func (m *Memory) ReadOCSPResponse(body []byte) *OCSPResponse {
	r := &OCSPResponse{Raw: body, Status: -1}
	n := m.document()
	doc := n.cursor(body, 0, n.root())
	if outer, ok := doc.expect(tagSequence, "OCSPResponse"); ok {
		in := doc.inside(outer, n.root())
		r.read(in)
		in.endOf("OCSPResponse")
		doc.endOf("OCSPResponse")
	}
	r.Deviations, r.Broken = n.deviations, n.broken
	return r
}

func (r *OCSPResponse) read(in *cursor) {
	if status, ok := in.expect(tagEnumerated, "responseStatus"); ok {
		content := in.integer(status, in.path.in("responseStatus"))
		if value := smallInteger(content); value >= 0 && value < 0x80 {
			r.Status = ResponseStatus(value)
		}
	}
	r.HasBytes = in.explicit(0, "responseBytes", func(in *cursor) {
		seq, ok := in.expect(tagSequence, "responseBytes")
		if !ok {
			return
		}
		p := in.path.in("responseBytes")
		bytes := in.inside(seq, p)
		if id, ok := bytes.expect(tagOID, "responseType"); ok {
			r.ResponseType = bytes.oid(id, p.in("responseType"))
		}
		if content, at, ok := bytes.octetString("response"); ok && r.ResponseType == OIDBasicResponse {
			r.Basic = readBasicResponse(in.notes.cursor(content, at, p.in("response")))
			r.Nested = r.Basic == nil && kindOfDER(content) == KindOCSPResponse
		}
		bytes.end()
	})
}

// readBasicResponse reads a BasicOCSPResponse, or returns nil where nothing of its
// ResponseData can be read.
func readBasicResponse(doc *cursor) *BasicResponse {
	outer, ok := doc.expect(tagSequence, "BasicOCSPResponse")
	if !ok {
		return nil
	}
	in := doc.inside(outer, doc.notes.root())
	tbs, ok := in.expect(tagSequence, "tbsResponseData")
	if !ok {
		return nil
	}
	b := &BasicResponse{TBS: tbs.raw}
	b.readData(in.inside(tbs, in.path.in("tbsResponseData")))
	b.SignatureAlgorithm, _ = in.algorithm("signatureAlgorithm")
	if bits, ok := in.expect(tagBitString, "signature"); ok {
		b.Signature = in.bitString(bits, in.path.in("signature"))
	}
	b.HasCertificates = in.explicit(0, "certs", func(in *cursor) { b.Certificates = in.certificates("certs") })
	in.endOf("BasicOCSPResponse")
	doc.end()
	return b
}

// readData reads the contents of a ResponseData.
func (b *BasicResponse) readData(in *cursor) {
	b.Version, b.ExplicitVersion = in.version()
	b.readResponderID(in)
	producedAt, ok := in.time("producedAt")
	if !ok {
		return
	}
	b.ProducedAt = producedAt
	if _, ok := in.each("responses", func(in *cursor, e element, p *path) {
		if e.tag != tagSequence {
			in.notes.stop(e.offset, p, "tag is %02x where 30 (SEQUENCE) belongs", e.tag)
			return
		}
		b.Singles = append(b.Singles, readSingleResponse(in.inside(e, p), e.offset))
	}); !ok {
		return
	}
	b.HasExtensions = in.explicit(1, "responseExtensions", func(in *cursor) {
		b.Extensions = in.extensionList("responseExtensions")
	})
	in.end()
}

// version reads the [0] EXPLICIT version DEFAULT v1 that requests and responses share.
func (c *cursor) version() (version int, explicit bool) {
	explicit = c.explicit(0, "version", func(in *cursor) {
		e, ok := in.expect(tagInteger, "version")
		if !ok {
			return
		}
		version = smallInteger(in.integer(e, in.path.in("version")))
		if version == 0 {
			in.notes.deviate(DevDefault, e.offset, in.path.in("version"), "v1 is the default and must be left out")
		}
	})
	return version, explicit
}

// readResponderID reads the CHOICE that ResponderID is.
func (b *BasicResponse) readResponderID(in *cursor) {
	p := in.path.in("responderID")
	if in.explicit(1, "responderID", func(in *cursor) {
		if name, ok := in.next(p); ok {
			b.ResponderID.ByName = name.raw
			if name.tag != tagSequence {
				in.notes.deviate(DevTag, name.offset, p, "byName has tag %02x where 30 (a Name) belongs", name.tag)
			}
			in.strict(name, p)
		}
	}) {
		return
	}
	if in.explicit(2, "responderID", func(in *cursor) {
		if key, _, ok := in.octetString("responderID"); ok {
			b.ResponderID.ByKey = key
		}
	}) {
		return
	}
	if tag := in.peek(); tag == tagGeneralizedTime || tag == tagUTCTime || tag == 0 {
		in.notes.deviate(DevMissing, in.at, p, "no responderID")
		return
	}
	if e, ok := in.next(p); ok {
		in.notes.deviate(DevTag, e.offset, p, "tag %02x is neither byName (a1) nor byKey (a2)", e.tag)
	}
}

func readSingleResponse(in *cursor, offset int64) SingleResponse {
	s := SingleResponse{Offset: offset}
	id, ok := in.certID("certID")
	if !ok {
		return s
	}
	s.CertID = id
	s.readStatus(in)
	if s.ThisUpdate, ok = in.time("thisUpdate"); !ok {
		return s
	}
	in.explicit(0, "nextUpdate", func(in *cursor) { s.NextUpdate, _ = in.time("nextUpdate") })
	s.HasExtensions = in.explicit(1, "singleExtensions", func(in *cursor) {
		s.Extensions = in.extensionList("singleExtensions")
	})
	in.end()
	return s
}

// readStatus reads the CHOICE that CertStatus is: every context-specific element that
// stands before thisUpdate.
func (s *SingleResponse) readStatus(in *cursor) {
	p, found := in.path.in("certStatus"), 0
	for ; in.peek()&0xc0 == 0x80; found++ {
		e, ok := in.next(p)
		if !ok {
			return
		}
		if found > 0 {
			in.notes.deviate(DevTag, e.offset, p, "a second certStatus (tag %02x)", e.tag)
			continue
		}
		switch e.tag {
		case contextTag(0):
			s.Status = StatusGood
		case contextConstructedTag(1):
			s.Status = StatusRevoked
			s.readRevoked(in.inside(e, p))
		case contextTag(2):
			s.Status = StatusUnknown
		default:
			in.notes.deviate(DevTag, e.offset, p, "tag %02x is neither good (80), revoked (a1) nor unknown (82)", e.tag)
		}
		if len(e.content) > 0 && (s.Status == StatusGood || s.Status == StatusUnknown) {
			in.notes.deviate(DevNull, e.offset, p, "%s is NULL but has %d octets of content", s.Status, len(e.content))
		}
	}
	if found == 0 {
		in.notes.deviate(DevMissing, in.at, p, "no certStatus")
	}
}

// readRevoked reads the contents of a RevokedInfo.
func (s *SingleResponse) readRevoked(in *cursor) {
	var ok bool
	if s.RevocationTime, ok = in.time("revocationTime"); !ok {
		return
	}
	in.explicit(0, "revocationReason", func(in *cursor) {
		if e, ok := in.expect(tagEnumerated, "revocationReason"); ok {
			s.HasReason = true
			s.Reason = ReasonCode(smallInteger(in.integer(e, in.path.in("revocationReason"))))
		}
	})
	in.end()
}

// certID reads a CertID of that name. It reports whether the SEQUENCE was there; what
// stopped inside it leaves the fields from there on unset.
func (c *cursor) certID(name string) (CertID, bool) {
	seq, ok := c.expect(tagSequence, name)
	if !ok {
		return CertID{}, false
	}
	id := CertID{Raw: seq.raw, Offset: seq.offset}
	p := c.path.in(name)
	in := c.inside(seq, p)
	if id.HashAlgorithm, ok = in.algorithm("hashAlgorithm"); !ok {
		return id, true
	}
	if id.IssuerNameHash, _, ok = in.octetString("issuerNameHash"); !ok {
		return id, true
	}
	if id.IssuerKeyHash, _, ok = in.octetString("issuerKeyHash"); !ok {
		return id, true
	}
	if serial, ok := in.expect(tagInteger, "serialNumber"); ok {
		id.Serial = in.integer(serial, p.in("serialNumber"))
		in.end()
	}
	return id, true
}

// extensionList reads the Extensions of that name.
func (c *cursor) extensionList(name string) []Extension {
	p := c.path.in(name)
	e, ok := c.next(p)
	if !ok {
		return nil
	}
	list := c.extensions(e, p)
	if nonce := FindExtension(list, OIDNonce); nonce != nil {
		if _, ok := nonceValue(nonce.Value); !ok {
			c.notes.deviate(DevUnreadable, nonce.Offset, p, "the nonce is not wrapped in an OCTET STRING (RFC 9654 §2.1)")
		}
	}
	return list
}

// nonceValue unwraps Nonce ::= OCTET STRING (RFC 9654 §2.1).
func nonceValue(value []byte) ([]byte, bool) {
	var n notes
	c := n.cursor(value, 0, root(""))
	e, ok := c.expect(tagOctetString, "nonce")
	return e.content, ok && c.empty()
}

// certificates reads the SEQUENCE OF Certificate of that name. A certificate that cannot
// be read is kept with the reason.
func (c *cursor) certificates(name string) []EmbeddedCertificate {
	var list []EmbeddedCertificate
	seq, ok := c.each(name, func(in *cursor, e element, p *path) {
		found := in.notes.memory.certificate(e.raw)
		found.Offset = e.offset
		if e.tag != tagSequence {
			in.notes.deviate(DevTag, e.offset, p, "tag is %02x where 30 (a Certificate) belongs", e.tag)
		}
		list = append(list, found)
	})
	if ok && len(seq.content) == 0 {
		c.notes.deviate(DevEmpty, seq.offset, c.path.in(name), "a list of certificates without a certificate")
	}
	return list
}
