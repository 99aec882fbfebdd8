package report

import (
	"encoding/hex"
	"io"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

type timelineLine struct {
	Type         string               `json:"type"`
	URL          string               `json:"url"`
	CA           string               `json:"ca"`
	Responder    bool                 `json:"responder"`
	First        string               `json:"first"`
	Last         string               `json:"last"`
	LastAnswer   string               `json:"last_answer"`
	Asked        int                  `json:"asked"`
	Availability []availabilityObject `json:"availability"`
	Outages      []outageObject       `json:"outages"`
	Latency      latencyObject        `json:"latency"`
	CRLs         []crlObject          `json:"crls"`
	Answers      []pastAnswerObject   `json:"answers"`
}

type availabilityObject struct {
	Days   int    `json:"days"`
	Since  string `json:"since"`
	Asked  int    `json:"asked"`
	Failed int    `json:"failed"`
}

type outageObject struct {
	Start  string `json:"start"`
	End    string `json:"end"`
	Cause  string `json:"cause"`
	Checks int    `json:"checks"`
}

type latencyObject struct {
	Median    float64 `json:"median"`
	Slowest   float64 `json:"slowest"`
	SlowestAt string  `json:"slowest_at"`
}

type crlObject struct {
	Number     string `json:"number"`
	ThisUpdate string `json:"this_update"`
	NextUpdate string `json:"next_update"`
	Entries    int    `json:"entries"`
	First      string `json:"first"`
	Last       string `json:"last"`
}

type pastAnswerObject struct {
	Serial      string `json:"serial"`
	Status      string `json:"status"`
	Since       string `json:"since"`
	Revoked     string `json:"revoked"`
	Reason      string `json:"reason"`
	ThisUpdate  string `json:"this_update"`
	NextUpdate  string `json:"next_update"`
	Last        string `json:"last"`
	LastStatus  string `json:"last_status"`
	FirstGood   string `json:"first_good"`
	Certificate string `json:"certificate_ends"`
}

// HistoryJSON writes the timeline of each service as JSON lines, one service a line. An
// error is w's.
func HistoryJSON(w io.Writer, list []evidence.Timeline) error {
	out := jsonLines{to: w}
	for i := range list {
		out.add(timelineLineOf(&list[i]))
	}
	return out.end()
}

func timelineLineOf(t *evidence.Timeline) timelineLine {
	line := timelineLine{Type: "timeline", URL: t.URL, CA: t.CA, Responder: t.Responder, First: stamp(t.First), Last: stamp(t.Last),
		LastAnswer: stamp(t.LastAnswer), Asked: t.Asked, Availability: []availabilityObject{}, Outages: []outageObject{},
		Latency: latencyObject{t.Latency.Median.Seconds(), t.Latency.Slowest.Seconds(), stamp(t.Latency.SlowestAt)},
		CRLs:    []crlObject{}, Answers: []pastAnswerObject{}}
	for _, c := range t.Checks {
		line.Availability = append(line.Availability, availabilityObject{int(c.Window / (24 * time.Hour)), stamp(c.Since), c.Asked, c.Failed})
	}
	for _, o := range t.Outages {
		line.Outages = append(line.Outages, outageObject{stamp(o.Start), stamp(o.End), string(o.Cause), o.Checks})
	}
	for _, v := range t.CRLs {
		line.CRLs = append(line.CRLs, crlObject{hex.EncodeToString(v.Number), stamp(v.ThisUpdate), stamp(v.NextUpdate), v.Entries, stamp(v.First), stamp(v.Last)})
	}
	for _, a := range t.Answers {
		line.Answers = append(line.Answers, pastAnswerObject{a.Serial, a.Status, stamp(statusSince(a)), stamp(a.Revoked), reasonOf(a),
			stamp(a.ThisUpdate), stamp(a.NextUpdate), stamp(a.Seen), a.LastStatus, stamp(a.FirstGood), stamp(a.NotAfter)})
	}
	return line
}

// reasonOf is why a certificate was revoked; empty where the responder gave no reason.
func reasonOf(a evidence.PastAnswer) string {
	if a.Reason < 0 {
		return ""
	}
	return revocation.ReasonCode(a.Reason).String()
}
