package report

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// mostReplicas is how many rows the table of machines has; the JSON lines have each exchange.
const mostReplicas = 32

// replicas writes what each address gave to the questions that were put for comparison, where
// they do not all give the same.
func (p *page) replicas(s *section) error {
	rows := [][]string{{"address", "question", "round", "answer", "thisUpdate", "first byte"}}
	seen := map[string]string{} // what was given first to a kind of question
	differ := false
	for _, x := range s.exchanges {
		if !x.Replica() {
			continue
		}
		said, update := s.given(x)
		key := x.Ask.String()
		if before, known := seen[key]; known && before != said+update {
			differ = true
		}
		seen[key] = said + update
		address := x.Address
		if peer, err := netip.ParseAddrPort(x.Peer); err == nil {
			address = peer.Addr().String()
		}
		rows = append(rows, []string{orDash(address), key, strconv.Itoa(max(x.Round, 1)), said, orDash(update),
			x.Timing.FirstByte.Round(time.Millisecond / 10).String()})
	}
	if !differ {
		return nil
	}
	if err := p.table(rows[:min(len(rows), mostReplicas+1)]); err != nil {
		return err
	}
	if more := len(rows) - 1 - mostReplicas; more > 0 {
		p.paragraph("  ", plain, 2, "and "+strconv.Itoa(more)+" more; the JSON lines have each")
	}
	return nil
}

// given is what an exchange brought, in a word, and its document's thisUpdate.
func (s *section) given(x *evidence.Exchange) (said, update string) {
	for _, i := range s.issuers {
		for _, a := range i.answers {
			if a.Exchange == x.ID {
				said = answerWord(a)
			}
		}
	}
	for _, d := range s.documents {
		if d.Source == x.ID {
			update = stamp(d.ThisUpdate)
			if d.Number != "" {
				update += ", number " + shown(d.Number)
			}
			if said == "" {
				said = shown(string(d.Kind))
			}
		}
	}
	switch {
	case x.Failure == evidence.HTTPStatus:
		said = "HTTP " + strconv.Itoa(x.Code)
	case said == "":
		said = orDash(string(x.Failure))
	}
	return said, update
}
