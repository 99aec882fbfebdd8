package conformance

import (
	"fmt"
	"io"
	"slices"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// ProbeAnswer is how one question out of the ordinary was taken.
type ProbeAnswer struct {
	*evidence.Exchange
	Form     revocation.Form
	Response *ResponseSubject // nil where no OCSPResponse came
	Said     string           // in one word, as Answer.Answer; empty where no OCSPResponse came
}

// probe decodes what an odd question brought. No answer to it is listed: it is for the rules
// about such questions alone.
func (e *examiner) probe(x *evidence.Exchange, b body) {
	p := ProbeAnswer{Exchange: x, Form: b.form}
	if carries(x) && (isDER(b.form, revocation.KindOCSPResponse) || x.Failure == "" && meantAsDER(b.form)) {
		octets, _ := io.ReadAll(io.LimitReader(b.reader, maxResponse)) // reading memory does not fail
		p.Response = e.response(x, octets, b.form)
		p.Said = word(p.Response)
	}
	e.probed = append(e.probed, p)
}

// waiting says how many rules were not judged because they need questions that are put only
// where somebody wants them.
func (e *examiner) waiting() {
	for i := range e.report.Run.Exchanges {
		if e.report.Run.Exchanges[i].Ask.Has(evidence.Optional) {
			return
		}
	}
	rules := e.judging(func(r *Rule) bool { return r.Needs&^evidence.Optional == 0 })
	asked := slices.ContainsFunc(e.report.Services, func(s Service) bool { return s.Responder })
	if asked && len(rules) > 0 {
		e.report.Hints = append(e.report.Hints, fmt.Sprintf("%d rules about malformed and rare requests were not judged: they wait for check --robustness", len(rules)))
	}
}

// ended says which odd question was the last that a responder took, where it took no
// connection for those behind it.
func (e *examiner) ended() {
	for _, s := range e.report.Services {
		var last *evidence.Exchange
		refused := 0
		for _, x := range s.Exchanges {
			switch {
			case !x.Ask.Has(evidence.HTTP | evidence.Probes):
			case x.Failure != evidence.ConnectRefused:
				last, refused = x, 0
			case x.Ask.Has(evidence.Optional):
				refused++
			}
		}
		if last != nil && last.Ask.Has(evidence.Optional) && refused > 0 {
			e.report.Hints = append(e.report.Hints, fmt.Sprintf("%s took no connection any more after the request %s (%s), which may have been the end of it: the %d behind it were not answered",
				s.URL, last.Variant, last.ID, refused))
		}
	}
}

// The statuses of HTTP that are told apart (RFC 9110 §15).
const (
	statusOK             = 200
	statusNotModified    = 304
	statusNotImplemented = 501
)

// probed returns the answers to questions of those variants, in the order of the run.
func (s ServiceSubject) probed(variants ...string) []ProbeAnswer {
	return slices.DeleteFunc(slices.Clone(s.Probes), func(p ProbeAnswer) bool { return !slices.Contains(variants, p.Variant) })
}

// The plain questions that odd ones are held against.
const (
	plainPOST  = "plain"
	plainNonce = "nonce-none"
	plainGET   = "get-plain"
	upperGET   = "get-upper"
)

// judgeProbe judges an answer to an odd question that is none of the failures which all of
// them have in common. The other one is what was answered to the plain question.
type judgeProbe func(p, plain ProbeAnswer) Verdict

// odd judges the answers to questions of those variants, all of them.
func (s ServiceSubject) odd(against string, judge judgeProbe, variants ...string) Verdict {
	list, plain := s.probed(variants...), s.probed(against)
	switch {
	case len(list) == 0:
		return skip()
	case len(plain) == 0 || plain[0].Response == nil || plain[0].temporary():
		return unable("the plain request had no lasting answer, against which odd ones could be held").about(exchangesOf(list)...)
	}
	var verdicts []Verdict
	for _, p := range list {
		v := p.taken()
		if v.Outcome == Passed {
			v = judge(p, plain[0])
		}
		verdicts = append(verdicts, v.about(p.ID))
	}
	return together(verdicts)
}

// graver reports whether a failure is to be judged more severely than another of its rule.
func (v Verdict) graver(w Verdict) bool {
	if v.floor != w.floor {
		return v.floor > w.floor
	}
	return w.cap != 0 && (v.cap == 0 || v.cap > w.cap)
}

// taken judges what holds for every request, however odd: that it is answered in time, and
// by an OCSPResponse about what was asked or by a status of HTTP that refuses it.
func (p ProbeAnswer) taken() Verdict {
	const want = "an OCSPResponse or a refusal by HTTP 4xx, within 10s"
	switch {
	case p.unasked():
		return unable("%s could not be asked: %s", p.Variant, outcomeOf(p.Exchange))
	case p.Code == statusNotModified || p.Code >= 400 && p.Code < 500 && !late(p.Exchange):
		return pass()
	case late(p.Exchange) || p.Failure != "":
		return fail(want, "%s: %s", p.Variant, p.text()).atMost(Warning)
	case p.Method == "HEAD" || p.Response == nil && p.Method != "GET" && p.Method != "POST":
		return pass()
	case p.Response == nil:
		return fail(want, "%s: %s, %d octets of %s", p.Variant, p.text(), len(p.Body), contentName(p.Form)).atMost(Notice)
	case p.Said == "malformed" || p.Said == "not-basic":
		return fail(want, "%s: an OCSPResponse that is %s", p.Variant, p.Said).atMost(Warning)
	case p.Said == "other-certificate":
		return fail("an answer about the certificate asked about, or none", "%s: %s about another CertID", p.Variant, statusWord(&p.Response.Response.Basic.Singles[0])).
			in(singleField(0, "certID")).atLeast(Error)
	}
	return pass()
}

// unasked reports whether nothing was asked: for reasons of ours, or because there was
// nobody any more to take the connection.
func (p ProbeAnswer) unasked() bool {
	switch p.Failure {
	case evidence.ConnectRefused, evidence.ConnectTimeout, evidence.DNSNXDomain, evidence.DNSServFail, evidence.DNSNoData, evidence.DNSTimeout:
		return true
	}
	return p.Spared || p.Failure.Ours() || p.Code == evidence.TooManyRequests
}

// text says what was answered.
func (p ProbeAnswer) text() string {
	switch {
	case p.Response != nil && p.Code == statusOK && p.Failure == "" && !late(p.Exchange):
		return p.Said
	case p.Response != nil && p.Failure == evidence.HTTPStatus:
		return got(p.Exchange) + " with " + p.Said
	case p.Failure == "" && late(p.Exchange):
		return lateness(p.Exchange)
	}
	return got(p.Exchange)
}

// temporary reports whether an answer says no more than that there is none now.
func (p ProbeAnswer) temporary() bool { return p.Said == "try-later" || p.Said == "internal-error" }

// same reports whether an odd question was answered like the plain one.
func same(p, plain ProbeAnswer) bool { return p.Code == plain.Code && p.Said == plain.Said }

// rejected reports whether a request was found malformed, in the words of OCSP or of HTTP.
func rejected(p, _ ProbeAnswer) bool {
	return p.Said == "malformed-request" || p.Code >= 400 && p.Code < 500
}

// refused reports whether a request was turned away.
func refused(p, plain ProbeAnswer) bool {
	return rejected(p, plain) || p.Said == "unauthorized" || p.Said == "sig-required"
}

// unknown reports whether the responder says that it does not know.
func unknown(p, _ ProbeAnswer) bool { return p.Said == "unknown" }

// unmodified reports whether the asker was told that it has the answer already.
func unmodified(p, _ ProbeAnswer) bool { return p.Code == statusNotModified }

// anything lets pass every answer that is whole.
func anything(_, _ ProbeAnswer) Verdict { return pass() }

// unless fails an answer that is none of those allowed. That a responder has none just now
// says nothing.
func unless(want string, allowed ...func(p, plain ProbeAnswer) bool) judgeProbe {
	return func(p, plain ProbeAnswer) Verdict {
		switch {
		case slices.ContainsFunc(allowed, func(ok func(p, plain ProbeAnswer) bool) bool { return ok(p, plain) }):
			return pass()
		case p.temporary():
			return unable("%s: %s", p.Variant, p.Said)
		}
		return fail(want, "%s: %s", p.Variant, p.text())
	}
}

// mildly has a judge's failures be no more than that.
func mildly(most Severity, judge judgeProbe) judgeProbe {
	return func(p, plain ProbeAnswer) Verdict { return judge(p, plain).atMost(most) }
}

func exchangesOf(list []ProbeAnswer) []string {
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids
}

// oddly has a fake take requests with one oddity in that way.
func oddly(oddity string, reaction fixtures.Reaction) func(*fake) {
	return func(r *fake) { r.Odd = map[string]fixtures.Reaction{oddity: reaction} }
}

// carried has a fake carry the answer to requests with one oddity in that way.
func carried(oddity string, h fixtures.HTTP) func(*fake) {
	return oddly(oddity, fixtures.Reaction{HTTP: &h})
}

// says has a fake say that of requests with one oddity.
func says(oddity string, status fixtures.Status) func(*fake) {
	return oddly(oddity, fixtures.Reaction{Says: status})
}

// aboutAnother has a fake answer requests with one oddity about the next serial.
func aboutAnother(oddity string) func(*fake) {
	return oddly(oddity, fixtures.Reaction{Says: fixtures.Good, OCSP: func(o *fixtures.OCSP) {
		o.Singles = changed(func(c *revocation.CertID) {
			c.Serial = slices.Clone(c.Serial)
			c.Serial[len(c.Serial)-1] ^= 1
		})
	}})
}
