package evidence

import "time"

// Timeline is all that a file of history knows of one service, which is a URL with the CA it
// was asked about. Windows end with its last check.
type Timeline struct {
	URL        string       `json:"url"`
	CA         string       `json:"ca"` // the name of the CA; empty where it was not known
	Responder  bool         `json:"responder"`
	First      time.Time    `json:"first"` // when it was first asked
	Last       time.Time    `json:"last"`  // when it was asked the last time
	Asked      int          `json:"asked"` // how often that was, of what is kept
	LastAnswer time.Time    `json:"last_answer"`
	Checks     []PastChecks `json:"checks"`
	Outages    []Outage     `json:"outages"` // of all that is kept, the oldest first
	Latency    Latency      `json:"latency"`
	CRLs       []CRLVersion `json:"crls"` // by thisUpdate
	Answers    []PastAnswer `json:"answers"`
}

// Latency is how long whole answers took; of each check its slowest one counts.
type Latency struct {
	Median    time.Duration `json:"median"`
	Slowest   time.Duration `json:"slowest"`
	SlowestAt time.Time     `json:"slowest_at"`
}

// Down returns the outage that goes on, if there is one.
func (t *Timeline) Down() (Outage, bool) {
	if n := len(t.Outages); n > 0 && t.Outages[n-1].End.IsZero() {
		return t.Outages[n-1], true
	}
	return Outage{}, false
}
