package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
)

// Timelines tells all that the file knows of the services at a URL, or of every service
// where url is empty, in the order of their URLs.
func (s *Store) Timelines(ctx context.Context, url string) ([]evidence.Timeline, error) {
	var list []evidence.Timeline
	err := s.within(ctx, func(tx *sql.Tx) error {
		r := reading{recording{ctx: ctx, tx: tx}}
		ids, cas, timelines := r.known(url)
		for i, t := range timelines {
			if checks := r.checks(ids[i], 0); len(checks) > 0 {
				list = append(list, r.timeline(ids[i], cas[i], t, checks))
			}
		}
		return r.err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the history %s: %w", s.name, plain(err))
	}
	return list, nil
}

// known returns the services at a URL, or all.
func (r *reading) known(url string) (ids []int64, cas [][]byte, list []evidence.Timeline) {
	r.each("SELECT id, ca, url, name, responder FROM services WHERE ? IN ('', url) ORDER BY url, name, id", []any{url}, func(row scanner) error {
		var id int64
		var ca []byte
		var t evidence.Timeline
		err := row.Scan(&id, &ca, &t.URL, &t.CA, &t.Responder)
		ids, cas, list = append(ids, id), append(cas, ca), append(list, t)
		return err
	})
	return ids, cas, list
}

func (r *reading) timeline(id int64, ca []byte, t evidence.Timeline, checks []check) evidence.Timeline {
	t.First, t.Last, t.Asked = checks[0].at, checks[len(checks)-1].at, len(checks)
	t.LastAnswer = lastAnswer(checks)
	t.Checks, t.Outages = windowed(checks), outages(checks)
	t.Latency = latency(checks)
	t.CRLs = r.versions(id, "TRUE ORDER BY this_update")
	var serials []string
	r.each("SELECT serial FROM answers WHERE service = ? ORDER BY serial", []any{id}, func(row scanner) error {
		var serial string
		err := row.Scan(&serial)
		serials = append(serials, serial)
		return err
	})
	for _, serial := range serials {
		a, _ := r.pastAnswer(id, serial)
		a.NotAfter = r.notAfter(ca, serial)
		t.Answers = append(t.Answers, a)
	}
	return t
}

// latency is of the checks that were answered.
func latency(checks []check) evidence.Latency {
	answered := slices.DeleteFunc(slices.Clone(checks), func(c check) bool { return c.failure != "" })
	if len(answered) == 0 {
		return evidence.Latency{}
	}
	slices.SortStableFunc(answered, func(a, b check) int { return int(a.took - b.took) })
	slowest := answered[len(answered)-1]
	return evidence.Latency{Median: answered[(len(answered)-1)/2].took, Slowest: slowest.took, SlowestAt: slowest.at}
}
