package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// mostReplicas is how many rows the table of machines has; the JSON lines have each exchange.
const mostReplicas = 32

// replicaRow is one answer that a machine gave to a question, and how often it did.
type replicaRow struct {
	address, question, said, number string
	times, asked                    int
	updates                         []time.Time // thisUpdate of each
	waits                           []time.Duration
}

// replicas writes what each address gave to the questions that were put for comparison, where
// they do not all give the same. What passes with time alone is no difference.
func (p *page) replicas(s *section) error {
	rows, differ := s.replicaRows()
	if !differ {
		return nil
	}
	table := [][]string{{"address", "question", "times", "answer", "thisUpdate", "first byte"}}
	repeated := slices.ContainsFunc(rows, func(r *replicaRow) bool { return r.asked > 1 })
	for _, r := range rows[:min(len(rows), mostReplicas)] {
		table = append(table, []string{orDash(shown(r.address)), r.question, fmt.Sprintf("%d of %d", r.times, r.asked), r.said, r.updated(), r.waited()})
	}
	if !repeated {
		for i := range table {
			table[i] = slices.Delete(table[i], 2, 3)
		}
	}
	if err := p.table(table); err != nil {
		return err
	}
	if more := len(rows) - mostReplicas; more > 0 {
		p.paragraph("  ", plain, 2, fmt.Sprintf("and %d more; the JSON lines have each", more))
	}
	return nil
}

// replicaRows are the answers of the machines, question by question, and whether any of them
// differs from another to the same question.
func (s *section) replicaRows() (rows []*replicaRow, differ bool) {
	type answer struct {
		row    *replicaRow
		update time.Time
		at     time.Time
	}
	first := map[string]answer{} // to a kind of question
	asked := map[[2]string]int{}
	var questions, addresses []string
	for _, x := range s.exchanges {
		if !x.Replica() || x.Spared {
			continue
		}
		said, d := s.given(x)
		row := &replicaRow{address: x.Machine(), question: x.Ask.String(), said: said, number: d.Number}
		at := slices.IndexFunc(rows, func(r *replicaRow) bool {
			return r.address == row.address && r.question == row.question && r.said == row.said && r.number == row.number
		})
		if at < 0 {
			rows = append(rows, row)
		} else {
			row = rows[at]
		}
		row.times++
		asked[[2]string{row.address, row.question}]++
		if !d.ThisUpdate.IsZero() {
			row.updates = append(row.updates, d.ThisUpdate)
		}
		if x.Timing.FirstByte > 0 {
			row.waits = append(row.waits, x.Timing.FirstByte)
		}
		if !slices.Contains(questions, row.question) {
			questions = append(questions, row.question)
			first[row.question] = answer{row, d.ThisUpdate, x.At}
		}
		if !slices.Contains(addresses, row.address) {
			addresses = append(addresses, row.address)
		}
		before := first[row.question]
		differ = differ || before.row != row && (before.row.said != row.said || before.row.number != row.number) ||
			d.ThisUpdate.Sub(before.update).Abs() > x.At.Sub(before.at).Abs()+time.Minute
	}
	for _, r := range rows {
		r.asked = asked[[2]string{r.address, r.question}]
	}
	slices.SortStableFunc(rows, func(a, b *replicaRow) int {
		if q := slices.Index(questions, a.question) - slices.Index(questions, b.question); q != 0 {
			return q
		}
		return slices.Index(addresses, a.address) - slices.Index(addresses, b.address)
	})
	return rows, differ
}

// given is what an exchange brought, in a word, and its document.
func (s *section) given(x *evidence.Exchange) (said string, document conformance.Document) {
	for _, i := range s.issuers {
		for _, a := range i.answers {
			if a.Exchange == x.ID {
				said = answerWord(a)
			}
		}
	}
	for _, d := range s.documents {
		if d.Source == x.ID {
			document = d
			if said == "" {
				said = shown(string(d.Kind))
			}
		}
	}
	switch {
	case x.Failure == evidence.HTTPStatus:
		said = fmt.Sprintf("HTTP %d", x.Code)
	case said == "":
		said = orDash(string(x.Failure))
	}
	return said, document
}

// updated is the thisUpdate of a row's answers, the oldest and the newest, and the CRL's number.
func (r *replicaRow) updated() string {
	if len(r.updates) == 0 {
		return "-"
	}
	text := span(slices.MinFunc(r.updates, time.Time.Compare), slices.MaxFunc(r.updates, time.Time.Compare), stamp)
	if r.number != "" {
		text += ", number " + shown(r.number)
	}
	return text
}

// waited is how long the first octet took, the shortest and the longest time.
func (r *replicaRow) waited() string {
	if len(r.waits) == 0 {
		return "-"
	}
	return span(slices.Min(r.waits), slices.Max(r.waits), func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() })
}

// span writes two values, or the one that both are.
func span[V any](least, most V, write func(V) string) string {
	return strings.Join(slices.Compact([]string{write(least), write(most)}), " to ")
}
