package conformance

// tally counts how the rules of the run came out at one place: a service, a file or a
// certificate.
type tally struct {
	service, source string
	counts          []Counts // by the places of the rules
}

func (t *tally) count(r *listed, o Outcome) { *t.counts[r.place].of(o)++ }

// put reports whether a rule was put to anything there.
func (t *tally) put(r *listed) bool { return t.counts[r.place] != Counts{} }

// tallyOf returns the tally of a service, or where there is none of the file or certificate
// that is the source.
func (e *examiner) tallyOf(service, source string) *tally {
	place := service
	if place == "" {
		place = source
	}
	t, known := e.judged[place]
	if !known {
		t = &tally{service: service, source: source, counts: make([]Counts, len(e.rules))}
		e.judged[place] = t
		e.tallies = append(e.tallies, t)
	}
	return t
}

// tally writes into the report how every rule came out, place by place and in all.
func (e *examiner) tally() {
	count := 0
	for _, t := range e.tallies {
		for _, r := range e.rules {
			if t.put(r) {
				count++
			}
		}
	}
	judged := make([]Judged, 0, count)
	e.report.Judged = make([]*Judged, 0, count)
	for _, t := range e.tallies {
		for _, r := range e.rules {
			if t.put(r) {
				judged = append(judged, Judged{Rule: r.Rule, Service: t.service, Source: t.source, Outcomes: t.counts[r.place]})
				e.report.Judged = append(e.report.Judged, &judged[len(judged)-1])
				e.report.Outcomes.Add(t.counts[r.place])
			}
		}
	}
}
