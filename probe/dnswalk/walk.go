// Package dnswalk says which questions tell how a host's name is served, and in what order.
// It dials nothing and judges nothing: who uses it brings the way to ask.
package dnswalk

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// Bounds of one walk. Other people's servers answer it: a zone as usual, with two to four
// name servers, is done with some 20 questions to them.
const (
	maxResolvers = 3
	maxServers   = 6  // name servers that are asked
	maxNames     = 8  // name servers whose addresses are looked up
	maxQuestions = 70 // in all
	maxHops      = 12 // aliases that are followed one by one
)

// port is where name servers listen.
const port = "53"

// Ask puts one question. Where nothing more shall be asked it reports false.
type Ask func(evidence.DNSQuestion) (evidence.DNSReply, bool)

// Walk asks the resolvers about the host, finds the zone that its name is in, and asks each
// name server of that by its own addresses. Sibling is the first label of a made-up name
// beside the host's; without it none is asked for.
func Walk(ask Ask, resolvers []string, host, sibling string) *evidence.DNSWalk {
	w := &walker{ask: ask, walk: &evidence.DNSWalk{Host: absolute(host), Replies: []evidence.DNSReply{}}}
	if !w.resolve(resolvers[:min(len(resolvers), maxResolvers)]) {
		return w.walk
	}
	w.alias()
	w.findZone()
	w.findServers()
	w.askServers()
	if sibling != "" {
		w.walk.Sibling = sibling + "." + parent(w.walk.Host)
		w.recursive(w.walk.Sibling, evidence.TypeA)
	}
	return w.walk
}

type walker struct {
	ask      Ask
	walk     *evidence.DNSWalk
	resolver string                          // which is asked for everything but the host itself
	broken   bool                            // the resolver cannot say what is in the zone
	bogus    bool                            // it can when it does not validate
	glue     map[string][]evidence.DNSRecord // addresses that a referral came with, by name server
}

// put asks a question and, where the reply was cut, asks it again over TCP (RFC 7766 §5).
// Nil: nothing more shall be asked.
func (w *walker) put(q evidence.DNSQuestion) *evidence.DNSReply {
	if len(w.walk.Replies) >= maxQuestions {
		w.walk.Cut = true
	}
	if w.walk.Cut {
		return nil
	}
	reply, more := w.ask(q)
	if !more {
		w.walk.Cut = true
		return nil
	}
	reply.DNSQuestion = q
	w.walk.Replies = append(w.walk.Replies, reply)
	if reply.Truncated && q.Network == "udp" {
		q.Network = "tcp"
		if whole := w.put(q); whole != nil && whole.Code != "" {
			return whole
		}
	}
	return &reply
}

func (w *walker) recursive(name, kind string) *evidence.DNSReply {
	return w.put(evidence.DNSQuestion{Server: w.resolver, Network: "udp", Name: name, Type: kind, Recursive: true, Unchecked: w.bogus})
}

func (w *walker) direct(address, network, name, kind string) *evidence.DNSReply {
	return w.put(evidence.DNSQuestion{Server: net.JoinHostPort(address, port), Network: network, Name: name, Type: kind})
}

// resolve asks every resolver about the host, and whether it is validation by DNSSEC that
// makes it fail. It takes the one that knows most for the rest, and reports whether any
// answers at all.
func (w *walker) resolve(resolvers []string) bool {
	best := 0
	for _, server := range resolvers {
		for _, kind := range []string{evidence.TypeA, evidence.TypeAAAA} {
			q := evidence.DNSQuestion{Server: server, Network: "udp", Name: w.walk.Host, Type: kind, Recursive: true}
			reply := w.put(q)
			if reply == nil {
				break
			}
			if rank := knows(reply); rank > best {
				best, w.resolver = rank, server
			}
			if reply.Code == "" {
				break // it will not answer the other either
			}
			if reply.Code == evidence.DNSServerError && kind == evidence.TypeA {
				w.validation(q)
			}
		}
	}
	return best > 0
}

// validation finds out whether a failure is one of DNSSEC, and no passing one.
func (w *walker) validation(failed evidence.DNSQuestion) {
	unchecked := failed
	unchecked.Unchecked = true
	if reply := w.put(unchecked); reply == nil || !reply.Settled() {
		return
	}
	if again := w.put(failed); again != nil && again.Code == evidence.DNSServerError {
		w.bogus = true
	}
}

func knows(reply *evidence.DNSReply) int {
	switch {
	case reply.Code == "":
		return 0
	case reply.Code == evidence.DNSNoError:
		return 3
	case reply.Code == evidence.DNSNameError:
		return 2
	}
	return 1
}

// alias follows the aliases one by one where the resolvers could not: they may go round in
// circles.
func (w *walker) alias() {
	if slices.ContainsFunc(w.walk.Replies, func(r evidence.DNSReply) bool { return r.Settled() }) {
		return
	}
	seen := map[string]bool{}
	name := w.walk.Host
	for range maxHops {
		seen[strings.ToLower(name)] = true
		reply := w.recursive(name, evidence.TypeCNAME)
		if reply == nil {
			return
		}
		target := aliasIn(reply, name)
		if target == "" || seen[strings.ToLower(target)] {
			return
		}
		name = target
	}
}

func aliasIn(reply *evidence.DNSReply, name string) string {
	for _, record := range reply.Answer {
		if record.Type == evidence.TypeCNAME && strings.EqualFold(record.Name, name) {
			return record.Data
		}
	}
	return ""
}

// findZone finds the nearest zone above the host that the resolver knows. An alias is never
// the top of a zone (RFC 1034 §3.6.2), so that the question goes to the name above it.
func (w *walker) findZone() {
	name := w.walk.Host
	if slices.ContainsFunc(w.walk.Replies, func(r evidence.DNSReply) bool { return aliasIn(&r, w.walk.Host) != "" }) {
		name = parent(name)
	}
	for ; name != "."; name = parent(name) {
		reply := w.recursive(name, evidence.TypeSOA)
		if reply == nil {
			return
		}
		if w.walk.Zone = zoneIn(reply, name); w.walk.Zone != "" {
			return
		}
		w.broken = true
	}
}

// zoneIn is the zone that a reply about a name is from, or "".
func zoneIn(reply *evidence.DNSReply, name string) string {
	if !reply.Settled() {
		return ""
	}
	for _, record := range slices.Concat(reply.Answer, reply.Authority) {
		if record.Type == evidence.TypeSOA && record.Name != "." && within(name, record.Name) {
			return strings.ToLower(record.Name)
		}
	}
	return ""
}

// findServers finds the name servers of the zone and their addresses. Where the resolver
// could not look into the zone, those of the zone above say to whom it is delegated.
func (w *walker) findServers() {
	if w.walk.Zone == "" || w.unregistered() {
		return
	}
	w.lookUpServers()
	if !w.broken {
		return
	}
	for _, server := range w.walk.Servers {
		for _, address := range one(server.Addresses) {
			reply := w.direct(address, "udp", w.walk.Host, evidence.TypeA)
			if reply == nil {
				return
			}
			if w.follow(reply) {
				return
			}
		}
	}
}

// unregistered reports whether the host does not exist, nor the domain that it would be in:
// a registry's servers need not be asked about that one by one.
func (w *walker) unregistered() bool {
	return strings.Count(w.walk.Zone, ".") == 1 &&
		slices.ContainsFunc(w.walk.Replies, func(r evidence.DNSReply) bool { return r.Code == evidence.DNSNameError })
}

func (w *walker) lookUpServers() {
	reply := w.recursive(w.walk.Zone, evidence.TypeNS)
	if reply == nil {
		return
	}
	w.nameServers(reply.Data(evidence.TypeNS))
}

// follow takes the name servers that a referral (RFC 1034 §4.3.1) names for a zone below the
// one that is known so far.
func (w *walker) follow(reply *evidence.DNSReply) bool {
	var names []string
	zone := ""
	for _, record := range reply.Authority {
		if record.Type == evidence.TypeNS && within(w.walk.Host, record.Name) && within(record.Name, w.walk.Zone) &&
			!strings.EqualFold(record.Name, w.walk.Zone) {
			names, zone = append(names, record.Data), strings.ToLower(record.Name)
		}
	}
	if reply.Authoritative || zone == "" {
		return false
	}
	w.walk.Zone, w.walk.Servers = zone, nil
	w.glue = map[string][]evidence.DNSRecord{}
	for _, record := range reply.Additional {
		name := strings.ToLower(record.Name)
		w.glue[name] = append(w.glue[name], record)
	}
	w.nameServers(names)
	return true
}

// nameServers notes these name servers with their addresses.
func (w *walker) nameServers(names []string) {
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	slices.Sort(names)
	for i, name := range slices.Compact(names) {
		server := evidence.NameServer{Name: name}
		if i < maxNames {
			server.Addresses = w.addresses(name)
		}
		w.walk.Servers = append(w.walk.Servers, server)
	}
}

func (w *walker) addresses(name string) []string {
	var found []string
	add := func(record evidence.DNSRecord, kind string) {
		if _, err := netip.ParseAddr(record.Data); err == nil && record.Type == kind && !slices.Contains(found, record.Data) {
			found = append(found, record.Data)
		}
	}
	for _, kind := range []string{evidence.TypeA, evidence.TypeAAAA} {
		for _, record := range w.glue[name] {
			add(record, kind)
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, kind := range []string{evidence.TypeA, evidence.TypeAAAA} {
		if reply := w.recursive(name, kind); reply != nil {
			for _, record := range reply.Answer {
				add(record, kind)
			}
		}
	}
	return found
}

// askServers asks each name server, by one address of each family, what it knows of the
// zone and of the host.
func (w *walker) askServers() {
	asked := 0
	for _, server := range w.walk.Servers {
		if len(server.Addresses) == 0 {
			continue
		}
		if asked++; asked > maxServers {
			return
		}
		for i, address := range oneOfEach(server.Addresses) {
			reply := w.direct(address, "udp", w.walk.Zone, evidence.TypeSOA)
			if reply == nil || reply.Code == "" {
				continue // it keeps silent: more questions would not tell more
			}
			w.direct(address, "udp", w.walk.Host, evidence.TypeA)
			if i == 0 {
				w.direct(address, "udp", w.walk.Host, evidence.TypeAAAA)
				w.direct(address, "tcp", w.walk.Host, evidence.TypeA)
			}
		}
	}
}

func one(list []string) []string { return list[:min(len(list), 1)] }

func oneOfEach(addresses []string) []string {
	var four, six []string
	for _, address := range addresses {
		if strings.Contains(address, ":") {
			six = append(six, address)
		} else {
			four = append(four, address)
		}
	}
	return slices.Concat(one(four), one(six))
}

func absolute(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) + "." }

// parent is the name without its first label; that of the root is the root.
func parent(name string) string {
	_, above, _ := strings.Cut(name, ".")
	if above == "" {
		return "."
	}
	return above
}

// within reports whether a name is the zone's top or below it.
func within(name, zone string) bool {
	name, zone = strings.ToLower(name), strings.ToLower(zone)
	return name == zone || zone == "." || strings.HasSuffix(name, "."+zone)
}
