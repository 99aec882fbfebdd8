package probe

import (
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// The questions that depend on an earlier answer say so until that is there.
const (
	etagBefore     = "(the ETag of the answer before)"
	modifiedBefore = "(the Last-Modified of the answer before)"
	minuteBefore   = "(a minute before the Last-Modified of the answer before)"
)

// crlAgain asks for a CRL once more, as who has another one. Of several CRLs of an issuer on
// one host the first will do.
func (p *Plan) crlAgain(planned *PlannedTarget, q evidence.Question) {
	if p.asks.Has(evidence.Conditional) && p.once("again", host(q.URL), q.Issuer) {
		again(planned, q, evidence.Conditional, p.otherVersions(planned.Target, "crl-"))
	}
}

// crlOddly asks for a CRL as who has it already, and for a part of it.
func (p *Plan) crlOddly(planned *PlannedTarget, q evidence.Question) {
	if p.asks.Has(evidence.Robustness) && p.once("oddly", host(q.URL), q.Issuer) {
		again(planned, q, evidence.Robustness, []condition{
			{"crl-conditional", "If-Modified-Since: " + modifiedBefore},
			{"crl-inm", "If-None-Match: " + etagBefore},
			{"crl-range", "Range: bytes=16-63"},
		})
	}
}

// answerAgain asks a responder by GET once more about the target's certificate, as who has
// another answer.
func (p *Plan) answerAgain(planned *PlannedTarget, about evidence.Question) error {
	t := planned.Target
	if t.Certificate == nil || !p.asks.Has(evidence.Conditional) || !p.once("again", about.URL, about.Issuer) {
		return nil
	}
	q, err := question(about, t, revocation.SerialOf(t.Certificate.SerialNumber), evidence.AssignedGET)
	if err != nil {
		return err
	}
	again(planned, q, evidence.Conditional, p.otherVersions(t, "get-"))
	return nil
}

// condition is one field that makes a request conditional.
type condition struct{ variant, field string }

// otherVersions are conditions that hold for every document there may be: it has not a
// made-up ETag, and is newer than a minute before it was made.
func (p *Plan) otherVersions(t Target, of string) []condition {
	madeUp := hex.EncodeToString(p.serials.random(t.Issuer, "etag", 0, 0)[:16])
	return []condition{
		{of + "inm-other", `If-None-Match: "` + madeUp + `"`},
		{of + "ims-before", "If-Modified-Since: " + minuteBefore},
	}
}

func again(planned *PlannedTarget, q evidence.Question, kind evidence.Ask, conditions []condition) {
	q.Ask = kind
	for _, c := range conditions {
		q.Variant, q.Wire = c.variant, &evidence.Wire{Header: []string{c.field}}
		planned.Probes = append(planned.Probes, q)
	}
}

// completed puts into a question what it takes from an earlier answer; false where there is
// none, so that it cannot be asked.
func completed(q evidence.Question, answered []evidence.Exchange) (evidence.Question, bool) {
	switch q.Variant {
	case "inm":
		return validated(q, answered, "get-plain")
	case "crl-conditional", "crl-inm", "crl-range", "crl-inm-other", "crl-ims-before", "get-inm-other", "get-ims-before":
		return validated(q, answered, "")
	}
	return q, true
}

// validated completes a question by the answer to the plain one of that variant.
func validated(q evidence.Question, answered []evidence.Exchange, plain string) (evidence.Question, bool) {
	for i := range answered {
		x := &answered[i]
		if x.RequestURL() != q.RequestURL() || x.Method != q.Method || x.Variant != plain || !x.Answered() {
			continue
		}
		if field, ok := filled(q.Wire.Header[0], x.Header); ok {
			q.Wire = &evidence.Wire{Header: []string{field}}
			return q, true
		}
	}
	return q, false
}

// filled puts validators of an answer into a field; false where the answer has not got them.
func filled(field string, header http.Header) (string, bool) {
	for placeholder, value := range map[string]string{
		etagBefore: header.Get("Etag"), modifiedBefore: header.Get("Last-Modified"), minuteBefore: earlier(header.Get("Last-Modified")),
	} {
		if !strings.HasSuffix(field, placeholder) {
			continue
		}
		return strings.Replace(field, placeholder, value, 1), value != "" && !strings.ContainsAny(value, "\r\n")
	}
	return field, true
}

// earlier is the minute before a date of HTTP, or empty. A second would not do: there are
// servers that allow for one of rounding.
func earlier(date string) string {
	at, err := time.Parse(http.TimeFormat, date)
	if err != nil {
		return ""
	}
	return at.Add(-time.Minute).Format(http.TimeFormat)
}
