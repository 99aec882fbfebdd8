package conformance

import (
	"slices"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func certIDRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-single-for-each",
			Cites:  []Citation{RFC6960("4.2.2.3", Must)},
			Says:   "A response must hold a SingleResponse for the certificate asked about.",
			Needs:  evidence.OCSP,
			Marked: Critical,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Basic == nil || s.Response.Broken != nil || !s.asks():
					return skip()
				case s.match() == nil:
					return fail("a SingleResponse for the certificate asked about", "%d SingleResponse(s), none for it", len(s.Response.Basic.Singles)).in("responses")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("none at all", func(r *fake) {
					r.OCSP.Singles = func([]revocation.CertID) []revocation.CertID { return nil }
				}),
			},
			Good: []fixtures.Case{when("its parameters NULL or absent", func(r *fake) {
				r.OCSP.Singles = changed(func(c *revocation.CertID) {
					c.HashAlgorithm = revocation.AlgorithmIdentifier{Algorithm: c.HashAlgorithm.Algorithm}
				})
			})},
		},
		{
			ID:    "ocsp-certid-echo",
			Cites: []Citation{RFC6960("3.2", Must), RFC6960("4.2.2.3", Must)},
			Says:  "The CertID answered must be the one asked about.",
			Needs: evidence.OCSP,
			OCSP: func(s OCSPSubject) Verdict {
				switch {
				case !s.asks() || s.match() != nil || !s.readable():
					return skipUnless(s.asks() && s.readable())
				case len(s.asked) > 0:
					return fail("the CertID asked about: "+certIDText(s.asked[0]), "%s", certIDText(s.Single.CertID)).
						in(s.field("certID")).at(s.Single.CertID.Offset)
				}
				return fail("serial "+revocation.SerialOf(s.Subject.SerialNumber).String(), "%s", certIDText(s.Single.CertID)).
					in(s.field("certID")).at(s.Single.CertID.Offset)
			},
			Bad: []fixtures.Case{when("the next serial", func(r *fake) {
				r.OCSP.Singles = changed(func(c *revocation.CertID) {
					c.Serial = slices.Clone(c.Serial)
					c.Serial[len(c.Serial)-1] ^= 1
				})
			})},
			Good: []fixtures.Case{when("its parameters NULL or absent", func(r *fake) {
				r.OCSP.Singles = changed(func(c *revocation.CertID) {
					c.HashAlgorithm = revocation.AlgorithmIdentifier{Algorithm: c.HashAlgorithm.Algorithm}
				})
			})},
			Also: []string{"ocsp-single-for-each"},
		},
		{
			ID:    "ocsp-certid-hashes-correct",
			Cites: []Citation{RFC6960("4.1.1", Must)},
			Says:  "The CertID's hashes must be those of the issuer's name and key.",
			Needs: evidence.OCSP,
			OCSP: func(s OCSPSubject) Verdict {
				switch {
				case s.Issuer == nil || s.Exchange.Ask.Has(evidence.ForeignPOST) || !s.Single.CertID.KnownHash() || !s.readable():
					return skip()
				case s.match() != nil && !s.names(s.Single):
					return skip() // ocsp-single-extra speaks of it
				case !s.memory.NamesIssuer(s.Single.CertID, s.Issuer):
					return fail("the hashes of "+nameOf(s.Issuer)+" and its key", "%s", certIDText(s.Single.CertID)).
						in(s.field("certID")).at(s.Single.CertID.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("another key's hash", func(r *fake) {
					r.OCSP.Singles = changed(func(c *revocation.CertID) {
						c.IssuerKeyHash = slices.Clone(c.IssuerKeyHash)
						c.IssuerKeyHash[0] ^= 1
					})
				}),
				when("another name's hash", func(r *fake) {
					r.OCSP.Singles = changed(func(c *revocation.CertID) {
						c.IssuerNameHash = slices.Clone(c.IssuerNameHash)
						c.IssuerNameHash[0] ^= 1
					})
				}),
			},
			Also: []string{"ocsp-single-for-each", "ocsp-certid-echo", "ocsp-stock-client"},
		},
	}
}

func skipUnless(judged bool) Verdict {
	if judged {
		return pass()
	}
	return skip()
}

func certIDText(c revocation.CertID) string {
	hash := c.HashAlgorithm.Algorithm.String()
	if c.KnownHash() {
		hash = c.Hash().String()
	}
	return "serial " + c.Serial.String() + " under " + hash + " name " + hexShort(c.IssuerNameHash) + " key " + hexShort(c.IssuerKeyHash)
}

// changed has the responder answer each CertID as altered.
func changed(alter func(*revocation.CertID)) func([]revocation.CertID) []revocation.CertID {
	return func(asked []revocation.CertID) []revocation.CertID {
		list := slices.Clone(asked)
		for i := range list {
			list[i].Raw = nil
			alter(&list[i])
		}
		return list
	}
}
