package conformance

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// conditionalRules are about documents asked for once more, should they have changed, or in
// part.
func conditionalRules() []*Rule {
	return []*Rule{
		{
			ID:     "http-conditional-304",
			Cites:  []Citation{RFC9110("15.4.5", Observed), RFC9110("13.1.2", Observed), RFC9110("13.1.3", Observed), RFC9919("7.2", Observed)},
			Says:   "Nobody must be told that nothing has changed (304) who has another document than the present one.",
			Needs:  evidence.Conditional,
			And:    evidence.FetchCRL | evidence.AssignedGET,
			Marked: Error,
			Service: func(s ServiceSubject) Verdict {
				var verdicts []Verdict
				for _, p := range s.probed("crl-inm-other", "crl-ims-before", "get-inm-other", "get-ims-before") {
					verdicts = append(verdicts, s.unchanged(p).about(p.ID))
				}
				return together(verdicts)
			},
			Bad: []fixtures.Case{
				when("304 to an ETag that no CRL has", func(r *fake) { r.CRLHTTP.Unchanged = "If-None-Match" }),
				when("304 to a CRL a second older", func(r *fake) { r.CRLHTTP.Unchanged = "If-Modified-Since" }),
				when("304 to an ETag that no OCSP response has", func(r *fake) { r.OCSPHTTP.Unchanged = "If-None-Match" }),
				when("304 to an OCSP response a second older", func(r *fake) { r.OCSPHTTP.Unchanged = "If-Modified-Since" }),
				when("412", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 412} }),
			},
			Good: []fixtures.Case{
				when("200", func(*fake) {}),
				when("304 by a copy that is older", func(r *fake) {
					older := dated(r.Now.Add(-2 * time.Hour))
					r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusNotModified, Header: map[string][]string{"Last-Modified": {older}}}
				}),
				when("304 by another copy", func(r *fake) {
					r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusNotModified, Header: map[string][]string{"Etag": {`"another"`}, "Last-Modified": nil}}
				}),
				when("503", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 503} }),
			},
		},
		{
			ID:     "rob-crl-range",
			Cites:  []Citation{RFC9110("15.3.7", Observed), RFC9110("14.4", Observed)},
			Says:   "A part of a CRL (206) must be the octets that were asked for, and be named as what it is.",
			Needs:  evidence.Robustness,
			And:    evidence.FetchCRL,
			Marked: Error,
			Service: func(s ServiceSubject) Verdict {
				list := s.probed("crl-range")
				if len(list) == 0 {
					return skip()
				}
				return s.part(list[0]).about(list[0].ID)
			},
			Bad: []fixtures.Case{
				when("from the octet before", func(r *fake) { partial(r, 15, 63, "bytes 16-63/%d") }),
				when("named wrongly", func(r *fake) { partial(r, 16, 64, "bytes 16-64/%d") }),
				when("of another length", func(r *fake) { partial(r, 16, 64, "bytes 16-63/1%d") }),
				when("not named", func(r *fake) { partial(r, 16, 64, "") }),
			},
			Good: []fixtures.Case{
				when("the part", func(r *fake) { partial(r, 16, 64, "bytes 16-63/%d") }),
				when("of unknown length", func(r *fake) { partial(r, 16, 64, "bytes 16-63/*") }),
				when("all of it", func(*fake) {}),
				when("416", func(r *fake) { r.CRLHTTP.Partial = &fixtures.HTTP{Code: 416} }),
			},
		},
	}
}

// partial has a fake give a part of the CRL: the octets from one on and before another.
func partial(r *fake, from, to int, named string) {
	body := r.CRLBody()
	header := map[string][]string{"Content-Range": {strings.Replace(named, "%d", fmt.Sprint(len(body)), 1)}}
	if named == "" {
		header = nil
	}
	r.CRLHTTP.Partial = &fixtures.HTTP{Code: statusPartial, Body: body[from:to], ContentType: "application/pkix-crl", Header: header}
}

// unchanged judges what was answered to one who has another document.
func (s ServiceSubject) unchanged(p ProbeAnswer) Verdict {
	etag, _ := p.Wire.Field("If-None-Match")
	since, _ := p.Wire.Field("If-Modified-Since")
	before := s.plainAnswer(p)
	switch {
	case before == nil:
		return skip()
	case p.unasked() || p.Code == 0 || p.Code >= 500:
		return unable("%s could not be asked: %s", p.Variant, outcomeOf(p.Exchange))
	case p.Code >= 400:
		return fail("200 with the document, or 304", "%s: %s", p.Variant, got(p.Exchange)).atMost(Notice)
	case p.Code != statusNotModified:
		return pass()
	case etag != "":
		return fail("200 with the document", "304 to If-None-Match: %s, which is made up", etag).in("If-None-Match")
	case s.anotherCopy(p, before, since):
		return unable("%s was answered by another copy", p.Variant)
	}
	return fail("200 with the document", "304 to If-Modified-Since: %s, though it was modified %s", since, before.Header.Get("Last-Modified")).in("If-Modified-Since")
}

// plainAnswer is what came when the document was asked for without any condition, or nil.
func (s ServiceSubject) plainAnswer(p ProbeAnswer) *evidence.Exchange {
	for _, x := range s.asked(evidence.FetchCRL | evidence.AssignedGET) {
		if x.RequestURL() == p.RequestURL() && x.Answered() && !x.Replica() {
			return x
		}
	}
	return nil
}

// anotherCopy reports whether a 304 is of another copy than the one that came before, by its
// own words: behind one name there may be several, of which one lags, and is right about what it has.
func (s ServiceSubject) anotherCopy(p ProbeAnswer, before *evidence.Exchange, since string) bool {
	if etag := p.Header.Get("Etag"); etag != "" && etag != before.Header.Get("Etag") {
		return true
	}
	asked, _, askedOK := httpDate(since)
	modified, _, ok := httpDate(p.Header.Get("Last-Modified"))
	return askedOK && ok && !modified.After(asked)
}

// The part of a CRL that is asked for, from its first octet to before its last.
const (
	partStart = 16
	partEnd   = 64
)

// statusPartial is the status of RFC 9110 §15.3.7.
const statusPartial = 206

// part judges what was answered to one who wants a part of the CRL.
func (s ServiceSubject) part(p ProbeAnswer) Verdict {
	before := s.plainAnswer(p)
	want := fmt.Sprintf("bytes %d-%d/", partStart, partEnd-1)
	switch {
	case before == nil || before.BodyLength() < partEnd:
		return skip()
	case p.unasked():
		return unable("%s could not be asked: %s", p.Variant, outcomeOf(p.Exchange))
	case p.Code != statusPartial || !sameVersion(before, p.Exchange):
		return skipUnless(p.Code == statusOK)
	}
	whole := fmt.Sprint(before.BodyLength())
	named := p.Header.Get("Content-Range")
	octets := make([]byte, partEnd)
	_, err := io.ReadFull(before.BodyReader(), octets)
	switch {
	case err != nil:
		return unable("the CRL cannot be read again: %s", err)
	case !slices.Contains([]string{want + whole, want + "*"}, named):
		return fail(want+whole, "%q", named).in("Content-Range")
	case !bytes.Equal(p.Body, octets[partStart:]):
		return fail("octets 16 to 63 of the CRL", "%d octets that are others", len(p.Body))
	}
	return pass()
}

// sameVersion reports whether two answers are of one version of a document, as far as they
// say: one that was replaced in the meantime has other parts.
func sameVersion(a, b *evidence.Exchange) bool {
	for _, field := range []string{"Etag", "Last-Modified"} {
		if left, right := a.Header.Get(field), b.Header.Get(field); left != "" && right != "" && left != right {
			return false
		}
	}
	return true
}
