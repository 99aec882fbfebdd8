package main

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// size is how much there is to check.
type size struct{ responders, crls, entries int }

// What changes: every CRL is issued anew after so many hours, some of them in each hour, with
// so many entries more.
const (
	reissued = 6
	added    = 3
)

// world is fake CAs behind one server. Each has a CRL, the first of them a responder too.
type world struct {
	size
	begin     time.Time // hour 0
	authority *fixtures.Authority
	entries   []fixtures.CRLEntry // of every CRL when it begins, and what is added to it
	server    *httptest.Server
	players   http.Handler
	crls      map[int]issue // by CA
}

// issue is a CRL that was issued once.
type issue struct {
	hour int
	body []byte
}

func newWorld(s size, hours int, begin time.Time) *world {
	w := &world{size: s, begin: begin, authority: fixtures.NewAuthority(fixtures.Kind{}), crls: map[int]issue{}}
	for i := range s.entries + added*(hours/reissued+2) {
		serial := make(revocation.Serial, 16)
		binary.BigEndian.PutUint64(serial, 1<<62+uint64(i)*0x9e3779b97f4a7c1/2)
		binary.BigEndian.PutUint64(serial[8:], uint64(i))
		w.entries = append(w.entries, fixtures.CRLEntry{Serial: serial, Revoked: begin.Add(-time.Duration(i%1000+24) * time.Hour), Reason: revocation.ReasonSuperseded})
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if n, err := w.caOf(r.URL.Path); err == nil && strings.HasSuffix(r.URL.Path, "/ca.crl") {
			rw.Header().Set("Content-Type", "application/pkix-crl")
			_, _ = rw.Write(w.crls[n].body)
			return
		}
		w.players.ServeHTTP(rw, r)
	}))
	return w
}

func (w *world) caOf(path string) (n int, err error) {
	_, err = fmt.Sscanf(path, "/cron/ca-%d/", &n)
	return n, err
}

// issueHour is when the CRL that a CA serves at an hour was issued.
func issueHour(ca, hour int) int {
	offset := ca % reissued
	return (hour+offset)/reissued*reissued - offset
}

// ca is a CA as it is at an hour, and answers OCSP as of a time.
func (w *world) ca(n, hour int, now time.Time) *fixtures.Responder {
	r := fixtures.Conforming(now, w.authority)
	r.Base = fmt.Sprintf("%s/cron/ca-%d", w.server.URL, n)
	r.Issuer = func(c *x509.Certificate) {
		c.Subject.CommonName = fmt.Sprintf("CA %d", n)
		c.NotBefore, c.NotAfter = w.begin.AddDate(-1, 0, 0), w.begin.AddDate(3, 0, 0)
	}
	r.Leaf = func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = w.begin.AddDate(0, 0, -10), w.begin.AddDate(0, 0, 60)
		if n >= w.responders {
			c.OCSPServer = nil
		}
	}
	issued := issueHour(n, hour)
	generation := (issued + reissued) / reissued
	r.CRL.Number = int64(1000 + generation)
	r.CRL.Entries = w.entries[:w.size.entries+added*generation]
	r.CRL.ThisUpdate = w.begin.Add(time.Duration(issued)*time.Hour - time.Minute)
	r.CRL.NextUpdate = r.CRL.ThisUpdate.Add(4 * 24 * time.Hour)
	if w.crls[n].body == nil || w.crls[n].hour != issued {
		w.crls[n] = issue{issued, r.CRLBody()}
	}
	return r
}

// play lets the server answer as of an hour and a time.
func (w *world) play(hour int, now time.Time) error {
	var enclosures []zoo.Enclosure
	for n := range w.size.crls {
		enclosures = append(enclosures, zoo.Enclosure{Rule: "cron", Case: fmt.Sprintf("ca-%d", n), Responder: w.ca(n, hour, now)})
	}
	z, err := zoo.New(zoo.Options{Base: w.server.URL}, enclosures)
	w.players = z
	return err
}

// run is what a run of an hour sees of those services that a history is kept of.
func (w *world) run(hour int) *evidence.Run {
	now := w.begin.Add(time.Duration(hour) * time.Hour)
	run := &evidence.Run{Started: now}
	for n := range w.size.crls {
		r := w.ca(n, hour, now)
		run.AddCertificate(r.IssuerCertificate().Raw, "")
		run.AddCertificate(r.LeafCertificate().Raw, "")
		crl := evidence.Exchange{Question: r.Question(evidence.FetchCRL), At: now, Code: http.StatusOK, Body: w.crls[n].body}
		run.Exchanges = append(run.Exchanges, crl)
		if n < w.responders {
			run.Exchanges = append(run.Exchanges, r.Respond(r.Question(evidence.AssignedPOST)), r.Respond(r.Question(evidence.AssignedGET)),
				r.Respond(r.Question(evidence.UnassignedPOST)))
		}
		issuers := r.Respond(r.Question(evidence.FetchIssuer))
		run.Exchanges = append(run.Exchanges, issuers)
	}
	for i := range run.Exchanges {
		run.Exchanges[i].ID = fmt.Sprintf("1.%d", i+1)
	}
	return run
}

// write writes the certificates that are checked, each with its issuer's.
func (w *world) write(dir string) ([]string, error) {
	var names []string
	for n := range w.size.crls {
		r := w.ca(n, 0, w.begin)
		var chain bytes.Buffer
		for _, c := range []*x509.Certificate{r.LeafCertificate(), r.IssuerCertificate()} {
			if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
				return nil, err
			}
		}
		names = append(names, filepath.Join(dir, fmt.Sprintf("chain-%d.pem", n)))
		if err := os.WriteFile(names[n], chain.Bytes(), 0o600); err != nil {
			return nil, err
		}
	}
	return names, nil
}
