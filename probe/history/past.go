package history

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

const day = 24 * time.Hour

// windows are those over which availability is told.
var windows = []time.Duration{day, 7 * day, 30 * day}

// Past tells what earlier runs saw of the services of a run: services that it did not ask,
// and those that it is the first to ask, are not in it.
func (s *Store) Past(ctx context.Context, run *Observed) (*evidence.Past, error) {
	past := &evidence.Past{}
	err := s.within(ctx, func(tx *sql.Tx) error {
		r := reading{recording{ctx: ctx, tx: tx, run: run}}
		for _, service := range run.services {
			if p, known := r.service(service); known {
				past.Services = append(past.Services, p)
			}
		}
		return r.err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the history %s: %w", s.name, plain(err))
	}
	return past, nil
}

// reading is one transaction that writes nothing.
type reading struct{ recording }

func (r *reading) service(s *service) (p evidence.PastService, known bool) {
	var id int64
	if !r.scan("SELECT id FROM services WHERE url = ? AND ca = ?", []any{s.url, s.ca}, &id) {
		return p, false
	}
	p = evidence.PastService{URL: s.url, Issuer: s.fingerprint}
	first := moment(r.number("SELECT min(at) FROM checks WHERE service = ?", id))
	now := s.checks()
	checks := r.recent(id, lastOf(now))
	if len(checks) == 0 {
		return p, false
	}
	p.First, p.Last, p.LastAnswer = first, checks[len(checks)-1].at, lastAnswer(checks)
	checks = append(checks, now...)
	p.Checks, p.Outages = windowed(checks), recentOutages(checks)
	p.CRL = r.crl(id, s)
	for _, x := range s.exchanges {
		if a, known := r.pastAnswer(id, x.Serial); known && x.Ask.Has(evidence.Assigned) && !hasSerial(p.Answers, x.Serial) {
			a.NotAfter = r.notAfter(s.ca, x.Serial)
			p.Answers = append(p.Answers, a)
		}
	}
	return p, true
}

func hasSerial(list []evidence.PastAnswer, serial string) bool {
	return slices.ContainsFunc(list, func(a evidence.PastAnswer) bool { return a.Serial == serial })
}

// scanner is one row.
type scanner interface{ Scan(into ...any) error }

// each reads all rows of a query.
func (r *reading) each(query string, args []any, row func(scanner) error) {
	if r.err != nil {
		return
	}
	rows, err := r.tx.QueryContext(r.ctx, query, args...)
	if err != nil {
		r.err = err
		return
	}
	defer rows.Close()
	for rows.Next() {
		if r.err = row(rows); r.err != nil {
			return
		}
	}
	r.err = rows.Err()
}

// number reads one number; 0 where there is none.
func (r *reading) number(query string, args ...any) int64 {
	var n sql.NullInt64
	r.scan(query, args, &n)
	return n.Int64
}

// checks returns how the service came out in every earlier run since then, the oldest first.
func (r *reading) checks(id, since int64) []check {
	var list []check
	r.each("SELECT at, failure, took FROM checks WHERE service = ? AND at >= ? ORDER BY at", []any{id, since}, func(row scanner) error {
		var at, took int64
		var failure string
		err := row.Scan(&at, &failure, &took)
		list = append(list, check{moment(at), evidence.Failure(failure), time.Duration(took) * time.Millisecond})
		return err
	})
	return list
}

// recent returns the checks of the longest window that ends at a time, and those before it
// back to the last that was answered: an outage may have begun before the window.
func (r *reading) recent(id int64, now time.Time) []check {
	if now.IsZero() {
		now = moment(r.number("SELECT max(at) FROM checks WHERE service = ?", id))
	}
	begin := milliseconds(now.Add(-windows[len(windows)-1]))
	return r.checks(id, r.number("SELECT max(at) FROM checks WHERE service = ? AND at < ? AND failure = ''", id, begin))
}

// lastOf is when the last of some checks was; zero where there is none.
func lastOf(checks []check) time.Time {
	if len(checks) == 0 {
		return time.Time{}
	}
	return checks[len(checks)-1].at
}

// lastAnswer is when the service answered the last time; zero where it never did.
func lastAnswer(checks []check) (at time.Time) {
	for _, c := range checks {
		if c.failure == "" {
			at = c.at
		}
	}
	return at
}

// windowed counts checks by window; each ends with the last check.
func windowed(checks []check) []evidence.PastChecks {
	now := checks[len(checks)-1].at
	var counts []evidence.PastChecks
	for _, window := range windows {
		count := evidence.PastChecks{Window: window}
		for _, c := range checks {
			if !c.at.After(now.Add(-window)) {
				continue
			}
			if count.Asked++; count.Asked == 1 {
				count.Since = c.at
			}
			if c.failure != "" {
				count.Failed++
			}
		}
		counts = append(counts, count)
	}
	return counts
}

// outages gathers the checks that failed one after the other.
func outages(checks []check) []evidence.Outage {
	var list []evidence.Outage
	failing := false
	for _, c := range checks {
		switch {
		case c.failure != "" && failing:
			list[len(list)-1].Checks++
		case c.failure != "":
			list = append(list, evidence.Outage{Start: c.at, Cause: c.failure, Checks: 1})
		case failing:
			list[len(list)-1].End = c.at
		}
		failing = c.failure != ""
	}
	return list
}

// recentOutages is those that reach into the longest window.
func recentOutages(checks []check) []evidence.Outage {
	now := checks[len(checks)-1].at
	list := outages(checks)
	for len(list) > 0 && list[0].Until(now).Before(now.Add(-windows[len(windows)-1])) {
		list = list[1:]
	}
	return list
}

// crl returns the CRLs that the service gave before; nil where there were none.
func (r *reading) crl(id int64, s *service) *evidence.PastCRL {
	p := &evidence.PastCRL{}
	var known bool
	if p.Latest, known = r.version(id, "this_update <= first + ? ORDER BY this_update DESC", early.Milliseconds()); !known {
		return nil
	}
	p.Previous, _ = r.version(id, "TRUE ORDER BY last DESC, this_update DESC")
	now := r.run.crl(s)
	if now.crl == nil {
		return p
	}
	current := version(now.crl, now.at)
	_, p.Known = r.version(id, "tbs = ?", current.TBS)
	if same, found := r.version(id, "number = ? AND tbs <> ? ORDER BY this_update DESC", current.Number, current.TBS); found {
		p.SameNumber = &same
	}
	p.Differences = r.differences(id, s, now, current.TBS)
	return p
}

// early is how much later than it was first seen a thisUpdate may be. What comes from
// further in the future is a mistake that nothing later is held against.
const early = 5 * time.Minute

const versionColumns = "SELECT tbs, number, this_update, next_update, entries, first, last FROM crls WHERE service = ? AND "

// version returns the first of a service's CRLs that are so.
func (r *reading) version(id int64, which string, args ...any) (v evidence.CRLVersion, found bool) {
	for _, v = range r.versions(id, which+" LIMIT 1", args...) {
		return v, true
	}
	return v, false
}

func (r *reading) versions(id int64, which string, args ...any) []evidence.CRLVersion {
	var list []evidence.CRLVersion
	r.each(versionColumns+which, append([]any{id}, args...), func(row scanner) error {
		var v evidence.CRLVersion
		var this, next, first, last int64
		err := row.Scan(&v.TBS, &v.Number, &this, &next, &v.Entries, &first, &last)
		v.ThisUpdate, v.NextUpdate, v.First, v.Last = moment(this), moment(next), moment(first), moment(last)
		list = append(list, v)
		return err
	})
	return list
}

// differences holds the entries that were kept against those of this run's CRL.
func (r *reading) differences(id int64, s *service, now *servedCRL, tbs []byte) *evidence.CRLDifferences {
	var of, before []byte
	switch kept := r.scan("SELECT tbs FROM entries WHERE service = ?", []any{id}, &of); {
	case kept && bytes.Equal(of, tbs):
		r.run.release(now)
		return nil
	case !kept:
		return nil
	}
	list := now.list()
	if list == nil || !r.scan("SELECT data FROM entries WHERE service = ?", []any{id}, &before) || bytes.Equal(before, list) {
		return nil
	}
	expiries, revoked := r.expiries(s.ca), r.revocations(s.ca)
	d := differences(before, list, func(octets []byte) bool {
		serial := revocation.Serial(octets).String()
		return !expiries[serial].IsZero() || !revoked[serial].IsZero()
	})
	for _, changes := range []*evidence.ChangedEntries{&d.Removed, &d.Added, &d.Redated, &d.Rereasoned} {
		for i := range changes.First {
			c := &changes.First[i]
			c.NotAfter, c.FirstRevoked = expiries[c.Serial], revoked[c.Serial]
		}
	}
	return d
}

// expiries returns the notAfter of every certificate of a CA that any run was given.
func (r *reading) expiries(ca []byte) map[string]time.Time {
	return r.times("SELECT serial, not_after FROM certificates WHERE ca = ?", ca)
}

// revocations returns when OCSP was first seen to say revoked of serials of a CA.
func (r *reading) revocations(ca []byte) map[string]time.Time {
	return r.times("SELECT serial, min(first_revoked) FROM answers JOIN services ON service = id WHERE ca = ? AND first_revoked > 0 GROUP BY serial", ca)
}

// times reads a time for each serial.
func (r *reading) times(query string, ca []byte) map[string]time.Time {
	known := map[string]time.Time{}
	r.each(query, []any{ca}, func(row scanner) error {
		var serial string
		var at int64
		err := row.Scan(&serial, &at)
		known[serial] = moment(at)
		return err
	})
	return known
}

func (r *reading) notAfter(ca []byte, serial string) time.Time {
	var at int64
	r.scan("SELECT not_after FROM certificates WHERE ca = ? AND serial = ?", []any{ca, serial}, &at)
	return moment(at)
}
