package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// distinction is what sets the serials with one answer apart from those with another.
type distinction struct {
	which string // the serials in words
	cause string // what a responder does that says "good" for these alone
}

// lookup says in words how a responder that answers "good" for these unassigned serials
// seems to look serials up, from how they differ from those it denied; nothing where they
// do not differ in any way that we know.
func (s ServiceSubject) lookup(goods []ServiceAnswer) string {
	goods = slices.DeleteFunc(slices.Clone(goods), func(a ServiceAnswer) bool { return a.Repeat })
	denied := s.denied(fabricated)
	switch d := s.apart(goods, denied); {
	case len(denied) == 0 && serialsIn(goods) >= fewestSerials:
		return "every made-up serial is good, as if none were looked up"
	case d.which == "":
		return ""
	default:
		return fmt.Sprintf("good for %s only: %s", d.which, d.cause)
	}
}

// denied returns the first answers about made-up serials that say, in one way or another,
// that those are not assigned. "good" and an ordinary "revoked" say the contrary, of which
// other rules speak; tryLater and silence say nothing.
func (s ServiceSubject) denied(kinds evidence.Ask) []ServiceAnswer {
	var list []ServiceAnswer
	for _, a := range s.Answers {
		if !a.Ask.Has(kinds) || a.Repeat {
			continue
		}
		switch a.Answer.Answer {
		case "unknown", "unauthorized", "extended-revoked", "malformed-request":
			list = append(list, a)
		}
	}
	return list
}

// kindsOf returns the first answer of each kind.
func kindsOf(list []ServiceAnswer) []ServiceAnswer {
	var kinds []ServiceAnswer
	for _, a := range list {
		if !slices.ContainsFunc(kinds, func(k ServiceAnswer) bool { return k.Answer.Answer == a.Answer.Answer }) {
			kinds = append(kinds, a)
		}
	}
	return kinds
}

// denialsText names each kind of denial with a serial, and what sets the serials apart that
// get the rarer one.
func (s ServiceSubject) denialsText(denied []ServiceAnswer) string {
	var list []string
	var rare []ServiceAnswer
	for _, kind := range kindsOf(denied) {
		alike := slices.DeleteFunc(slices.Clone(denied), func(a ServiceAnswer) bool { return a.Answer.Answer != kind.Answer.Answer })
		list = append(list, fmt.Sprintf("%s for %s (%s)", kind.Answer.Answer, kind.Serial, kind.Strategy))
		if rare == nil || len(alike) < len(rare) {
			rare = alike
		}
	}
	others := slices.DeleteFunc(slices.Clone(denied), func(a ServiceAnswer) bool { return a.Answer.Answer == rare[0].Answer.Answer })
	text := strings.Join(list, ", ")
	if d := s.apart(rare, others); d.which != "" {
		text += fmt.Sprintf("; %s for %s only", rare[0].Answer.Answer, d.which)
	}
	return text
}

// apart says what sets some answers apart from the rest.
func (s ServiceSubject) apart(some, rest []ServiceAnswer) distinction {
	if len(some) == 0 || len(rest) == 0 {
		return distinction{}
	}
	method := onlyMethod(some)
	if method != "" && onlyMethod(rest) != "" && onlyMethod(rest) != method {
		return distinction{"questions by " + method, "the two methods do not look serials up in the same way, or a cache stands before one"}
	}
	d := s.byStrategy(some, rest)
	if d.which == "" {
		d = byLength(some, rest)
	}
	if d.which != "" && method == "GET" && slices.ContainsFunc(rest, func(a ServiceAnswer) bool {
		return a.Method != method && a.Serial == some[0].Serial
	}) {
		d = distinction{d.which + " by GET", d.cause + ", or a cache stands before GET whose keys are cut off"}
	}
	return d
}

// onlyMethod returns the method that all answers came by, or nothing.
func onlyMethod(list []ServiceAnswer) string {
	if slices.ContainsFunc(list, func(a ServiceAnswer) bool { return a.Method != list[0].Method }) {
		return ""
	}
	return list[0].Method
}

// byStrategy says in what way the serials were made that some answers are about, and no
// others.
func (s ServiceSubject) byStrategy(some, rest []ServiceAnswer) distinction {
	of, others := strategiesOf(some), strategiesOf(rest)
	has := func(id string) bool { return slices.Contains(of, id) }
	only := func(allowed ...string) bool {
		among := func(id string) bool { return slices.Contains(allowed, id) }
		return !slices.ContainsFunc(of, func(id string) bool { return !among(id) }) &&
			slices.ContainsFunc(others, func(id string) bool { return !among(id) })
	}
	switch {
	case only("ser-unissuable"):
		return distinction{"serials that no certificate may have", "they are not looked up, or not as the numbers they are"}
	case only("ser-sibling"):
		return distinction{"the real serial of another issuer", "the serial alone is looked up, and the issuer is ignored"}
	case only("ser-top-flip"):
		changed, left := s.flipped(some, "ser-top-flip")
		return distinction{"a known serial with its top " + changed + " changed", "the lookup is truncated to the low " + left + " or fewer"}
	case only("ser-neighbour", "ser-low-flip") && has("ser-low-flip"):
		changed, left := s.flipped(some, "ser-low-flip")
		return distinction{"a known serial with its low " + changed + " changed", "the lookup is truncated to the top " + left + " or fewer"}
	case only("ser-neighbour"):
		return distinction{"a neighbour of a known serial", "serials are looked up rounded or in part, or as ranges"}
	case only("ser-neighbour", "ser-top-flip", "ser-low-flip"):
		return distinction{"serials made from a known one", "serials are looked up in part"}
	case only("ser-ca-shaped", "ser-neighbour", "ser-top-flip", "ser-low-flip"):
		return distinction{"serials in the shape of the CA's", "others are turned away by their shape, and behind that nothing is looked up"}
	}
	return distinction{}
}

func strategiesOf(list []ServiceAnswer) []string {
	var ids []string
	for _, a := range list {
		if !slices.Contains(ids, a.Strategy) {
			ids = append(ids, a.Strategy)
		}
	}
	return ids
}

// flipped returns in words how many octets of the known certificate's serial a strategy changed,
// and how many it left.
func (s ServiceSubject) flipped(some []ServiceAnswer, strategy string) (changed, left string) {
	assigned := s.asked(evidence.Assigned)
	i := slices.IndexFunc(some, func(a ServiceAnswer) bool { return a.Strategy == strategy })
	if len(assigned) == 0 || i < 0 || len(assigned[0].Serial) != len(some[i].Serial) {
		return "octets", "octets"
	}
	known, serial := assigned[0].Serial, some[i].Serial
	first, last := 0, 0
	for at := 0; at+1 < len(known); at += 2 {
		if known[at:at+2] != serial[at:at+2] {
			if last == 0 {
				first = at / 2
			}
			last = at/2 + 1
		}
	}
	n, all := last, len(known)/2
	if strategy == "ser-low-flip" {
		n = all - first
	}
	return fmt.Sprintf("%d octets", n), fmt.Sprintf("%d octets", all-n)
}

// byLength says by what length of the serials some answers are apart from the rest. Serials
// made from known ones have no length of their own.
func byLength(some, rest []ServiceAnswer) distinction {
	own, others := octets(some), octets(rest)
	if len(own) == 0 || len(others) == 0 {
		return distinction{}
	}
	shared := slices.ContainsFunc(own, func(n int) bool { return slices.Contains(others, n) })
	var which string
	switch {
	case shared && allSigned(some) && !slices.ContainsFunc(rest, hasSignOctet):
		return distinction{"serials with a sign octet", "the 00 that DER puts before a set top bit is lost or misread"}
	case shared:
		return distinction{}
	case len(own) == 1:
		which = fmt.Sprintf("serials of %d octets", own[0])
	case slices.Max(own) < slices.Min(others):
		which = fmt.Sprintf("serials of up to %d octets", slices.Max(own))
	case slices.Min(own) > slices.Max(others):
		which = fmt.Sprintf("serials of %d octets or more", slices.Min(own))
	default:
		return distinction{}
	}
	return distinction{which, "serials of other lengths are turned away or looked up elsewhere"}
}

// octets returns the different lengths of serials that were drawn at random.
func octets(list []ServiceAnswer) []int {
	var lengths []int
	for _, a := range list {
		if n := len(a.Serial) / 2; drawnBits(a.Strategy, a.Serial) > 0 && a.Ask.Has(evidence.Unassigned) && !slices.Contains(lengths, n) {
			lengths = append(lengths, n)
		}
	}
	return lengths
}

func allSigned(list []ServiceAnswer) bool {
	return !slices.ContainsFunc(list, func(a ServiceAnswer) bool { return !hasSignOctet(a) })
}

// hasSignOctet reports whether DER puts 00 before a random serial, whose top bit is set.
func hasSignOctet(a ServiceAnswer) bool {
	return a.Ask.Has(evidence.Unassigned) && drawnBits(a.Strategy, a.Serial) > 0 && a.Serial[0] >= '8'
}
