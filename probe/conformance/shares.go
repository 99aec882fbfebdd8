package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// portion is how many there were of how many.
func portion(part, whole int) string { return fmt.Sprintf("%d of %d", part, whole) }

// shares says how many of the answers of a service were bad, in that word; whole is how many
// there were besides that were not. Questions that were
// put once more, to each address or in several rounds, are counted apart from the others, by
// address and, where there were rounds, by question: what fails now and then is a share of
// those.
func shares(bad, all []*evidence.Exchange, whole int, word string) string {
	once, onceBad := whole, 0
	asked, askedBad := map[string]int{}, map[string]int{}
	var places []string
	rounds := slices.ContainsFunc(all, func(x *evidence.Exchange) bool { return x.Round > 1 })
	for _, x := range all {
		isBad := slices.Contains(bad, x)
		if !x.Replica() {
			once++
			if isBad {
				onceBad++
			}
			continue
		}
		place := x.Machine()
		if rounds {
			place = x.Ask.String() + " at " + place
		}
		if asked[place]++; asked[place] == 1 {
			places = append(places, place)
		}
		if isBad {
			askedBad[place]++
		}
	}
	if len(places) == 0 {
		return fmt.Sprintf("%s answers %s", portion(onceBad, once), word)
	}
	var parts []string
	for _, place := range places {
		parts = append(parts, place+" "+portion(askedBad[place], asked[place]))
	}
	text := fmt.Sprintf("of the questions put to compare machines, %s %s", strings.Join(parts, ", "), word)
	if once > 0 {
		text += fmt.Sprintf("; of the others %s", portion(onceBad, once))
	}
	return text
}
