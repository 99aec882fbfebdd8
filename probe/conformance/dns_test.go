package conformance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// What one resolver alone says of DNSSEC may be that resolver's own fault.
func TestBogusTakesTwoWitnesses(t *testing.T) {
	t.Parallel()
	alone := func(d *fixtures.DNS) { d.LastResolver = evidence.DNSServFail }
	until := func(at time.Time) func(*fixtures.DNS) {
		return func(d *fixtures.DNS) { alone(d); d.SignedUntil = at }
	}
	expired := noon.Add(-time.Second)
	for name, c := range map[string]struct {
		change func(*fixtures.DNS)
		resign bool // with another key
		want   conformance.Severity
	}{
		"two":                               {func(*fixtures.DNS) {}, false, conformance.Error},
		"two of a valid signature":          {func(d *fixtures.DNS) { d.SignedUntil = noon.Add(48 * time.Hour) }, false, conformance.Error},
		"one":                               {alone, false, conformance.Warning},
		"one, the other does not know it":   {func(d *fixtures.DNS) { d.LastResolver = evidence.DNSNXDomain }, false, conformance.Warning},
		"one of a valid signature":          {until(noon.Add(48 * time.Hour)), false, conformance.Warning},
		"one of one that ends this second":  {until(noon), false, conformance.Warning},
		"one of an expired signature":       {until(expired), false, conformance.Error},
		"one of an expired and a valid one": {until(expired), true, conformance.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
			fake.DNS.Bogus = true
			c.change(&fake.DNS)
			run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.WalkDNS)
			if c.resign {
				resign(run)
			}
			found := conformance.Severity(0)
			for _, f := range judge(t, run).Findings {
				if f.Rule.ID == "dns-dnssec-valid" {
					found = max(found, f.Severity)
				}
			}
			if found != c.want {
				t.Errorf("the severity is %s, want %s", found, c.want)
			}
		})
	}
}

// resign adds to each signature of a host's records one that lasts a day longer.
func resign(run *evidence.Run) {
	for _, x := range run.Exchanges {
		if x.DNS == nil {
			continue
		}
		for i, r := range x.DNS.Replies {
			for _, record := range r.Answer {
				if record.Type == evidence.TypeRRSIG {
					record.Data = strings.ReplaceAll(record.Data, noon.Format("20060102"), noon.AddDate(0, 0, 1).Format("20060102"))
					x.DNS.Replies[i].Answer = append(x.DNS.Replies[i].Answer, record)
				}
			}
		}
	}
}
