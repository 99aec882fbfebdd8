package conformance

import (
	"slices"
	"strings"

	"github.com/revprobe/revprobe/revocation"
)

// scopeText says what a CRL is for.
func scopeText(c *CRLSubject) string {
	idp := revocation.FindExtension(c.CRL.Extensions, revocation.OIDIssuingDP)
	if idp == nil {
		return "by " + revocation.NameText(c.CRL.Issuer) + " without issuingDistributionPoint"
	}
	text := "by " + revocation.NameText(c.CRL.Issuer) + " with issuingDistributionPoint " + hexShort(idp.Value)
	if c.CRL.IssuingDP != nil {
		text += " (" + strings.Join(append(slices.Clone(c.CRL.IssuingDP.URIs), onlyFlags(c.CRL.IssuingDP)...), ", ") + ")"
	}
	return text
}

// inSequence judges the numbers of a complete CRL and a delta of its scope. A CA may put back
// thisUpdate of one more than of the other.
func inSequence(c, d *CRLSubject) Verdict {
	if c.CRL.Number == nil || d.CRL.Number == nil || !sameScope(c, d) {
		return skip()
	}
	later, order := d.CRL.ThisUpdate.Sub(c.CRL.ThisUpdate.Time), compareNumbers(c, d)
	text := "CRL number " + crlNumberText(c.CRL.Number) + " of " + stamp(c.CRL.ThisUpdate.Time) + ", delta number " + crlNumberText(d.CRL.Number) + " of " + stamp(d.CRL.ThisUpdate.Time)
	switch {
	case later == 0 && order != 0: // one may have followed the other within the second
		return fail("one number at one time", "%s", text).atMost(Notice)
	case later != 0 && order == 0:
		return fail("another number at another time", "%s", text)
	case later > setBack && order > 0, later < -setBack && order < 0:
		return fail("the greater number on the later one", "%s", text)
	}
	return pass()
}

// agree judges what a delta says of certificates against a complete CRL: by those at hand that
// have not expired, and by all that it lists where both are of one number and time.
func (s *IssuerSubject) agree(c, d *CRLSubject) Verdict {
	one := c.CRL.Number != nil && d.CRL.Number != nil && compareNumbers(c, d) == 0 && c.CRL.ThisUpdate.Equal(d.CRL.ThisUpdate.Time)
	if !sameScope(c, d) || indirect(c) || !one && !d.updates(c) {
		return skip()
	}
	for _, cert := range s.Certificates {
		serial := revocation.SerialOf(cert.SerialNumber)
		own, changed := c.listing(serial), d.found[string(serial)]
		switch {
		case changed == nil || cert.NotAfter.Before(d.CRL.ThisUpdate.Time):
		case one && revokes(changed) != (own != nil):
			return fail("the same in "+c.Exchange.URL, "%s in the delta, %s in the complete CRL", changeText(changed), listedText(own))
		case !revokes(changed) && own != nil && (!own.HasReason || own.Reason != revocation.ReasonCertificateHold):
			return fail("revoked for good", "%s by the delta, %s by the complete CRL", changeText(changed), listedText(own))
		}
	}
	if !one {
		return pass()
	}
	return d.repeats(c)
}

// indirect reports whether a CRL lists certificates of several issuers, whose serials may be
// the same.
func indirect(c *CRLSubject) bool { return c.CRL.IssuingDP != nil && c.CRL.IssuingDP.Indirect }

func changeText(e *revocation.CRLEntry) string {
	if revokes(e) {
		return "serial " + e.Serial.String() + " is revoked"
	}
	return "serial " + e.Serial.String() + " is taken off"
}

func listedText(e *revocation.CRLEntry) string {
	if e == nil {
		return "not listed"
	}
	return "revoked (" + e.Reason.String() + ")"
}

// maxChanges is how many entries of a delta are held against a complete CRL.
const maxChanges = 100_000

// repeats judges whether a complete CRL of the same number and time has what a delta says. A
// certificate that has expired meanwhile may be gone from it.
func (d *CRLSubject) repeats(c *CRLSubject) Verdict {
	changed := map[string]bool{} // whether it revokes
	err := d.entriesAgain(func(e *revocation.CRLEntry) {
		if len(changed) < maxChanges {
			changed[string(e.Serial.Minimal())] = revokes(e)
		}
	})
	wrong := revocation.Serial(nil)
	if err == nil && len(changed) > 0 {
		err = c.entriesAgain(func(e *revocation.CRLEntry) {
			serial := e.Serial.Minimal()
			switch revoked, there := changed[string(serial)]; {
			case there && revoked:
				delete(changed, string(serial))
			case there && wrong == nil:
				wrong = slices.Clone(serial)
			}
		})
	}
	if err != nil {
		return unable("the entries could not be read again: %s", err)
	}
	if wrong != nil {
		return fail("the same in "+c.Exchange.URL, "serial %s is taken off by the delta and on the complete CRL", wrong).atMost(Warning)
	}
	var missing []string
	for serial, revoked := range changed {
		if revoked {
			missing = append(missing, revocation.Serial(serial).String())
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fail("the same in "+c.Exchange.URL, "revoked by the delta and not on the complete CRL: serial %s", named(missing, len(missing))).atMost(Warning)
	}
	return pass()
}
