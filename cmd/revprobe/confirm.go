package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/revprobe/revprobe/probe"
)

const (
	standardConfirmInterval = 10 * time.Second // a restart is over by the third try
	maxTries                = 20
)

// confirmFlags say how many tries of how many have to fail before a service counts as not
// being there.
type confirmFlags struct {
	share    string
	interval time.Duration
}

func (c *confirmFlags) register(f *pflag.FlagSet) {
	f.StringVar(&c.share, "confirm", "1/1", "")
	f.DurationVar(&c.interval, "confirm-interval", standardConfirmInterval, "")
}

func (c *confirmFlags) check(spaced bool) (probe.Confirmation, error) {
	var out probe.Confirmation
	failures, tries, both := strings.Cut(c.share, "/")
	n, errN := strconv.Atoi(failures)
	m, errM := strconv.Atoi(tries)
	switch {
	case !both || errN != nil || errM != nil || n < 1 || m < n || m > maxTries:
		return out, hinted(fmt.Sprintf("--confirm: %s is not N/M with 1 <= N <= M <= %d", quoted(c.share), maxTries), "--confirm 3/5: a failure counts when 3 of 5 tries fail")
	case n == 1 && m > 1:
		return out, hinted("--confirm: with "+c.share+" the first failure counts, and nothing is asked again", "--confirm 2/"+tries+" asks again")
	case c.interval < 0:
		return out, hinted("--confirm-interval: "+c.interval.String()+" is negative", "write it as --confirm-interval 30s")
	case spaced && m == 1:
		return out, hinted("--confirm-interval says nothing without --confirm", "--confirm 3/5 asks up to five times")
	}
	out.Failures, out.Tries, out.Interval = n, m, c.interval
	return out, nil
}

// announced tells, for a dry run, what follows from the answers.
func (c *confirmFlags) announced(o probe.Confirmation) string {
	if o.Tries < 2 {
		return ""
	}
	return fmt.Sprintf("where a service is not there it is asked again, %s apart, until %d of %d tries have failed or cannot any more\n", c.interval, o.Failures, o.Tries)
}
