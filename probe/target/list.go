package target

import (
	"crypto/x509"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Issued tells whom to ask about each certificate of lists, and counts those that nobody is
// asked about. Of each certificate it keeps no more than a hash. It may be used by several
// goroutines at once.
type Issued struct {
	mutex      sync.Mutex
	issuers    []*x509.Certificate
	responders []string // in place of those that the certificates name
	candidates map[string][]*x509.Certificate
	seed       maphash.Seed
	seen       map[uint64]bool
	list       evidence.List
	leftOut    map[leftOut]int // its place in the list
}

type leftOut struct {
	why evidence.LeftOutReason
	of  string
}

// Bounds of what is kept beside the numbers.
const (
	maxNamed      = 5   // certificates that are named of those left out for one reason
	maxLeftOut    = 100 // reasons, each with an issuer or responder
	maxCandidates = 10_000
)

// NewIssued knows the issuers of the certificates. Where there are responders they are asked
// in place of those that the certificates name.
func NewIssued(files []string, issuers []*x509.Certificate, responders []string) *Issued {
	return &Issued{issuers: issuers, responders: responders, candidates: map[string][]*x509.Certificate{}, seed: maphash.MakeSeed(),
		seen: map[uint64]bool{}, list: evidence.List{Files: files}, leftOut: map[leftOut]int{}}
}

// List returns what became of the certificates so far.
func (i *Issued) List() *evidence.List {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	list := i.list
	list.LeftOut = slices.Clone(i.list.LeftOut)
	return &list
}

// Unreadable counts a place where there should be a certificate.
func (i *Issued) Unreadable() {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.list.Unreadable++
}

// GiveUp counts a question that is not put since its responder had failed too often.
func (i *Issued) GiveUp(q evidence.Question, f evidence.Failure) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	left := i.leaveOut(evidence.LeftGivenUp, q.URL, q.Serial)
	if left.Of == "" && left.Count > 1 && left.Failure != f {
		f = "" // of several responders, which are counted together
	}
	left.Failure = f
}

// leaveOut counts a certificate that nobody is asked about; of names the issuer or responder.
func (i *Issued) leaveOut(why evidence.LeftOutReason, of, serial string) *evidence.LeftOut {
	key := leftOut{why, of}
	at, known := i.leftOut[key]
	if !known && len(i.leftOut) >= maxLeftOut {
		key.of = ""
		at, known = i.leftOut[key]
	}
	if !known {
		at = len(i.list.LeftOut)
		i.leftOut[key] = at
		i.list.LeftOut = append(i.list.LeftOut, evidence.LeftOut{Why: why, Of: key.of})
	}
	left := &i.list.LeftOut[at]
	if left.Count++; len(left.First) < maxNamed {
		left.First = append(left.First, serial)
	}
	return left
}

// Questions returns what to ask about a certificate at that time: one question for each of its
// responders. None are asked about one that has expired, whose issuer is not known, that
// names no responder, or whose serial was there before.
func (i *Issued) Questions(c *x509.Certificate, now time.Time) ([]evidence.Question, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.list.Certificates++
	if revocation.IsPrecertificate(c) {
		i.list.Precertificates++
	}
	serial := revocation.SerialOf(c.SerialNumber).String()
	if now.After(c.NotAfter) {
		i.leaveOut(evidence.LeftExpired, "", serial)
		return nil, nil
	}
	issuer := i.issuerOf(c)
	if issuer == nil {
		i.leaveOut(evidence.LeftNoIssuer, revocation.NameText(c.RawIssuer), serial)
		return nil, nil
	}
	responders := i.responders
	if len(responders) == 0 {
		responders = accessURLs(c, revocation.OIDAccessOCSP)
	}
	if len(responders) == 0 {
		i.leaveOut(evidence.LeftNoResponder, revocation.NameText(c.RawIssuer), serial)
		return nil, nil
	}
	key := i.hash(issuer, c)
	if i.seen[key] {
		i.leaveOut(evidence.LeftSame, "", serial)
		return nil, nil
	}
	i.seen[key] = true
	var list []evidence.Question
	for _, url := range responders {
		q, err := probe.ListQuestion(url, issuer, c)
		if err != nil {
			return nil, err
		}
		list = append(list, q)
	}
	return list, nil
}

// issuerOf returns the CA that issued a certificate: that of a precertificate signed by a
// Precertificate Signing Certificate is the CA that issued this one (RFC 6962 §3.1).
func (i *Issued) issuerOf(c *x509.Certificate) *x509.Certificate {
	issuer := match(c, i.named(c.RawIssuer))
	if issuer != nil && revocation.SignsPrecertificates(issuer) && revocation.IsPrecertificate(c) {
		return match(issuer, i.named(issuer.RawIssuer))
	}
	return issuer
}

// named returns the issuers of that name.
func (i *Issued) named(name []byte) []*x509.Certificate {
	list, known := i.candidates[string(name)]
	if !known {
		for _, ca := range i.issuers {
			if revocation.SameName(ca.RawSubject, name) {
				list = append(list, ca)
			}
		}
		if len(i.candidates) >= maxCandidates {
			clear(i.candidates)
		}
		i.candidates[string(name)] = list
	}
	return list
}

func (i *Issued) hash(issuer, c *x509.Certificate) uint64 {
	var h maphash.Hash
	h.SetSeed(i.seed)
	for _, part := range [][]byte{issuer.RawSubject, issuer.RawSubjectPublicKeyInfo, c.SerialNumber.Bytes()} {
		_, _ = h.Write(part)
	}
	return h.Sum64()
}
