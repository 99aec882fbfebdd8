package probe

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// MaxDeltas is how many places a fetched CRL may name from which its delta is fetched.
const MaxDeltas = 4

// reachDeltas fetches the delta CRLs that complete CRLs of the run name in freshestCRL (RFC 5280
// §5.2.6), each once, and asks what is to be known of their hosts; whatever those name in turn
// is left alone. It adds what they list to the serials that are assigned.
func (p *Plan) reachDeltas(recorders []*recorder, run *evidence.Run, assigned *Known) {
	fetched := assigned.addFetched(exchanges(recorders))
	further, known := make([]PlannedTarget, len(recorders)), make([]int, len(recorders))
	for _, r := range recorders {
		t := &further[r.target]
		for _, x := range r.list {
			if urls := deltasOf(fetched[x.ID]); len(urls) > 0 {
				p.deltas(t, few(urls, x.URL, run), x.Issuer, x.Subject)
			}
		}
		p.Targets[r.target].add(t)
		known[r.target] = len(r.list)
	}
	inParallel(recorders, func(r *recorder) { r.reach(&further[r.target]) })
	for _, r := range recorders {
		assigned.addFetched(r.list[known[r.target]:])
	}
}

// deltas plans what is asked about the distribution points of deltas that a CRL names.
func (p *Plan) deltas(t *PlannedTarget, urls []string, issuer, subject string) {
	planned := len(t.CRLs)
	for _, url := range urls {
		p.point(t, url, issuer, subject)
	}
	p.registrations(t, urls, issuer)
	for _, q := range t.CRLs[planned:] {
		p.crlOddly(t, q)
	}
}

// few returns those of the places that a CRL names which are asked.
func few(urls []string, crl string, run *evidence.Run) []string {
	if len(urls) <= MaxDeltas {
		return urls
	}
	note := fmt.Sprintf("%s names %d places of its delta CRL: the first %d are asked, the others are not", crl, len(urls), MaxDeltas)
	if !slices.Contains(run.Notes, note) {
		run.Notes = append(run.Notes, note)
	}
	return urls[:MaxDeltas]
}

// add takes up what turned out to be asked too.
func (t *PlannedTarget) add(further *PlannedTarget) {
	t.Resolves = append(t.Resolves, further.Resolves...)
	t.Registrations = append(t.Registrations, further.Registrations...)
	t.CRLs = append(t.CRLs, further.CRLs...)
	t.Probes = append(t.Probes, further.Probes...)
}

// deltasOf returns the http URLs of the deltas to a complete CRL, each once.
func deltasOf(crl *revocation.CRL) (urls []string) {
	if crl == nil || crl.Broken != nil || crl.IsDelta() {
		return nil
	}
	for _, point := range crl.Freshest {
		for _, uri := range point.URIs {
			u, err := url.Parse(uri)
			if err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && !slices.Contains(urls, uri) {
				urls = append(urls, uri)
			}
		}
	}
	return urls
}
