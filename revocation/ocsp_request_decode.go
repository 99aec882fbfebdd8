package revocation

// ReadOCSPRequest decodes an OCSPRequest (RFC 6960 §4.1.1) as far as it can be read. It
// never returns nil: Broken says where reading had to stop, Deviations what else is not as
// DER or the module have it. The result refers to body, which must not change afterwards.
func ReadOCSPRequest(body []byte) *OCSPRequest { return (*Memory)(nil).ReadOCSPRequest(body) }

// ReadOCSPRequest is the function of that name.
func (m *Memory) ReadOCSPRequest(body []byte) *OCSPRequest {
	r := &OCSPRequest{Raw: body}
	n := m.document()
	doc := n.cursor(body, 0, n.root())
	if outer, ok := doc.expect(tagSequence, "OCSPRequest"); ok {
		in := doc.inside(outer, n.root())
		r.read(in)
		in.endOf("OCSPRequest")
		doc.endOf("OCSPRequest")
	}
	r.Deviations, r.Broken = n.deviations, n.broken
	return r
}

func (r *OCSPRequest) read(in *cursor) {
	tbs, ok := in.expect(tagSequence, "tbsRequest")
	if !ok {
		return
	}
	r.TBS = tbs.raw
	r.readTBS(in.inside(tbs, in.path.in("tbsRequest")))
	in.explicit(0, "optionalSignature", func(in *cursor) {
		seq, ok := in.expect(tagSequence, "optionalSignature")
		if !ok {
			return
		}
		r.Signature = new(RequestSignature)
		r.Signature.read(in.inside(seq, in.path.in("optionalSignature")))
	})
}

func (r *OCSPRequest) readTBS(in *cursor) {
	r.Version, r.ExplicitVersion = in.version()
	in.explicit(1, "requestorName", func(in *cursor) {
		p := in.path.in("requestorName")
		name, ok := in.next(p)
		if !ok {
			return
		}
		r.RequestorName = name.raw
		if name.tag&0xc0 != 0x80 || name.tag&0x1f > 8 {
			in.notes.deviate(DevTag, name.offset, p, "tag %02x is none of a GeneralName", name.tag)
		}
		in.strict(name, p)
	})
	if _, ok := in.each("requestList", func(in *cursor, e element, p *path) {
		if e.tag != tagSequence {
			in.notes.stop(e.offset, p, "tag is %02x where 30 (SEQUENCE) belongs", e.tag)
			return
		}
		r.Requests = append(r.Requests, readSingleRequest(in.inside(e, p)))
	}); !ok {
		return
	}
	r.HasExtensions = in.explicit(2, "requestExtensions", func(in *cursor) {
		r.Extensions = in.extensionList("requestExtensions")
	})
	in.end()
}

func readSingleRequest(in *cursor) SingleRequest {
	var s SingleRequest
	var ok bool
	if s.CertID, ok = in.certID("reqCert"); !ok {
		return s
	}
	s.HasExtensions = in.explicit(0, "singleRequestExtensions", func(in *cursor) {
		s.Extensions = in.extensionList("singleRequestExtensions")
	})
	in.end()
	return s
}

func (s *RequestSignature) read(in *cursor) {
	var ok bool
	if s.Algorithm, ok = in.algorithm("signatureAlgorithm"); !ok {
		return
	}
	if bits, ok := in.expect(tagBitString, "signature"); ok {
		s.Signature = in.bitString(bits, in.path.in("signature"))
	}
	in.explicit(0, "certs", func(in *cursor) { s.Certificates = in.certificates("certs") })
	in.end()
}
