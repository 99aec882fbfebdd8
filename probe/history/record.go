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
func (s *Store) Record(ctx context.Context, run *evidence.Run) error {
	if run.Blackout() {
		return nil
	}
	memory, pool := revocation.NewMemory(), []*x509.Certificate(nil)
	for _, c := range parsed(run) {
		pool = append(pool, c)
		memory.Know(c)
	}
	err := s.within(ctx, func(tx *sql.Tx) error {
		r := recording{ctx: ctx, tx: tx}
		for _, c := range pool {
			r.certificate(c, pool)
		}
		for _, service := range services(run) {
			r.service(service, memory, pool)
		}
		r.exec("DELETE FROM checks WHERE at < ?", milliseconds(run.Started.AddDate(0, 0, -kept)))
		r.exec("DELETE FROM crls WHERE last < ?", milliseconds(run.Started.AddDate(0, 0, -kept)))
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

func (r *recording) service(s *service, memory *revocation.Memory, pool []*x509.Certificate) {
	c, asked := s.check()
	if !asked {
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
	r.exec("INSERT INTO checks VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", id, milliseconds(c.at), string(c.failure), c.took.Milliseconds())
	r.crl(id, s)
	for serial, a := range s.answers(memory, pool) {
		r.answer(id, serial, a)
	}
}

// crl keeps the CRL of a service, and its entries where none is newer.
func (r *recording) crl(id int64, s *service) {
	content, at := s.crl()
	if content.crl == nil {
		return
	}
	v := version(content.crl, at)
	r.exec(`INSERT INTO crls VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
		id, v.TBS, v.Number, milliseconds(v.ThisUpdate), milliseconds(v.NextUpdate), v.Entries, milliseconds(at), milliseconds(at))
	var newest int64
	r.scan("SELECT max(this_update) FROM crls WHERE service = ?", []any{id}, &newest)
	if newest > milliseconds(v.ThisUpdate) {
		return
	}
	var data []byte
	if r.scan("SELECT data FROM entries WHERE service = ?", []any{id}, &data) && bytes.Equal(data, content.entries) {
		r.exec("UPDATE entries SET tbs = ? WHERE service = ?", v.TBS, id)
		return
	}
	if content.entries == nil {
		r.exec("DELETE FROM entries WHERE service = ?", id)
		return
	}
	r.exec("INSERT INTO entries VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET tbs = excluded.tbs, data = excluded.data", id, v.TBS, []byte(content.entries))
}

func (r *recording) answer(id int64, serial string, a evidence.PastAnswer) {
	if before, known := r.pastAnswer(id, serial); known {
		a = merged(before, a)
	}
	r.exec("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		id, serial, a.Status, a.Reason, milliseconds(a.Revoked), milliseconds(a.ThisUpdate), milliseconds(a.NextUpdate), milliseconds(a.ProducedAt),
		milliseconds(a.Seen), milliseconds(a.FirstSeen), milliseconds(a.FirstGood), milliseconds(a.FirstRevoked),
		milliseconds(a.LastUnassigned), a.Signer, milliseconds(a.SignerNotAfter))
}

func (r *recording) pastAnswer(id int64, serial string) (a evidence.PastAnswer, known bool) {
	var t [10]int64
	known = r.scan(`SELECT status, reason, signer, revoked, this_update, next_update, produced_at, seen, first_seen,
		first_good, first_revoked, last_unassigned, signer_not_after FROM answers WHERE service = ? AND serial = ?`, []any{id, serial},
		&a.Status, &a.Reason, &a.Signer, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7], &t[8], &t[9])
	a.Serial = serial
	for i, to := range []*time.Time{&a.Revoked, &a.ThisUpdate, &a.NextUpdate, &a.ProducedAt, &a.Seen, &a.FirstSeen,
		&a.FirstGood, &a.FirstRevoked, &a.LastUnassigned, &a.SignerNotAfter} {
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
