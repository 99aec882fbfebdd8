package conformance

import (
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// ListReport is what was answered about lists of certificates.
type ListReport struct {
	*evidence.List
	Asked    int // exchanges
	Services []*ListService

	log  []byte   // every answer: which of kinds, serial, exchange
	kind []Answer // what answers share, without serial and exchange
	kept map[Answer]int
}

// ListService is how a responder answered about the certificates of one CA.
type ListService struct {
	Responder       string // URL
	Issuer          string // fingerprint of the CA's certificate
	Name            string // the CA's, for people
	Certificates    int    // asked about
	Precertificates int    // of those
	Answers         []ListAnswer

	last string // the serial that was asked about last
	said int    // which of Answers it got
}

// ListAnswer is one kind of answer and how often it came, of each certificate the last.
type ListAnswer struct {
	Answer    string // as in Answer
	Signature revocation.SignatureState
	Count     int
}

// add counts an answer, of a question that was put again in place of the one before.
func (l *ListReport) add(a Answer, name string, c *x509.Certificate) {
	s := l.of(a, name)
	switch {
	case a.Repeat && s.last == a.Serial && len(s.Answers) > 0:
		s.Answers[s.said].Count--
	default:
		s.Certificates++
		if c != nil && revocation.IsPrecertificate(c) {
			s.Precertificates++
		}
	}
	s.last, s.said = a.Serial, s.answer(a)
	s.Answers[s.said].Count++
	l.keep(a)
}

func (l *ListReport) of(a Answer, name string) *ListService {
	i := slices.IndexFunc(l.Services, func(s *ListService) bool { return s.Responder == a.Responder && s.Issuer == a.Issuer })
	if i < 0 {
		i = len(l.Services)
		l.Services = append(l.Services, &ListService{Responder: a.Responder, Issuer: a.Issuer, Name: name})
	}
	return l.Services[i]
}

// answer returns the place of an answer's kind among Answers.
func (s *ListService) answer(a Answer) int {
	signature := a.Signature
	if signature != revocation.SignatureInvalid {
		signature = ""
	}
	i := slices.IndexFunc(s.Answers, func(o ListAnswer) bool { return o.Answer == a.Answer && o.Signature == signature })
	if i < 0 {
		i = len(s.Answers)
		s.Answers = append(s.Answers, ListAnswer{Answer: a.Answer, Signature: signature})
	}
	return i
}

// keep writes an answer down in as few octets as it takes.
func (l *ListReport) keep(a Answer) {
	serial, err := hex.DecodeString(a.Serial)
	if err == nil {
		a.Serial = "" // else it is a strange one, which is kept as it is
	}
	exchange := a.Exchange
	a.Exchange, a.Subject = "", ""
	if l.kept == nil {
		l.kept = map[Answer]int{}
	}
	kind, known := l.kept[a]
	if !known {
		kind = len(l.kind)
		l.kept[a], l.kind = kind, append(l.kind, a)
	}
	l.log = binary.AppendUvarint(l.log, uint64(kind))
	l.log = append(binary.AppendUvarint(l.log, uint64(len(serial))), serial...)
	l.log = append(binary.AppendUvarint(l.log, uint64(len(exchange))), exchange...)
}

// All returns every answer, in the order in which they came. Subject is not among what was
// kept.
func (l *ListReport) All() iter.Seq[Answer] {
	return func(yield func(Answer) bool) {
		rest := l.log
		number := func() int {
			n, length := binary.Uvarint(rest)
			rest = rest[length:]
			return int(n)
		}
		text := func() []byte {
			n := number()
			part := rest[:n]
			rest = rest[n:]
			return part
		}
		for len(rest) > 0 {
			a := l.kind[number()]
			if serial := text(); a.Serial == "" {
				a.Serial = hex.EncodeToString(serial)
			}
			a.Exchange = string(text())
			if !yield(a) {
				return
			}
		}
	}
}
