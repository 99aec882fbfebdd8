package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/revocation"
)

// compared is a report on a distribution point whose machines were asked each in its turn.
type compared struct {
	conformance.Report
	answers []evidence.Exchange
}

// gave notes that a machine was asked in a round, and what it gave: a CRL of that minute and
// number, or a failure.
func (c *compared) gave(address string, round int, number string, minute int, failure evidence.Failure) {
	x := evidence.Exchange{ID: fmt.Sprintf("1.%d", len(c.answers)+2), At: clock(len(c.answers)), Failure: failure, Peer: address + ":80",
		Timing:   evidence.Timing{FirstByte: time.Duration(len(c.answers)+1) * 1500 * time.Microsecond},
		Question: evidence.Question{Ask: evidence.FetchCRL, Method: "GET", URL: crlURL, Address: address, Round: round}}
	if strings.Contains(address, ":") {
		x.Peer = "[" + address + "]:80"
	}
	switch failure {
	case "":
		x.Code = 200
		c.Documents = append(c.Documents, conformance.Document{Source: x.ID, Kind: revocation.KindCRL, Encoding: revocation.EncodingDER, Decoded: true,
			Signature: revocation.SignatureValid, Number: number, ThisUpdate: clock(0).Add(time.Duration(minute) * time.Minute)})
	case evidence.HTTPStatus:
		x.Code = 503
	default:
		x.Timing.FirstByte = 0
	}
	c.answers = append(c.answers, x)
}

// table is what is printed of the machines.
func (c *compared) table(t *testing.T) string {
	t.Helper()
	c.Run = &evidence.Run{Version: "0.1.0", Started: clock(0)}
	c.Profile = conformance.Profile{Name: "web"}
	first := evidence.Exchange{ID: "1.1", Question: evidence.Question{Ask: evidence.FetchCRL, Method: "GET", URL: crlURL}, Code: 200}
	c.Run.Exchanges = append([]evidence.Exchange{first}, c.answers...)
	s := conformance.Service{URL: crlURL}
	for i := range c.Run.Exchanges {
		s.Exchanges = append(s.Exchanges, &c.Run.Exchanges[i])
	}
	c.Services = []conformance.Service{s}
	var out bytes.Buffer
	if err := report.Text(&out, &c.Report, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	readable(t, out.String(), 100)
	return out.String()
}

func TestTableOfAddresses(t *testing.T) {
	var c compared
	c.gave("192.0.2.1", 0, "4097", 0, "")
	c.gave("192.0.2.2", 0, "4096", -300, "")
	c.gave("192.0.2.3", 0, "", 0, evidence.HTTPStatus)
	c.gave("2001:db8::4", 0, "", 0, evidence.HTTPTimeout)
	golden(t, "addresses.txt", []byte(c.table(t)))
}

func TestTableOfRounds(t *testing.T) {
	var c compared
	for round := 1; round <= 20; round++ {
		c.gave("192.0.2.1", round, "4097", 0, "")
		switch {
		case round%5 == 0:
			c.gave("192.0.2.2", round, "", 0, evidence.HTTPStatus)
		case round > 10:
			c.gave("192.0.2.2", round, "4096", -300, "")
		default:
			c.gave("192.0.2.2", round, "4097", 0, "")
		}
	}
	golden(t, "rounds.txt", []byte(c.table(t)))
}

// Machines that give the same need no table, nor does one that signs anew in each round.
func TestNoTableOfMachinesThatAgree(t *testing.T) {
	for name, minute := range map[string]func(round int) int{
		"the same":    func(int) int { return 0 },
		"signed anew": func(round int) int { return round / 60 },
	} {
		var c compared
		for round := 1; round <= 20; round++ {
			c.gave("192.0.2.1", round, "4097", minute(round), "")
			c.gave("192.0.2.2", round, "4097", minute(round), "")
		}
		if text := c.table(t); strings.Contains(text, "192.0.2.") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	var c compared
	c.gave("192.0.2.1", 0, "4097", 0, "")
	c.gave("192.0.2.2", 0, "4097", -2, "")
	if text := c.table(t); !strings.Contains(text, "192.0.2.2") {
		t.Errorf("a thisUpdate that lies two minutes back is not told:\n%s", text)
	}
}

// A responder that answers nothing is told of in a line, and what could not be judged for want
// of its answers in a number.
func TestMuteResponder(t *testing.T) {
	r := &conformance.Report{Profile: conformance.Profile{Name: "web"}, Run: &evidence.Run{Version: "0.1.0", Started: clock(0)},
		Outcomes: conformance.Counts{Inconclusive: 2}}
	for i := range 4 {
		id := fmt.Sprintf("1.%d", i+1)
		r.Run.Exchanges = append(r.Run.Exchanges, evidence.Exchange{ID: id, Failure: evidence.HTTPTimeout, Detail: "no octet in time", Spared: i == 3, At: clock(i),
			Question: evidence.Question{Ask: evidence.UnassignedPOST, Method: "POST", URL: responderURL, Issuer: authority}})
		r.Answers = append(r.Answers, conformance.Answer{Responder: responderURL, Issuer: authority, Ask: evidence.UnassignedPOST, Strategy: "ser-random-20",
			Method: "POST", Answer: "http-timeout", Exchange: id})
	}
	s := conformance.Service{URL: responderURL, Issuer: authority, Responder: true}
	for i := range r.Run.Exchanges {
		s.Exchanges = append(s.Exchanges, &r.Run.Exchanges[i])
	}
	r.Services = []conformance.Service{s}
	for _, rule := range []*conformance.Rule{notGood(), notExpired()} {
		r.Findings = append(r.Findings, conformance.Finding{Rule: rule, Outcome: conformance.Inconclusive, Source: "1.1", Service: responderURL, Offset: -1,
			Got: "no answer to judge", Unanswered: true})
	}
	got := text(t, r, report.TextOptions{})
	for _, want := range []string{
		"no answer to any of 3 questions, 1 more were not sent: http-timeout, no octet in time",
		"2 inconclusive (2 for want of an answer from http://ocsp.example)",
	} {
		if !strings.Contains(strings.ReplaceAll(got, "\n  ", " "), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "ser-random-20") {
		t.Errorf("there is a table of it:\n%s", got)
	}
	r.Run.Exchanges[2].Failure = evidence.Reset
	r.Answers[2].Answer = "reset"
	if got := text(t, r, report.TextOptions{}); !strings.Contains(got, "3 http-timeout, 1 reset") {
		t.Errorf("failures of two kinds need the table:\n%s", got)
	}
}
