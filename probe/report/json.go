package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// Layout is the order of the JSON lines.
type Layout int

// The layouts. ByType is run, exchanges, answers, bounds, documents, statuses, findings, tally: what asked
// services gave. ByFile is run, each document followed by its findings, tally: what given
// files are.
const (
	ByType Layout = iota
	ByFile
)

// JSON writes a report as JSON lines for programs: one object a line, each with its type.
// Strings of a far end that are no UTF-8 have U+FFFD for what is none. An error is w's.
func JSON(w io.Writer, r *conformance.Report, exit int, layout Layout) error {
	out := jsonLines{to: w}
	out.add(runLineOf(r))
	if layout == ByFile {
		out.byFile(r)
	} else {
		out.byType(r)
	}
	out.add(tallyLineOf(r, exit))
	return out.end()
}

func (l *jsonLines) byType(r *conformance.Report) {
	responders := map[string]bool{}
	for _, s := range r.Services {
		responders[s.URL] = responders[s.URL] || s.Responder
	}
	for i := range r.Run.Exchanges {
		if x := &r.Run.Exchanges[i]; x.Ask != evidence.File {
			l.add(exchangeLineOf(x, responders[x.URL]))
		}
	}
	for _, a := range r.Answers {
		l.add(answerLineOf(a))
	}
	if r.List != nil { // whose run has no other answers
		l.add(listLineOf(r.List))
		for a := range r.List.All() {
			l.add(answerLineOf(a))
		}
	}
	for _, b := range r.Bounds {
		l.add(boundLineOf(b))
	}
	for _, d := range r.Documents {
		l.add(documentLineOf(d))
	}
	for _, s := range r.Certificates {
		l.add(statusLineOf(s))
	}
	for _, f := range r.Findings {
		l.add(findingLineOf(f))
	}
}

// byFile puts the findings of a file after its document, or after the last one where
// several documents share its name.
func (l *jsonLines) byFile(r *conformance.Report) {
	left := map[string]int{}
	for _, d := range r.Documents {
		left[d.Source]++
	}
	ofFile := map[string][]conformance.Finding{}
	var elsewhere []conformance.Finding
	for _, f := range r.Findings {
		if left[f.Source] > 0 {
			ofFile[f.Source] = append(ofFile[f.Source], f)
		} else {
			elsewhere = append(elsewhere, f)
		}
	}
	for _, d := range r.Documents {
		l.add(documentLineOf(d))
		if left[d.Source]--; left[d.Source] == 0 {
			l.findings(ofFile[d.Source])
		}
	}
	l.findings(elsewhere)
}

func (l *jsonLines) findings(list []conformance.Finding) {
	for _, f := range list {
		l.add(findingLineOf(f))
	}
}

// jsonLines writes objects, one a line, many lines at once. The first error stays.
type jsonLines struct {
	to   io.Writer
	text bytes.Buffer
	err  error
}

// manyLines is how many octets are written at once.
const manyLines = 1 << 20

func (l *jsonLines) add(object any) {
	if l.err != nil {
		return
	}
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false) // URLs stay readable
	if l.err = e.Encode(object); l.err == nil {
		escapeControls(&l.text, line.Bytes())
	} else {
		l.err = fmt.Errorf("encoding the report: %w", l.err)
	}
	if l.text.Len() > manyLines {
		l.flush()
	}
}

// escapeControls copies a line of JSON with DEL and the C1 controls escaped, which
// encoding/json lets through and terminals act upon. They occur in strings only.
func escapeControls(to *bytes.Buffer, line []byte) {
	for _, r := range string(line) {
		if r >= 0x7f && r <= 0x9f {
			fmt.Fprintf(to, `\u%04x`, r)
			continue
		}
		to.WriteRune(r)
	}
}

func (l *jsonLines) flush() {
	if l.err != nil {
		return
	}
	if _, err := l.to.Write(l.text.Bytes()); err != nil {
		l.err = fmt.Errorf("writing the report: %w", err)
	}
	l.text.Reset()
}

// end writes what is left and returns the first error.
func (l *jsonLines) end() error {
	l.flush()
	return l.err
}

type runLine struct {
	Type    string         `json:"type"`
	Version string         `json:"version"`
	Profile string         `json:"profile"`
	Seed    string         `json:"seed"`
	Vantage string         `json:"vantage"`
	Started string         `json:"started"`
	Scope   evidence.Scope `json:"scope,omitempty"`
}

func runLineOf(r *conformance.Report) runLine {
	return runLine{"run", r.Run.Version, r.Profile.Name, r.Run.Seed, r.Run.Vantage, stamp(r.Run.Started), r.Run.Scope}
}

type exchangeLine struct {
	Type              string           `json:"type"`
	ID                string           `json:"id"`
	Responder         *string          `json:"responder,omitempty"` // this or the next
	DistributionPoint *string          `json:"distribution_point,omitempty"`
	Ask               evidence.Ask     `json:"ask"`
	Method            string           `json:"method"`
	URL               string           `json:"url"`
	Peer              string           `json:"peer"`
	Failure           evidence.Failure `json:"failure"`
	Code              int              `json:"code"`
	Timing            timingSeconds    `json:"timing"`
	BodySHA256        string           `json:"body_sha256"`
	BodyLength        int64            `json:"body_length"`
	At                string           `json:"at"`
	Detail            string           `json:"detail,omitempty"`
	Variant           string           `json:"variant,omitempty"`
	Strategy          string           `json:"strategy,omitempty"`
	Serial            string           `json:"serial,omitempty"`
	Issuer            string           `json:"issuer,omitempty"`
	Repeat            bool             `json:"repeat,omitempty"`
	Address           string           `json:"address,omitempty"` // that was pinned
	Round             int              `json:"round,omitempty"`   // of several rounds of the same questions
	Addresses         []addressSeconds `json:"addresses,omitempty"`
	Try               int              `json:"try,omitempty"`
	ByKernel          bool             `json:"first_byte_by_kernel,omitempty"`
}

type timingSeconds struct {
	DNS       float64 `json:"dns"`
	Connect   float64 `json:"connect"`
	TLS       float64 `json:"tls"`
	FirstByte float64 `json:"first_byte"`
	Total     float64 `json:"total"`
}

type addressSeconds struct {
	IP      string           `json:"ip"`
	Connect float64          `json:"connect"`
	Failure evidence.Failure `json:"failure"`
	Detail  string           `json:"detail,omitempty"`
}

func exchangeLineOf(x *evidence.Exchange, responder bool) exchangeLine {
	line := exchangeLine{Type: "exchange", ID: x.ID, Ask: x.Ask, Method: x.Method, URL: x.RequestURL(), Peer: x.Peer,
		Failure: x.Failure, Code: x.Code, Timing: timingOf(x.Timing), BodyLength: x.BodyLength(), At: stamp(x.At),
		Detail: x.Detail, Variant: x.Variant, Strategy: x.Strategy, Serial: x.Serial, Issuer: x.Issuer, Repeat: x.Repeat,
		Address: x.Address, Round: x.Round, Try: x.Try, ByKernel: x.Timing.Kernel}
	switch {
	case responder:
		line.Responder = &x.URL
	case x.Ask.Has(evidence.Handshake | evidence.RDAP):
		line.DistributionPoint = new(string) // a TLS server or a registry is neither, and url names it
	default:
		line.DistributionPoint = &x.URL
	}
	// An answer with an empty body has the hash of nothing, no answer has no hash.
	if x.Code != 0 || x.BodyLength() > 0 {
		line.BodySHA256 = x.BodyHash()
	}
	for _, a := range x.Addresses {
		line.Addresses = append(line.Addresses, addressSeconds{a.IP, a.Connect.Seconds(), a.Failure, a.Detail})
	}
	return line
}

func timingOf(t evidence.Timing) timingSeconds {
	return timingSeconds{t.DNS.Seconds(), t.Connect.Seconds(), t.TLS.Seconds(), t.FirstByte.Seconds(), t.Total.Seconds()}
}
