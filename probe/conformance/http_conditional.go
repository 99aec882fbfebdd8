package conformance

import (
	"bytes"
	"fmt"
	"io"
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
				when("304 to a CRL a minute older", func(r *fake) { r.CRLHTTP.Unchanged = "If-Modified-Since" }),
				when("304 to an ETag that no OCSP response has", func(r *fake) { r.OCSPHTTP.Unchanged = "If-None-Match" }),
				when("304 to an OCSP response a minute older", func(r *fake) { r.OCSPHTTP.Unchanged = "If-Modified-Since" }),
				when("412", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 412} }),
				when("400", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 400} }),
			},
			Good: []fixtures.Case{
				when("200", func(*fake) {}),
				when("304 by a copy that is older", func(r *fake) {
					older := dated(r.Now.Add(-2 * time.Hour))
					r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusNotModified, Header: map[string][]string{"Last-Modified": {older}}}
				}),
				when("304 by a copy that is a minute older", func(r *fake) {
					older := dated(r.Now.Add(-time.Hour - time.Minute))
					r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusNotModified, Header: map[string][]string{"Last-Modified": {older}}}
				}),
				when("304 by another copy", func(r *fake) {
					r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusNotModified, Header: map[string][]string{"Etag": {`"another"`}, "Last-Modified": nil}}
				}),
				when("304 by a copy of the same CRL that does not say how old it is", func(r *fake) {
					etag := r.Serve(r.Question(evidence.FetchCRL)).Header["Etag"]
					r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusNotModified, Header: map[string][]string{"Etag": etag, "Last-Modified": nil}}
				}),
				when("304 that does not say of what", func(r *fake) {
					r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusNotModified, Header: map[string][]string{"Etag": nil, "Last-Modified": nil}}
				}),
				when("404", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 404} }),
				when("503", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 503} }),
			},
		},
		{
			ID:     "rob-crl-range",
			Cites:  []Citation{RFC9110("15.3.7", Observed), RFC9110("14.4", Observed)},
			Says:   "A part of a CRL (206) must be of the octets that were asked for, and be named as what it is.",
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
				when("from the octet before, as it says", func(r *fake) { partial(r, 15, 63, "bytes 15-62/%d") }),
				when("to the octet behind, as it says", func(r *fake) { partial(r, 16, 65, "bytes 16-64/%d") }),
				when("named wrongly", func(r *fake) { partial(r, 16, 64, "bytes 16-64/%d") }),
				when("of another length", func(r *fake) { partial(r, 16, 64, "bytes 16-63/1%d") }),
				when("not named", func(r *fake) { partial(r, 16, 64, "") }),
				when("an octet too few, of what may be another CRL", func(r *fake) {
					partial(r, 16, 63, "bytes 16-63/%d")
					r.CRLHTTP.Partial.Header["Etag"] = nil
				}),
			},
			Good: []fixtures.Case{
				when("the part", func(r *fake) { partial(r, 16, 64, "bytes 16-63/%d") }),
				when("of unknown length", func(r *fake) { partial(r, 16, 64, "bytes 16-63/*") }),
				when("a shorter part", func(r *fake) { partial(r, 16, 17, "bytes 16-16/%d") }),
				when("all of it", func(*fake) {}),
				when("of what may be another CRL", func(r *fake) {
					partial(r, 15, 63, "bytes 16-63/1%d")
					r.CRLHTTP.Partial.Header["Etag"] = []string{`"another"`}
				}),
				when("of what a weak ETag calls the same", func(r *fake) {
					weak := map[string][]string{"Etag": {`W/"the same"`}}
					partial(r, 15, 63, "bytes 16-63/1%d")
					r.CRLHTTP.Header, r.CRLHTTP.Partial.Header["Etag"] = weak, weak["Etag"]
				}),
				when("416", func(r *fake) { r.CRLHTTP.Partial = &fixtures.HTTP{Code: 416} }),
			},
		},
	}
}

// partial has a fake give a part of the CRL: the octets from one on and before another.
func partial(r *fake, from, to int, named string) {
	plain := r.Serve(r.Question(evidence.FetchCRL))
	header := map[string][]string{"Etag": plain.Header["Etag"]}
	if named != "" {
		header["Content-Range"] = []string{strings.Replace(named, "%d", fmt.Sprint(len(plain.Body)), 1)}
	}
	r.CRLHTTP.Partial = &fixtures.HTTP{Code: statusPartial, Body: plain.Body[from:to], ContentType: "application/pkix-crl", Header: header}
}

// unchanged judges what was answered to one who has another document.
func (s ServiceSubject) unchanged(p ProbeAnswer) Verdict {
	etag, _ := p.Wire.Field("If-None-Match")
	since, _ := p.Wire.Field("If-Modified-Since")
	before := s.plainAnswer(p)
	switch {
	case before == nil:
		return skip()
	case p.Code == statusOK:
		return pass()
	case p.Code == statusBadRequest || p.Code == statusPreconditionFailed:
		return fail("200 with the document, or 304", "%s: %s", p.Variant, got(p.Exchange)).atMost(Notice)
	case p.Code != statusNotModified:
		return unable("%s: %s", p.Variant, outcomeOf(p.Exchange))
	case etag != "":
		return fail("200 with the document", "304 to If-None-Match: %s, which is made up", etag).in("If-None-Match")
	case !newerThan(since, p.Exchange): // a copy of the same octets may have been made earlier
		return unable("%s: 304 by what may be another copy, which is older", p.Variant)
	}
	return fail("200 with the document", "304 to If-Modified-Since: %s, though it was modified %s", since, before.Header.Get("Last-Modified")).in("If-Modified-Since")
}

// newerThan reports whether an answer says that the document was modified after a date.
func newerThan(date string, x *evidence.Exchange) bool {
	asked, _, askedOK := httpDate(date)
	modified, _, ok := httpDate(x.Header.Get("Last-Modified"))
	return askedOK && ok && modified.After(asked)
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

// The part of a CRL that is asked for, from its first octet to before its last.
const (
	partStart = 16
	partEnd   = 64
)

// Further statuses of HTTP (RFC 9110 §15.3.7, §15.5.1, §15.5.13).
const (
	statusPartial            = 206
	statusBadRequest         = 400
	statusPreconditionFailed = 412
)

// part judges what was answered to one who wants a part of the CRL.
func (s ServiceSubject) part(p ProbeAnswer) Verdict {
	before := s.plainAnswer(p)
	want := fmt.Sprintf("bytes %d-%d/", partStart, partEnd-1)
	switch {
	case before == nil || before.BodyLength() < partEnd:
		return skip()
	case p.unasked():
		return unable("%s could not be asked: %s", p.Variant, outcomeOf(p.Exchange))
	case p.Code != statusPartial:
		return skipUnless(p.Code == statusOK)
	}
	named := p.Header.Get("Content-Range")
	from, to, of := contentRange(named)
	switch { // a server may give less than was asked for (RFC 9110 §15.3.7)
	case from < partStart || to > partEnd || len(p.Body) != to-from:
		return fail(want+"...", "%q with %d octets", named, len(p.Body)).in("Content-Range")
	case !sameVersion(before, p.Exchange):
		return pass() // its length and its octets may be others
	}
	whole := fmt.Sprint(before.BodyLength())
	octets := make([]byte, partEnd)
	_, err := io.ReadFull(before.BodyReader(), octets)
	switch {
	case err != nil:
		return unable("the CRL cannot be read again: %s", err)
	case of != whole && of != "*":
		return fail(want+whole, "%q", named).in("Content-Range")
	case !bytes.Equal(p.Body, octets[from:to]):
		return fail(fmt.Sprintf("octets %d to %d of the CRL", from, to-1), "%d octets that are others", len(p.Body))
	}
	return pass()
}

// contentRange reads a Content-Range: from which octet on, before which one, and of how many
// or "*". Of what is none the length is negative.
func contentRange(field string) (from, to int, of string) {
	var last int
	if _, err := fmt.Sscanf(strings.ToLower(field), "bytes %d-%d/%s", &from, &last, &of); err != nil {
		return 0, -1, ""
	}
	return from, last + 1, of
}

// sameVersion reports whether two answers are of one version of a document, octet for octet,
// as only a strong ETag says (RFC 9110 §8.8.1): behind one name there may be several copies,
// each signed on its own.
func sameVersion(a, b *evidence.Exchange) bool {
	tag := a.Header.Get("Etag")
	return strings.HasPrefix(tag, `"`) && tag == b.Header.Get("Etag")
}
