package history

import (
	"bytes"
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// kept is for how long checks and CRLs' headers are kept, in days: the longest window of
// availability is 30 days, and CRLs of CA certificates live for 12 months.
const kept = 400

// Record keeps what a run saw, all of it or, where the error is not nil, nothing. Of a run
// in which every host failed alike, which may be our own network, nothing is kept.
func (s *Store) Record(ctx context.Context, run *Observed) error {
	if run.run.Blackout() {
		return nil
	}
	err := s.within(ctx, func(tx *sql.Tx) error {
		r := recording{ctx: ctx, tx: tx, run: run}
		for _, c := range run.pool {
			r.certificate(c, run.pool)
		}
		for _, service := range run.services {
			r.service(service)
		}
		r.exec("DELETE FROM checks WHERE at < ?", milliseconds(run.run.Started.AddDate(0, 0, -kept)))
		r.exec("DELETE FROM crls WHERE last < ?", milliseconds(run.run.Started.AddDate(0, 0, -kept)))
		return r.err
	})
	if err != nil {
		return fmt.Errorf("recording the run in %s: %w", s.name, plain(err))
	}
	return nil
}

// recording is one transaction; after its first error nothing more is done.
type recording struct {
	ctx context.Context
	tx  *sql.Tx
	run *Observed
	err error
}

func (r *recording) exec(statement string, args ...any) {
	if r.err == nil {
		_, r.err = r.tx.ExecContext(r.ctx, statement, args...)
	}
}

// scan reads one row; found is false where there is none.
func (r *recording) scan(query string, args []any, into ...any) (found bool) {
	if r.err != nil {
		return false
	}
	err := r.tx.QueryRowContext(r.ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false
	}
	r.err = err
	return err == nil
}

// certificate keeps when a certificate expires, by which it is known how long a CRL has to
// list it.
func (r *recording) certificate(c *x509.Certificate, pool []*x509.Certificate) {
	for _, ca := range pool {
		if ca != c && bytes.Equal(ca.RawSubject, c.RawIssuer) {
			r.exec("INSERT INTO certificates VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
				identity(ca), revocation.SerialOf(c.SerialNumber).String(), milliseconds(c.NotAfter))
		}
	}
}

func (r *recording) service(s *service) {
	checks := s.checks()
	if len(checks) == 0 {
		return
	}
	name := ""
	if s.issuer != nil {
		name = revocation.NameText(s.issuer.RawSubject)
	}
	r.exec("INSERT INTO services (url, ca, name, responder) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, responder = max(responder, excluded.responder)",
		s.url, s.ca, name, s.responder)
	var id int64
	r.scan("SELECT id FROM services WHERE url = ? AND ca = ?", []any{s.url, s.ca}, &id)
	for _, c := range checks {
		r.exec("INSERT INTO checks VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", id, milliseconds(c.at), string(c.failure), c.took.Milliseconds())
	}
	r.crl(id, s)
	for serial, a := range s.answers(r.run.memory, r.run.pool) {
		r.answer(id, serial, a)
	}
}

// crl keeps the CRL of a service, and its entries where none is newer.
func (r *recording) crl(id int64, s *service) {
	served := r.run.crl(s)
	if served.crl == nil {
		return
	}
	v := version(served.crl, served.at)
	this, at := milliseconds(v.ThisUpdate), milliseconds(served.at)
	r.exec(`INSERT INTO crls VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
		id, v.TBS, v.Number, this, milliseconds(v.NextUpdate), v.Entries, at, at)
	var newest int64
	r.scan("SELECT coalesce(max(this_update), 0) FROM crls WHERE service = ? AND this_update <= first + ?", []any{id, early.Milliseconds()}, &newest)
	if newest != this {
		return
	}
	var before []byte
	if r.scan("SELECT tbs FROM entries WHERE service = ?", []any{id}, &before) && bytes.Equal(before, v.TBS) {
		return
	}
	list := served.list()
	if list == nil {
		r.exec("DELETE FROM entries WHERE service = ?", id)
		return
	}
	r.exec("INSERT INTO entries VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET tbs = excluded.tbs, data = excluded.data", id, v.TBS, []byte(list))
}

func (r *recording) answer(id int64, serial string, a evidence.PastAnswer) {
	before, known := r.pastAnswer(id, serial)
	if !known {
		before = a
	}
	a = merged(before, a)
	r.exec(`INSERT OR REPLACE INTO answers (service, serial, status, reason, signer, last_status, revoked, this_update, next_update, produced_at, seen,
		first_seen, first_good, first_revoked, last_unassigned, signer_not_after, last_this_update) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, serial, a.Status, a.Reason, a.Signer, a.LastStatus, milliseconds(a.Revoked), milliseconds(a.ThisUpdate), milliseconds(a.NextUpdate),
		milliseconds(a.ProducedAt), milliseconds(a.Seen), milliseconds(a.FirstSeen), milliseconds(a.FirstGood), milliseconds(a.FirstRevoked),
		milliseconds(a.LastUnassigned), milliseconds(a.SignerNotAfter), milliseconds(a.LastThisUpdate))
}

func (r *recording) pastAnswer(id int64, serial string) (a evidence.PastAnswer, known bool) {
	var t [11]int64
	known = r.scan(`SELECT status, reason, signer, last_status, revoked, this_update, next_update, produced_at, seen, first_seen,
		first_good, first_revoked, last_unassigned, signer_not_after, last_this_update FROM answers WHERE service = ? AND serial = ?`, []any{id, serial},
		&a.Status, &a.Reason, &a.Signer, &a.LastStatus, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7], &t[8], &t[9], &t[10])
	a.Serial = serial
	for i, to := range []*time.Time{&a.Revoked, &a.ThisUpdate, &a.NextUpdate, &a.ProducedAt, &a.Seen, &a.FirstSeen,
		&a.FirstGood, &a.FirstRevoked, &a.LastUnassigned, &a.SignerNotAfter, &a.LastThisUpdate} {
		*to = moment(t[i])
	}
	return a, known
}

// version is the header of a CRL.
func version(c *revocation.CRL, at time.Time) evidence.CRLVersion {
	digest := c.TBSDigest()
	return evidence.CRLVersion{Number: c.Number, ThisUpdate: c.ThisUpdate.Time, NextUpdate: c.NextUpdate.Time,
		TBS: digest[:min(len(digest), 16)], Entries: c.Entries, First: at, Last: at}
}
