package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/revprobe/revprobe/probe"
)

const (
	standardInterval = time.Second
	maxRepeats       = 1000 // whoever wants more wants to be told over days, by --state
)

// replicaFlags say how the machines that one service is are compared.
type replicaFlags struct {
	everyAddress bool
	repeat       int
	interval     time.Duration
}

func (r *replicaFlags) register(f *pflag.FlagSet) {
	f.BoolVar(&r.everyAddress, "every-address", false, "")
	f.IntVar(&r.repeat, "repeat", 0, "")
	f.DurationVar(&r.interval, "interval", standardInterval, "")
}

func (r *replicaFlags) check(spaced bool) (probe.Replicas, error) {
	switch {
	case r.repeat < 0 || r.repeat > maxRepeats:
		return probe.Replicas{}, hinted(fmt.Sprintf("--repeat: %d is not between 0 and %d", r.repeat, maxRepeats), "--state compares over days")
	case r.interval < 0:
		return probe.Replicas{}, hinted("--interval: "+r.interval.String()+" is negative", "write it as --interval 10s")
	case spaced && r.repeat == 0:
		return probe.Replicas{}, hinted("--interval says nothing without --repeat", "--repeat 20 asks twenty times")
	}
	return probe.Replicas{EveryAddress: r.everyAddress, Rounds: r.repeat, Interval: r.interval}, nil
}

// announced tells, for a dry run, what follows from the answers.
func (r *replicaFlags) announced() string {
	const questions = "one question about an unassigned serial, those about the certificate, and the CRLs"
	text := ""
	if r.everyAddress {
		text = fmt.Sprintf("then each address that takes connections, up to %d of a host with several, is asked again: %s\n", probe.MaxPinned, questions)
	}
	if r.repeat > 0 {
		again := questions + " are asked"
		if r.everyAddress {
			again = "these are asked"
		}
		text += fmt.Sprintf("%s %d times, %s apart\n", again, r.repeat, r.interval)
	}
	return text
}
