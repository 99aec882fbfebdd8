package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// list writes what became of lists of certificates: a row for each responder with each CA, and
// a line for each reason why some were not asked about.
func (p *page) list(l *conformance.ListReport) error {
	if l == nil {
		return nil
	}
	p.WriteByte('\n')
	p.listCounts(l.List)
	if len(l.Services) == 0 {
		return nil
	}
	p.WriteByte('\n')
	words := listWords(l)
	rows := [][]string{append([]string{"responder", "of", "asked", "precerts"}, words...)}
	for _, s := range l.Services {
		row := []string{shown(s.Responder), orDash(s.Name), strconv.Itoa(s.Certificates), numberOrDash(s.Precertificates)}
		for _, word := range words {
			count := 0
			for _, a := range s.Answers {
				if listWord(a) == word {
					count += a.Count
				}
			}
			row = append(row, numberOrDash(count))
		}
		rows = append(rows, row)
	}
	if err := p.table(rows); err != nil {
		return fmt.Errorf("laying out the answers about the lists: %w", err)
	}
	return nil
}

// ListText says what became of lists of certificates: how many there are, and how many are not asked
// about, and why.
func ListText(l *evidence.List) string {
	p := newPage(TextOptions{})
	p.listCounts(l)
	return p.String()
}

func (p *page) listCounts(l *evidence.List) {
	if l == nil {
		return
	}
	names := make([]string, 0, len(l.Files))
	for _, name := range l.Files {
		names = append(names, shown(name))
	}
	text := "the lists " + several(names, 3)
	if len(names) == 1 {
		text = "the list " + names[0]
	}
	if l.Certificates > 0 {
		text += fmt.Sprintf(": %s, of which %d are precertificates", plural(l.Certificates, "certificate"), l.Precertificates)
	}
	p.paragraph("", plain, 2, text)
	if l.Unreadable > 0 {
		p.paragraph("  ", plain, 4, plural(l.Unreadable, "place")+" where no certificate could be read")
	}
	for _, left := range l.LeftOut {
		text := leftOutText(left.Why)
		if left.Failure != "" {
			text += " (" + shown(string(left.Failure)) + ")"
		}
		if left.Why == evidence.LeftGivenUp {
			text += ":"
		}
		switch {
		case left.Of != "":
			text += " " + shown(left.Of)
		case left.Why == evidence.LeftNoIssuer || left.Why == evidence.LeftNoResponder || left.Why == evidence.LeftGivenUp:
			text += " others"
		}
		if left.Why != evidence.LeftSame {
			text += " (" + firstSerials(left) + ")"
		}
		p.paragraph("  ", plain, 4, fmt.Sprintf("not asked about %d: %s", left.Count, text))
	}
}

// firstSerials names the first of the certificates that were left out.
func firstSerials(left evidence.LeftOut) string {
	const few = 3
	var first []string
	for _, serial := range left.First[:min(len(left.First), few)] {
		first = append(first, shown(serial))
	}
	text := "serial " + strings.Join(first, ", ")
	if more := left.Count - len(first); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func leftOutText(why evidence.LeftOutReason) string {
	switch why {
	case evidence.LeftExpired:
		return "expired"
	case evidence.LeftSame:
		return "of a serial that was there before, as of a precertificate and its certificate"
	case evidence.LeftNoIssuer:
		return "not issued by a CA that --issuer names, but by"
	case evidence.LeftNoResponder:
		return "naming no OCSP responder, issued by"
	case evidence.LeftGivenUp:
		return "its responder was given up"
	}
	return shown(string(why))
}

func numberOrDash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// listWord says a kind of answer in the words of a table.
func listWord(a conformance.ListAnswer) string {
	return answerWord(conformance.Answer{Answer: a.Answer, Signature: a.Signature})
}

// listWords returns the kinds of answers that came, those that a certificate may have first.
func listWords(l *conformance.ListReport) []string {
	var words []string
	for _, s := range l.Services {
		for _, a := range s.Answers {
			if word := listWord(a); a.Count > 0 && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	rank := []string{"good", "revoked", "unknown", "unauthorized", "extended-revoked"}
	slices.SortStableFunc(words, func(a, b string) int { return rankIn(rank, a) - rankIn(rank, b) })
	return words
}

func rankIn(list []string, s string) int {
	if at := slices.Index(list, s); at >= 0 {
		return at
	}
	return len(list)
}

type listLine struct {
	Type            string          `json:"type"`
	Files           []string        `json:"files"`
	Certificates    int             `json:"certificates"`
	Precertificates int             `json:"precertificates"`
	Unreadable      int             `json:"unreadable"`
	LeftOut         []leftOutLine   `json:"left_out"`
	Responders      []responderLine `json:"responders"`
}

type leftOutLine struct {
	Why     evidence.LeftOutReason `json:"why"`
	Of      string                 `json:"of"`
	Failure evidence.Failure       `json:"failure,omitempty"`
	Count   int                    `json:"count"`
	First   []string               `json:"first"`
}

type responderLine struct {
	Responder       string         `json:"responder"`
	Issuer          string         `json:"issuer"`
	Name            string         `json:"name"`
	Certificates    int            `json:"certificates"`
	Precertificates int            `json:"precertificates"`
	Answers         map[string]int `json:"answers"`
	Invalid         int            `json:"invalid_signatures"`
}

func listLineOf(l *conformance.ListReport) listLine {
	line := listLine{Type: "list", Files: l.Files, Certificates: l.Certificates, Precertificates: l.Precertificates, Unreadable: l.Unreadable,
		LeftOut: []leftOutLine{}, Responders: []responderLine{}}
	for _, left := range l.LeftOut {
		line.LeftOut = append(line.LeftOut, leftOutLine{left.Why, left.Of, left.Failure, left.Count, left.First})
	}
	for _, s := range l.Services {
		r := responderLine{Responder: s.Responder, Issuer: s.Issuer, Name: s.Name, Certificates: s.Certificates, Precertificates: s.Precertificates, Answers: map[string]int{}}
		for _, a := range s.Answers {
			if a.Count > 0 {
				r.Answers[a.Answer] += a.Count
			}
			if a.Signature == revocation.SignatureInvalid {
				r.Invalid += a.Count
			}
		}
		line.Responders = append(line.Responders, r)
	}
	return line
}
