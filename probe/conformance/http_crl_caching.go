package conformance

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// publication is within which a revocation has to be on the CRL (BR 4.9.7): a copy that is
// kept for longer does not have it.
const publication = 24 * time.Hour

// sizeableCRL is, in octets, what nobody wants to fetch anew for nothing.
const sizeableCRL = 256 << 10

func crlCachingRules() []*Rule {
	return []*Rule{
		{
			ID:     "http-crl-cache",
			Cites:  []Citation{BR("4.9.7", Observed), RFC9111("4.2", Observed)},
			Says:   "A CRL should be cached neither beyond its nextUpdate nor for more than 24 hours.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			Clock:  true,
			CRL: func(s CRLSubject) Verdict {
				list := freshnesses(s.Exchange)
				if s.Exchange.Ask != evidence.FetchCRL || len(list) == 0 || forbidsCaching(s.Exchange) != "" {
					return skip()
				}
				next := s.CRL.NextUpdate.Time
				for _, f := range list {
					until := f.until(s.At.Truncate(time.Second))
					switch {
					case !next.IsZero() && next.After(s.At) && until.After(next):
						return fail("not beyond nextUpdate "+stamp(next), "until %s by %s", stamp(until), f.directive).in("Cache-Control")
					case f.lifetime > publication:
						return fail("at most "+span(publication), "%s by %s", span(f.lifetime), f.directive).in("Cache-Control").under(BRDoc)
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second more than a day", crlFreshFor(publication+time.Second)),
				when("a second beyond nextUpdate", func(r *fake) {
					r.CRL.NextUpdate = r.Now.Add(time.Hour)
					crlFreshFor(time.Hour + time.Second)(r)
				}),
				when("a second more than a day by Expires", func(r *fake) {
					r.CRLHTTP.Header = map[string][]string{"Cache-Control": nil, "Expires": {dated(r.Now.Add(publication + time.Second))}}
				}),
			},
			Good: []fixtures.Case{
				when("a day", crlFreshFor(publication)),
				when("to nextUpdate", func(r *fake) {
					r.CRL.NextUpdate = r.Now.Add(time.Hour)
					crlFreshFor(time.Hour)(r)
				}),
			},
		},
		{
			ID:    "http-crl-range-and-etag",
			Cites: []Citation{RFC9110("14", Practice), RFC9110("8.8.3", Practice)},
			Says:  "A large CRL is better served with a validator and in parts, so that not all of it is fetched anew.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				header := s.Exchange.Header
				switch {
				case s.Exchange.Ask != evidence.FetchCRL || s.Exchange.BodyLength() < sizeableCRL:
					return skip()
				case header.Get("Etag") == "" && header.Get("Last-Modified") == "":
					return fail("an ETag or Last-Modified", "neither, with %d octets", s.Exchange.BodyLength()).atMost(Info)
				case header.Get("Accept-Ranges") != "bytes":
					return fail("Accept-Ranges: bytes", "%q, with %d octets", header.Get("Accept-Ranges"), s.Exchange.BodyLength()).in("Accept-Ranges").atMost(Info)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("without a validator", func(r *fake) {
					sizeable(r, 0)
					r.CRLHTTP.Header = map[string][]string{"Etag": nil, "Last-Modified": nil, "Accept-Ranges": {"bytes"}}
				}),
				when("not in parts", func(r *fake) { sizeable(r, 0) }),
			},
			Good: []fixtures.Case{
				when("an octet less", func(r *fake) { sizeable(r, -1) }),
				when("in parts, with an ETag alone", func(r *fake) {
					sizeable(r, 0)
					r.CRLHTTP.Header = map[string][]string{"Last-Modified": nil, "Accept-Ranges": {"bytes"}}
				}),
				when("in parts, with Last-Modified alone", func(r *fake) {
					sizeable(r, 0)
					r.CRLHTTP.Header = map[string][]string{"Etag": nil, "Accept-Ranges": {"bytes"}}
				}),
				when("in parts", func(r *fake) { sizeable(r, 0); r.CRLHTTP.Header = map[string][]string{"Accept-Ranges": {"bytes"}} }),
			},
		},
	}
}

func crlFreshFor(lifetime time.Duration) func(*fake) {
	return func(r *fake) {
		setField(&r.CRLHTTP.Header, "Cache-Control", []string{"max-age=" + strconv.Itoa(int(lifetime.Seconds()))})
	}
}

// sizeable gives the CRL so many revoked certificates that it is sizeableCRL octets long, and
// so many more. Some serial numbers are longer than the others, to make it exact, and differ
// from try to try, since the length of a signature depends on what is signed.
func sizeable(r *fake, more int) {
	const usual, entry, tries = 16, 35, 16
	longer := 0
	for try := range tries {
		r.CRL.Entries = nil
		for n := range (sizeableCRL - 1024) / entry {
			serial := slices.Repeat([]byte{0x5a, byte(try)}, 10)[:usual+min(4, max(0, longer-4*n))]
			binary.BigEndian.PutUint32(serial[1:], uint32(n))
			r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: serial, NoReason: true})
		}
		other := fixtures.Conforming(r.Now, r.Authority)
		other.CRL = r.CRL
		missing := sizeableCRL + more - len(other.CRLBody())
		if missing == 0 {
			return
		}
		longer += missing
	}
}
