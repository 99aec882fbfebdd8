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
func (s *Store) Past(ctx context.Context, run *evidence.Run) (*evidence.Past, error) {
	past := &evidence.Past{}
	err := s.within(ctx, func(tx *sql.Tx) error {
		r := reading{recording{ctx: ctx, tx: tx}}
		for _, service := range services(run) {
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
	checks := r.checks(id)
	if len(checks) == 0 {
		return p, false
	}
	p.First, p.Last = checks[0].at, checks[len(checks)-1].at
	if now, asked := s.check(); asked {
		checks = append(checks, now)
	}
	for _, c := range checks[:len(checks)-1] {
		if c.failure == "" {
			p.LastAnswer = c.at
		}
	}
	p.Checks, p.Outages = availability(checks)
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

// checks returns how the service came out in every earlier run, the oldest first.
func (r *reading) checks(id int64) []check {
	if r.err != nil {
		return nil
	}
	rows, err := r.tx.QueryContext(r.ctx, "SELECT at, failure, took FROM checks WHERE service = ? ORDER BY at", id)
	if err != nil {
		r.err = err
		return nil
	}
	defer rows.Close()
	var list []check
	for rows.Next() {
		var at, took int64
		var failure string
		if r.err = rows.Scan(&at, &failure, &took); r.err != nil {
			return nil
		}
		list = append(list, check{moment(at), evidence.Failure(failure), time.Duration(took) * time.Millisecond})
	}
	r.err = rows.Err()
	return list
}

// availability counts checks by window and gathers the outages of the longest one.
func availability(checks []check) (counts []evidence.PastChecks, outages []evidence.Outage) {
	now := checks[len(checks)-1].at
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
	failing := false
	for _, c := range checks {
		switch {
		case c.failure != "" && failing:
			outages[len(outages)-1].Checks++
		case c.failure != "":
			outages = append(outages, evidence.Outage{Start: c.at, Cause: c.failure, Checks: 1})
		case failing:
			outages[len(outages)-1].End = c.at
		}
		failing = c.failure != ""
	}
	for len(outages) > 0 && outages[0].Until(now).Before(now.Add(-windows[len(windows)-1])) {
		outages = outages[1:]
	}
	return counts, outages
}

// crl returns the CRLs that the service gave before; nil where there were none.
func (r *reading) crl(id int64, s *service) *evidence.PastCRL {
	earlier := r.versions(id)
	if len(earlier) == 0 {
		return nil
	}
	p := &evidence.PastCRL{}
	for _, v := range earlier {
		if v.ThisUpdate.After(p.Latest.ThisUpdate) {
			p.Latest = v
		}
		p.LastNextUpdate = latest(p.LastNextUpdate, v.NextUpdate)
		if number := revocation.Serial(v.Number); v.Number != nil && (p.HighestNumber == nil || number.Big().Cmp(revocation.Serial(p.HighestNumber).Big()) > 0) {
			p.HighestNumber = v.Number
		}
	}
	p.LastChange = p.Latest.First
	now, at := s.crl()
	if now.crl == nil {
		return p
	}
	current := version(now.crl, at)
	for i, v := range earlier {
		if v.Number != nil && bytes.Equal(v.Number, current.Number) && !bytes.Equal(v.TBS, current.TBS) {
			p.SameNumber = &earlier[i]
		}
	}
	p.Differences = r.differences(id, s, now.entries)
	return p
}

func (r *reading) versions(id int64) []evidence.CRLVersion {
	if r.err != nil {
		return nil
	}
	rows, err := r.tx.QueryContext(r.ctx, "SELECT tbs, number, this_update, next_update, entries, first, last FROM crls WHERE service = ? ORDER BY this_update", id)
	if err != nil {
		r.err = err
		return nil
	}
	defer rows.Close()
	var list []evidence.CRLVersion
	for rows.Next() {
		var v evidence.CRLVersion
		var this, next, first, last int64
		if r.err = rows.Scan(&v.TBS, &v.Number, &this, &next, &v.Entries, &first, &last); r.err != nil {
			return nil
		}
		v.ThisUpdate, v.NextUpdate, v.First, v.Last = moment(this), moment(next), moment(first), moment(last)
		list = append(list, v)
	}
	r.err = rows.Err()
	return list
}

// differences holds the entries that were kept against those of this run's CRL.
func (r *reading) differences(id int64, s *service, now entryList) *evidence.CRLDifferences {
	var before []byte
	if now == nil || !r.scan("SELECT data FROM entries WHERE service = ?", []any{id}, &before) {
		return nil
	}
	expiries := r.expiries(s.ca)
	d := differences(before, now, func(serial []byte) bool { _, known := expiries[revocation.Serial(serial).String()]; return known })
	if d == nil {
		return nil
	}
	for _, changes := range []*evidence.ChangedEntries{&d.Removed, &d.Added, &d.Redated, &d.Rereasoned} {
		for i := range changes.First {
			changes.First[i].NotAfter = expiries[changes.First[i].Serial]
		}
	}
	return d
}

// expiries returns the notAfter of every certificate of a CA that any run was given.
func (r *reading) expiries(ca []byte) map[string]time.Time {
	if r.err != nil {
		return nil
	}
	rows, err := r.tx.QueryContext(r.ctx, "SELECT serial, not_after FROM certificates WHERE ca = ?", ca)
	if err != nil {
		r.err = err
		return nil
	}
	defer rows.Close()
	known := map[string]time.Time{}
	for rows.Next() {
		var serial string
		var notAfter int64
		if r.err = rows.Scan(&serial, &notAfter); r.err != nil {
			return nil
		}
		known[serial] = moment(notAfter)
	}
	r.err = rows.Err()
	return known
}

func (r *reading) notAfter(ca []byte, serial string) time.Time {
	var at int64
	r.scan("SELECT not_after FROM certificates WHERE ca = ? AND serial = ?", []any{ca, serial}, &at)
	return moment(at)
}
