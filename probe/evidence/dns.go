package evidence

import "time"

// DNSWalk is what several servers said of one host's name: every resolver that was asked,
// then the name servers of its zone, each by its own addresses.
type DNSWalk struct {
	Host    string       `json:"host"`              // absolute, with the final dot
	Sibling string       `json:"sibling,omitempty"` // a made-up name beside it
	Zone    string       `json:"zone,omitempty"`    // that the host's name is in; empty where it was not found
	Servers []NameServer `json:"servers,omitempty"` // of the zone
	Replies []DNSReply   `json:"replies"`           // in the order in which they were asked for
	Cut     bool         `json:"cut,omitempty"`     // the time or the number of questions ran out
}

// NameServer is a name server of a zone (an NS record) with its addresses. It has none where
// they were not found or not asked for.
type NameServer struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses,omitempty"`
}

// DNSQuestion is a question put to one server of DNS.
type DNSQuestion struct {
	Server    string `json:"server"`  // ip:port
	Network   string `json:"network"` // "udp" or "tcp"
	Name      string `json:"name"`
	Type      string `json:"type"`                // of the records asked for, such as "AAAA"
	Recursive bool   `json:"recursive,omitempty"` // a resolver is asked: RD is set, and DO (RFC 4035 §3.2.1)
	Unchecked bool   `json:"unchecked,omitempty"` // CD is set: no validation by DNSSEC (RFC 4035 §3.2.2)
}

// DNSReply is a question and what came back.
type DNSReply struct {
	DNSQuestion
	Took          time.Duration `json:"took"`              // over all tries
	Tries         int           `json:"tries"`             // how often it was sent
	Failure       Failure       `json:"failure,omitempty"` // what kept any reply from coming
	Detail        string        `json:"detail,omitempty"`
	Code          string        `json:"code,omitempty"`          // such as "NXDOMAIN"; empty where no reply came
	Authoritative bool          `json:"authoritative,omitempty"` // AA
	Truncated     bool          `json:"truncated,omitempty"`     // TC
	Authenticated bool          `json:"authenticated,omitempty"` // AD: the resolver validated it (RFC 4035 §3.2.3)
	Errors        []DNSError    `json:"errors,omitempty"`
	Answer        []DNSRecord   `json:"answer,omitempty"`
	Authority     []DNSRecord   `json:"authority,omitempty"`
	Additional    []DNSRecord   `json:"additional,omitempty"`
}

// DNSError is an Extended DNS Error (RFC 8914).
type DNSError struct {
	Code uint16 `json:"code"`
	Text string `json:"text,omitempty"` // the registered name of the code, and what the server added
}

// DNSRecord is a resource record. Data is in presentation form.
type DNSRecord struct {
	Name string `json:"name"`
	Type string `json:"type"`
	TTL  uint32 `json:"ttl"` // seconds
	Data string `json:"data"`
}

// Codes of replies (RFC 1035 §4.1.1).
const (
	DNSNoError     = "NOERROR"
	DNSNameError   = "NXDOMAIN"
	DNSServerError = "SERVFAIL"
	DNSNotAllowed  = "REFUSED"
)

// Types of records.
const (
	TypeA     = "A"
	TypeAAAA  = "AAAA"
	TypeCNAME = "CNAME"
	TypeNS    = "NS"
	TypeSOA   = "SOA"
	TypeRRSIG = "RRSIG"
)

// Settled reports whether the reply says what records there are: some, none of that type,
// or none of that name.
func (r *DNSReply) Settled() bool { return r.Code == DNSNoError || r.Code == DNSNameError }

// Data returns the data of the answer's records of that type, whatever their owner.
func (r *DNSReply) Data(kind string) []string {
	var list []string
	for _, record := range r.Answer {
		if record.Type == kind {
			list = append(list, record.Data)
		}
	}
	return list
}
