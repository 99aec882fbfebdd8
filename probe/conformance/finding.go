package conformance

import (
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Finding is one rule that failed, or could not be judged, for one subject.
type Finding struct {
	Rule      *Rule
	Severity  Severity // zero where the outcome is Inconclusive
	Outcome   Outcome  // Failed or Inconclusive
	Source    string   // exchange id, or file name
	Service   string   // URL of the service; empty for files
	Exchanges []string // all exchanges it rests on, where there are several; of Times, the first
	Times     int      // how often it was found, where it stands for all that are alike in a list; else 0
	Field     string
	Offset    int64 // of the field in the body, or -1
	Got, Want string
	// Unanswered is set where the rule needed an answer that the service did not give.
	Unanswered bool
	Assumed    string // what the verdict takes for granted, such as "scope ee"
	Citations  []Citation
	At         time.Time
	LastAt     time.Time // of Times, when it was found the last time; else zero
	// SuppressedFor is the reason for which a Suppression silences it; empty where none does.
	SuppressedFor   string
	SuppressedUntil time.Time
}

// Verdicts is how many verdicts the finding stands for.
func (f Finding) Verdicts() int { return max(f.Times, 1) }

// Answer is what a responder said about one serial, in one word.
type Answer struct {
	Responder string // URL
	Issuer    string // fingerprint of the issuer's certificate
	Subject   string // fingerprint of the certificate that led here or was asked about
	Ask       evidence.Ask
	Strategy  string // of an unassigned serial; "sha256-certid" where the CertID is made with SHA-256, "assigned" and "foreign-issuer" for the others
	Serial    string // hex
	Method    string
	Answer    string // good, revoked, extended-revoked, unknown, unauthorized, try-later, ..., or the failure class
	Repeat    bool
	Address   string // that was asked in place of what DNS says
	Round     int    // of several rounds of the same questions, from 1
	Exchange  string
	Signature revocation.SignatureState // of the answer that said so; empty where none did
}

// Document is one document that was judged.
type Document struct {
	Source    string // exchange id, or file name
	Kind      revocation.Kind
	Encoding  revocation.Encoding
	Decoded   bool
	Signature revocation.SignatureState
	Status    string   // of the certificate that was named: good, revoked, unknown, or empty
	Problem   string   // where decoding stopped or why it is not recognised
	Notes     []string // deviations, in words
	// ThisUpdate and NextUpdate are a CRL's, or those of the answer about the certificate
	// that was asked about; zero where there are none.
	ThisUpdate, NextUpdate time.Time
	Number                 string // of a CRL, decimal; in hex where it is longer than any may be
}

// Report is everything that judging one run gave.
type Report struct {
	Run          *evidence.Run
	Profile      Profile
	Services     []Service
	Answers      []Answer
	Bounds       []Bound             // of each issuer that unassigned serials were made up for
	Certificates []CertificateStatus // those whose status was asked
	List         *ListReport         // what was answered about lists of certificates; nil where there was none
	Documents    []Document
	Findings     []Finding // failed ones and inconclusive ones, in the order of the evidence
	Judged       []*Judged // every rule that was put to anything, place by place
	Outcomes     Counts
	ClockError   time.Duration // by which our clock seems to be ahead, by the Date of several hosts; zero where it seems right
	Blackout     bool          // every host failed alike, so that it may be our own network
	// NothingAsked is set where nothing was learnt about anybody: no service could be asked,
	// or not one question got through because of our own network.
	NothingAsked bool
	// Unheard are the services that gave no answer before we gave up, sooner than the 10
	// seconds that they have (BR §4.10.2): nothing follows about them.
	Unheard     []string
	Interrupted bool     // the run was stopped before everything had been asked
	Hints       []string // what the operator may want to know about the way it was judged
	Bugs        []string // rules that panicked, with the evidence they panicked over
}

// Judged is how one rule came out at one service, or in one file or certificate.
type Judged struct {
	Rule     *Rule
	Service  string // URL; empty for files and certificates
	Source   string // of the first subject: exchange id, file name, or origin of a certificate
	Outcomes Counts
}

// Place names the service, file or certificate.
func (j *Judged) Place() string {
	if j.Service != "" {
		return j.Service
	}
	return j.Source
}

// Service is one responder or distribution point of a run.
type Service struct {
	URL       string
	Responder bool   // else a distribution point or a caIssuers location
	Issuer    string // fingerprint of the issuing CA's certificate, where it is known
	Name      string // the issuing CA's name, for people
	Exchanges []*evidence.Exchange
}

// asks returns the kinds of question that were put to the service.
func (s *Service) asks() evidence.Ask {
	var kinds evidence.Ask
	for _, x := range s.Exchanges {
		kinds |= x.Ask
	}
	return kinds
}

// Worst returns the highest severity among the failures that nobody has silenced; zero when
// there are none.
func (r *Report) Worst() Severity {
	worst := Severity(0)
	for _, f := range r.Findings {
		if f.Counts() {
			worst = max(worst, f.Severity)
		}
	}
	return worst
}

// Add takes what another report found into this one.
func (r *Report) Add(other *Report) {
	r.Services = append(r.Services, other.Services...)
	r.Answers = append(r.Answers, other.Answers...)
	r.Bounds = append(r.Bounds, other.Bounds...)
	r.Documents = append(r.Documents, other.Documents...)
	r.Findings = append(r.Findings, other.Findings...)
	r.Judged = append(r.Judged, other.Judged...)
	r.Hints = append(r.Hints, other.Hints...)
	r.Bugs = append(r.Bugs, other.Bugs...)
	r.NothingAsked = r.NothingAsked || other.NothingAsked
	r.Unheard = append(r.Unheard, other.Unheard...)
	r.Interrupted = r.Interrupted || other.Interrupted
	r.Outcomes.Add(other.Outcomes)
}
