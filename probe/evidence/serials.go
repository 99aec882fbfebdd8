package evidence

// Entropy is what the known serials of an issuer tell of how it makes them.
type Entropy string

// The entropies.
const (
	EntropyUnknown Entropy = "unknown" // too few are known
	EntropyLow     Entropy = "low"     // they are sequential, or too little in them varies
	EntropyRandom  Entropy = "random"  // as far as they show
)

// IssuerSerials is what a run took for granted of one issuer's serials when it made up
// unassigned ones.
type IssuerSerials struct {
	Issuer  string  `json:"issuer"` // fingerprint of its certificate
	Known   int     `json:"known"`  // how many of its serials were known
	Entropy Entropy `json:"entropy"`
	Why     string  `json:"why,omitempty"`  // what the entropy follows from, where it is not random
	Bits    int     `json:"bits,omitempty"` // how many vary among the known ones; 0 where too few are known
	// Sequential is set for an issuer of CAs' certificates, whose serials may be few and
	// sequential whatever is known.
	Sequential bool              `json:"sequential,omitempty"`
	Skipped    []SkippedStrategy `json:"skipped,omitempty"`
}

// SkippedStrategy is a way to make up serials that was not used, and why.
type SkippedStrategy struct {
	Strategy string `json:"strategy"`
	Why      string `json:"why"`
}

// SerialsOf returns what was taken for granted of the issuer with that fingerprint, or nil.
func (r *Run) SerialsOf(issuer string) *IssuerSerials {
	for i := range r.Issuers {
		if r.Issuers[i].Issuer == issuer {
			return &r.Issuers[i]
		}
	}
	return nil
}
