package conformance

import (
	"bytes"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// nonceRules are about the nonce (RFC 9654). A responder may ignore it.
func nonceRules() []*Rule {
	return []*Rule{
		{
			ID:    "ocsp-nonce-echo",
			Cites: []Citation{RFC6960("4.4.1", Must), RFC9654("2.1", Must)},
			Says:  "A nonce in a response must be that of the request; without one in the request there must be none.",
			Needs: evidence.OCSP | evidence.NoncePOST,
			Response: func(s ResponseSubject) Verdict {
				came := s.nonce()
				switch {
				case came == nil || len(s.Exchange.Request) == 0:
					return skip()
				case s.sentNonce() == nil:
					return fail("no nonce, since none was sent", "%s", hexShort(came.Value)).in("responseExtensions").at(came.Offset)
				case !bytes.Equal(nonceOf(came), nonceOf(s.sentNonce())):
					return fail("the nonce that was sent: "+hexShort(nonceOf(s.sentNonce())), "%s", hexShort(nonceOf(came))).in("responseExtensions").at(came.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("the last octet differs", func(r *fake) {
					accepting(1, 128)(r)
					r.OCSP.Nonce = func(sent []byte) []byte {
						other := bytes.Clone(sent)
						other[len(other)-1] ^= 1
						return other
					}
				}),
				when("one that nobody sent", withNonce(wrapped(16))),
			},
			Good: []fixtures.Case{
				when("echoed", accepting(1, 128)),
				when("ignored", func(*fake) {}),
				when("echoed without what wraps it", func(r *fake) {
					accepting(1, 128)(r)
					r.OCSP.Nonce = func(sent []byte) []byte { return nonceOf(&revocation.Extension{Value: sent}) }
				}),
			},
			Also: []string{"http-ocsp-nonce-not-cached"},
		},
		{
			ID:     "ocsp-nonce-16-32",
			Cites:  []Citation{RFC9654("2.1", Must)},
			Says:   "A responder must answer requests with a nonce of 16 to 32 octets, whether it echoes it or ignores it.",
			Needs:  evidence.NoncePOST,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainNonce, unless("the ordinary answer", same), "nonce-16", "nonce-32")
			},
			Bad: []fixtures.Case{
				when("malformedRequest for 32", says("nonce-32", fixtures.MalformedRequest)),
				when("malformedRequest for 16", says("nonce-16", fixtures.MalformedRequest)),
			},
			Good: []fixtures.Case{when("33 is malformed", says("nonce-33", fixtures.MalformedRequest))},
		},
		{
			ID:    "ocsp-nonce-1-15-33-128",
			Cites: []Citation{RFC9654("2.1", Practice)},
			Says:  "A request with a nonce of 1 to 15 or 33 to 128 octets should be answered, with the nonce or without.",
			Needs: evidence.NoncePOST,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainNonce, mildly(Info, unless("the ordinary answer", same)), "nonce-1", "nonce-8", "nonce-15", "nonce-33", "nonce-64", "nonce-128")
			},
			Bad: []fixtures.Case{
				when("malformedRequest for 33, as RFC 8954 had it", says("nonce-33", fixtures.MalformedRequest)),
				when("malformedRequest for 15", says("nonce-15", fixtures.MalformedRequest)),
			},
			Good: []fixtures.Case{when("echoed", accepting(1, 128))},
		},
		{
			ID:     "ocsp-nonce-0-129",
			Cites:  []Citation{RFC9654("2.1", Must)},
			Says:   "A responder that supports nonces must answer malformedRequest to one of no octets or of more than 128.",
			Needs:  evidence.NoncePOST,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				if !s.echoes() {
					return s.odd(plainNonce, anything, "nonce-0", "nonce-129", "nonce-4096")
				}
				return s.odd(plainNonce, unless("malformedRequest", rejected), "nonce-0", "nonce-129", "nonce-4096")
			},
			Bad: []fixtures.Case{
				when("none is echoed", accepting(0, 128)),
				when("129 are echoed", accepting(1, 129)),
				when("a web page to 129", func(r *fake) {
					carried("nonce-129", fixtures.HTTP{Body: []byte("<html>")})(r)
				}),
				when("half a response to 129", carried("nonce-129", fixtures.HTTP{Body: []byte{0x30, 3, 0x0a, 1}})),
				when("a response of another type to 129", carried("nonce-129", fixtures.HTTP{Body: notBasic})),
				when("405 to 129, 10 seconds and one later", carried("nonce-129", fixtures.HTTP{Code: 405, Delay: evidence.LateAfter + time.Second})),
				when("answered without the nonce", func(r *fake) {
					r.OCSP.Nonce = echo
					r.Odd = map[string]fixtures.Reaction{
						"nonce-0": {Says: fixtures.MalformedRequest}, "nonce-4096": {Says: fixtures.MalformedRequest}, "nonce-raw": {Says: fixtures.MalformedRequest},
						"nonce-129": {OCSP: func(o *fixtures.OCSP) { o.Nonce = nil }},
					}
				}),
			},
			Good: []fixtures.Case{when("1 to 128", accepting(1, 128)), when("ignored", func(*fake) {})},
		},
		{
			ID:     "ocsp-nonce-encoding",
			Cites:  []Citation{RFC9654("2.1", Must), RFC6960("4.4.1", Must)},
			Says:   "The value of the nonce extension must be an OCTET STRING that holds the nonce.",
			Needs:  evidence.OCSP | evidence.NoncePOST,
			Marked: Warning,
			Response: func(s ResponseSubject) Verdict {
				came := s.nonce()
				switch {
				case came == nil:
					return skip()
				case isWrapped(came.Value):
					return pass()
				}
				v := fail("an OCTET STRING in extnValue", "%s", hexShort(came.Value)).in("responseExtensions").at(came.Offset)
				if sent := s.sentNonce(); sent != nil && bytes.Equal(sent.Value, came.Value) {
					return v.atMost(Notice) // the requests's fault, echoed
				}
				return v
			},
			Bad: []fixtures.Case{
				when("one that was not wrapped comes back so", func(r *fake) {
					r.Odd = map[string]fixtures.Reaction{"nonce-raw": {OCSP: func(o *fixtures.OCSP) { o.Nonce = echo }}}
				}),
				when("as an INTEGER", func(r *fake) {
					accepting(1, 128)(r)
					r.OCSP.Nonce = func(sent []byte) []byte {
						if isWrapped(sent) {
							return append([]byte{0x02}, sent[1:]...)
						}
						return nil
					}
				}),
				when("unwrapped", func(r *fake) {
					accepting(1, 128)(r)
					r.OCSP.Nonce = func(sent []byte) []byte {
						if isWrapped(sent) {
							return append([]byte{0x5a}, sent[2:]...)
						}
						return nil
					}
				}),
			},
			Good: []fixtures.Case{when("wrapped", accepting(1, 128))},
			Also: []string{"ocsp-nonce-echo", "http-ocsp-nonce-not-cached"},
		},
		{
			ID:     "http-ocsp-nonce-not-cached",
			Cites:  []Citation{RFC9654("2.1", Observed), RFC9919("8", Practice)},
			Says:   "Answers to requests with a nonce and without must not be mixed up.",
			Needs:  evidence.NoncePOST,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				plain := s.probed(plainNonce)
				if len(plain) == 0 || plain[0].Response == nil {
					return skip()
				}
				var verdicts []Verdict
				for _, p := range s.probed(plainNonce, "nonce-16", "nonce-32") {
					if p.Response == nil {
						continue
					}
					came, sent := p.Response.nonce(), p.Response.sentNonce()
					switch {
					case came != nil && (sent == nil || !bytes.Equal(nonceOf(came), nonceOf(sent))):
						verdicts = append(verdicts, fail("the nonce of this request, or none", "%s: %s", p.Variant, hexShort(nonceOf(came))).about(p.ID))
					default:
						verdicts = append(verdicts, unless("the status of the request without a nonce", same, refused)(p, plain[0]).about(p.ID))
					}
				}
				return together(verdicts)
			},
			Bad: []fixtures.Case{
				when("another request's nonce", func(r *fake) {
					accepting(1, 128)(r)
					r.OCSP.Nonce = func([]byte) []byte { return wrapped(16) }
				}),
				when("unknown with a nonce", says("nonce-32", fixtures.Unknown)),
			},
			Good: []fixtures.Case{
				when("echoed", accepting(1, 128)),
				when("400 with a nonce", carried("nonce-32", fixtures.HTTP{Code: 400})),
			},
			Also: []string{"ocsp-nonce-echo", "ocsp-nonce-16-32"},
		},
	}
}

// nonce returns the nonce extension of the response, or nil.
func (s ResponseSubject) nonce() *revocation.Extension {
	if !s.readable() {
		return nil
	}
	return revocation.FindExtension(s.Response.Basic.Extensions, revocation.OIDNonce)
}

// sentNonce returns the nonce extension of the request, or nil.
func (s ResponseSubject) sentNonce() *revocation.Extension {
	return revocation.FindExtension(revocation.ReadOCSPRequest(s.Exchange.Request).Extensions, revocation.OIDNonce)
}

// isWrapped reports whether the value is an OCTET STRING and nothing else.
func isWrapped(value []byte) bool {
	n, err := fixtures.ParseNode(value)
	return err == nil && n.Tag == 0x04
}

// nonceOf is the nonce itself, wrapped or not.
func nonceOf(x *revocation.Extension) []byte {
	if n, err := fixtures.ParseNode(x.Value); err == nil && n.Tag == 0x04 {
		return n.Content
	}
	return x.Value
}

// echoes reports whether a nonce of a length that every responder with nonces takes came back.
func (s ServiceSubject) echoes() bool {
	return slices.ContainsFunc(s.probed("nonce-16", "nonce-32"), func(p ProbeAnswer) bool {
		return p.Response != nil && p.Response.nonce() != nil && bytes.Equal(nonceOf(p.Response.nonce()), nonceOf(p.Response.sentNonce()))
	})
}

// notBasic is a successful OCSPResponse of a type that nobody knows.
var notBasic = fixtures.Sequence(fixtures.Enumerated(0), fixtures.Explicit(0,
	fixtures.Sequence(fixtures.ObjectIdentifier(unknownExtension), fixtures.OctetString([]byte{5, 0})))).Encode()

// echo gives a nonce back as it came.
func echo(sent []byte) []byte { return sent }

// wrapped is the value of a nonce extension of that many octets.
func wrapped(octets int) []byte {
	return fixtures.OctetString(bytes.Repeat([]byte{0xa5}, octets)).Encode()
}

// withNonce has every response carry that nonce.
func withNonce(value []byte) func(*fake) {
	return func(r *fake) { r.OCSP.Extensions = []revocation.Extension{{ID: revocation.OIDNonce, Value: value}} }
}

// accepting has a fake echo nonces of those lengths and answer malformedRequest to others
// and to those that are not wrapped.
func accepting(least, most int) func(*fake) {
	return func(r *fake) {
		r.OCSP.Nonce = echo
		r.Odd = map[string]fixtures.Reaction{"nonce-raw": {Says: fixtures.MalformedRequest}}
		for name, length := range map[string]int{"nonce-0": 0, "nonce-129": 129, "nonce-4096": 4096} {
			if length < least || length > most {
				r.Odd[name] = fixtures.Reaction{Says: fixtures.MalformedRequest}
			}
		}
	}
}
