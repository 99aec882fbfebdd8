package report

import (
	"io"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// Prometheus writes a report in the text format of Prometheus, for node_exporter's textfile
// collector. Moments are timestamps and never ages, so that a file that is not written any
// more does not look fresh; states are one-hot; and what was not seen has no sample, which
// no good value is equal to. An error is w's, or of encoding.
func Prometheus(w io.Writer, r *conformance.Report, exit int) error {
	m := newMetrics()
	for _, a := range r.Answers {
		of := answering{a.Responder, a.Issuer}
		m.answered[of] = append(m.answered[of], a)
	}
	for _, d := range r.Documents {
		m.documented[d.Source] = append(m.documented[d.Source], d)
	}
	m.run(r, exit)
	for i := range r.Services {
		if r.List == nil { // which keeps no more than examples of what went wrong
			m.service(r, &r.Services[i])
		}
	}
	if r.List != nil {
		m.list(r.List)
	}
	for _, j := range r.Judged {
		m.judged(r, j)
	}
	return m.write(w)
}

// metrics is every metric of a report.
type metrics struct {
	gauges
	build, outcome, started, ended                 *gauge
	up, lastAnswer, duration                       *gauge
	answer, thisUpdate, nextUpdate, rule, findings *gauge
	listed, leftOut                                *gauge

	answered   map[answering][]conformance.Answer
	documented map[string][]conformance.Document // by the exchange or file that they are of
}

// answering is the identity of a responder: one URL may serve many CAs.
type answering struct{ url, issuer string }

func newMetrics() *metrics {
	m := &metrics{answered: map[answering][]conformance.Answer{}, documented: map[string][]conformance.Document{}}
	service := []string{"service", "issuer", "issuer_sha256"}
	with := func(further ...string) []string { return slices.Concat(service, further) }
	m.build = m.gauge("build_info", "1, with the version and the profile of the run.", "version", "profile", "vantage")
	m.outcome = m.gauge("run_outcome", "1 for how the run came out, 0 for the other ways.", "outcome")
	m.started = m.gauge("run_started_timestamp_seconds", "When the run began.")
	m.ended = m.gauge("run_last_answer_timestamp_seconds", "When the last answer of the run came.")
	m.up = m.gauge("service_up", "1 where the service gave a whole answer with status 200, 0 where it gave none; no sample where our own network kept us from asking.", with("kind")...)
	m.lastAnswer = m.gauge("service_last_answer_timestamp_seconds", "When the last whole answer of the service came.", service...)
	m.duration = m.gauge("service_slowest_answer_seconds", "The slowest whole answer of the service, by phase.", with("phase")...)
	m.answer = m.gauge("ocsp_answer", "1 for what a responder answered to a kind of serial, 0 for the other statuses.", with("serial", "method", "answer")...)
	m.thisUpdate = m.gauge("oldest_this_update_timestamp_seconds", "The earliest thisUpdate among the documents of the service.", with("document")...)
	m.nextUpdate = m.gauge("soonest_next_update_timestamp_seconds", "The earliest nextUpdate among the documents of the service.", with("document")...)
	m.listed = m.gauge("list_certificates", "How many certificates of the lists a responder gave each status.", with("answer")...)
	m.leftOut = m.gauge("list_left_out", "How many certificates of the lists nobody was asked about, and why.", "reason")
	m.rule = m.gauge("rule_verdicts", "How many verdicts of a rule on a service came out in each way; suppressed failures count as suppressed.", "service", "rule", "outcome")
	m.findings = m.gauge("findings", "Failures of a service by severity, without those suppressed.", "service", "severity")
	return m
}

// runOutcomes are the words for the exit codes.
var runOutcomes = []string{"clean", "findings", "usage", "inconclusive", "internal-error"}

func (m *metrics) run(r *conformance.Report, exit int) {
	m.build.set(1, label(r.Run.Version), label(r.Profile.Name), label(r.Run.Vantage))
	for code, word := range runOutcomes {
		m.outcome.set(oneIf(code == exit), word)
	}
	m.started.set(seconds(r.Run.Started))
	last := time.Time{}
	for i := range r.Run.Exchanges {
		if x := &r.Run.Exchanges[i]; x.Answered() {
			last = later(last, x.At)
		}
	}
	if !last.IsZero() {
		m.ended.set(seconds(last))
	}
}

// identity is the labels by which a service is told apart.
func identity(s *conformance.Service, further ...string) []string {
	return append([]string{label(s.URL), label(s.Name), label(s.Issuer)}, further...)
}

func (m *metrics) service(r *conformance.Report, s *conformance.Service) {
	asked, last, slowest := false, time.Time{}, map[string]time.Duration{}
	for _, x := range s.Exchanges {
		if !x.Ask.Has(evidence.HTTP) || x.Failure.Ours() {
			continue
		}
		asked = true
		if !x.Answered() {
			continue
		}
		last = later(last, x.At)
		t := x.Timing
		for phase, took := range map[string]time.Duration{"dns": t.DNS, "connect": t.Connect, "tls": t.TLS, "first_byte": t.FirstByte, "total": t.Total} {
			slowest[phase] = max(slowest[phase], took)
		}
	}
	if asked && !r.Blackout {
		m.up.set(oneIf(!last.IsZero()), identity(s, serviceKind(s))...)
	}
	if !last.IsZero() {
		m.lastAnswer.set(seconds(last), identity(s)...)
	}
	for phase, took := range slowest {
		m.duration.set(took.Seconds(), identity(s, phase)...)
	}
	m.answers(s)
	m.documents(s)
}

func serviceKind(s *conformance.Service) string {
	if s.Responder {
		return "responder"
	}
	return "distribution-point"
}

// statuses are the words that an answer is one of, so that the one-hot set is complete.
var statuses = []string{"good", "revoked", "extended-revoked", "unknown", "unauthorized", "try-later", "internal-error", "malformed-request", "sig-required"}

func (m *metrics) answers(s *conformance.Service) {
	type question struct{ strategy, method string }
	given := map[question][]string{}
	for _, a := range m.answered[answering{s.URL, s.Issuer}] {
		if !a.Repeat {
			q := question{a.Strategy, a.Method}
			given[q] = append(given[q], a.Answer)
		}
	}
	for q, words := range given {
		for _, word := range slices.Concat(statuses, words) {
			m.answer.set(oneIf(slices.Contains(words, word)), identity(s, label(q.strategy), label(q.method), label(word))...)
		}
	}
}

// list counts the certificates of lists by what was answered about them.
func (m *metrics) list(l *conformance.ListReport) {
	for _, s := range l.Services {
		of := func(word string) []string {
			return []string{label(s.Responder), label(s.Name), label(s.Issuer), label(word)}
		}
		for _, word := range statuses {
			m.listed.add(0, of(word)...)
		}
		for _, a := range s.Answers {
			m.listed.add(float64(a.Count), of(a.Answer)...)
		}
	}
	for _, why := range evidence.LeftOutReasons() {
		m.leftOut.add(0, string(why))
	}
	for _, left := range l.LeftOut {
		m.leftOut.add(float64(left.Count), label(string(left.Why)))
	}
}

func (m *metrics) documents(s *conformance.Service) {
	var served []conformance.Document
	for _, x := range s.Exchanges {
		served = append(served, m.documented[x.ID]...)
	}
	earliest := func(get func(conformance.Document) time.Time, kind string) time.Time {
		first := time.Time{}
		for _, d := range served {
			if at := get(d); string(d.Kind) == kind && !at.IsZero() && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
		return first
	}
	for _, kind := range []string{"ocsp-response", "crl"} {
		if at := earliest(func(d conformance.Document) time.Time { return d.ThisUpdate }, kind); !at.IsZero() {
			m.thisUpdate.set(seconds(at), identity(s, kind)...)
		}
		if at := earliest(func(d conformance.Document) time.Time { return d.NextUpdate }, kind); !at.IsZero() {
			m.nextUpdate.set(seconds(at), identity(s, kind)...)
		}
	}
}

func (m *metrics) judged(r *conformance.Report, j *conformance.Judged) {
	place := label(j.Place())
	suppressed := 0
	for _, s := range conformance.Severities() {
		m.findings.add(0, place, s.String())
	}
	for _, f := range r.Findings {
		switch {
		case f.Rule != j.Rule || placeOf(f) != j.Place():
		case f.Counts():
			m.findings.add(float64(f.Verdicts()), place, f.Severity.String())
		case f.Suppressed():
			suppressed += f.Verdicts()
		}
	}
	for _, o := range conformance.Outcomes() {
		n := j.Outcomes.Of(o)
		if o == conformance.Failed {
			n -= suppressed
		}
		m.rule.set(float64(n), place, j.Rule.ID, string(o))
	}
	m.rule.set(float64(suppressed), place, j.Rule.ID, "suppressed")
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// label makes what a far end or an operator wrote fit a label: valid UTF-8 that no terminal
// acts upon.
func label(s string) string { return shown(s) }
