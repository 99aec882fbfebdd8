package conformance

import "slices"

// tally counts how the rules of the run came out at one place: a service, a file or a
// certificate.
type tally struct {
	service, source string
	counts          [][len(outcomes)]int // by the places of the rules
}

func (t *tally) count(r *listed, o Outcome) { t.counts[r.place][slices.Index(outcomes[:], o)]++ }

// put reports whether a rule was put to anything there.
func (t *tally) put(r *listed) bool { return t.counts[r.place] != [len(outcomes)]int{} }

// tallyOf returns the tally of a service, or where there is none of the file or certificate
// that is the source.
func (e *examiner) tallyOf(service, source string) *tally {
	place := service
	if place == "" {
		place = source
	}
	t, known := e.judged[place]
	if !known {
		t = &tally{service: service, source: source, counts: make([][len(outcomes)]int, len(e.rules))}
		e.judged[place] = t
		e.tallies = append(e.tallies, t)
	}
	return t
}

// tally writes into the report how every rule came out, place by place and in all.
func (e *examiner) tally() {
	for _, t := range e.tallies {
		for _, r := range e.rules {
			if !t.put(r) {
				continue
			}
			j := &Judged{Rule: r.Rule, Service: t.service, Source: t.source, Outcomes: map[Outcome]int{}}
			for i, n := range t.counts[r.place] {
				if n > 0 {
					j.Outcomes[outcomes[i]] += n
					e.report.Outcomes[outcomes[i]] += n
				}
			}
			e.report.Judged = append(e.report.Judged, j)
		}
	}
}
