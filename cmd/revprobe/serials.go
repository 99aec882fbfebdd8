package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/target"
)

// maxSerials is how many serials of each kind one run asks about at most: an hour's worth at
// the standard rate.
const maxSerials = 200

// unassigned reads what the flags say of unassigned serials: how they are made, and how many
// certificates each issuer is taken to have issued.
func (c *checking) unassigned(env *environment, o conformance.Options) (probe.Options, int64, error) {
	out := probe.Options{Asks: c.asks(o.Rules), Each: c.serials, CrossChecks: max(c.crossChecks, 0)}
	if c.serials < 1 || c.serials > maxSerials {
		return out, 0, hinted(fmt.Sprintf("--serials: %d is not between 1 and %d", c.serials, maxSerials), "each strategy is asked about with so many serials")
	}
	population, err := strconv.ParseFloat(c.population, 64)
	if err != nil || population < 1 || population > math.MaxInt64/2 {
		return out, 0, hinted("--population: "+quoted(c.population)+" is no number of certificates", "write it as 1000000 or 1e6")
	}
	known := &probe.Known{}
	if err := target.ReadKnown(c.known, known); err != nil {
		return out, 0, err
	}
	seed, err := c.seedBytes(env)
	out.Serials = probe.Serials{Seed: seed, Known: known}
	return out, int64(population), err
}

// seedBytes returns the seed that was given, or a random one.
func (c *checking) seedBytes(env *environment) ([]byte, error) {
	if c.seed != "" {
		seed, err := hex.DecodeString(c.seed)
		if err != nil || len(seed) < 8 {
			return nil, hinted("--seed: "+quoted(c.seed)+" is not at least 16 hexadecimal digits", "the seed of an earlier run stands in its report")
		}
		return seed, nil
	}
	seed := make([]byte, 16)
	if _, err := io.ReadFull(env.random, seed); err != nil {
		return nil, fmt.Errorf("drawing a seed: %w", err)
	}
	return seed, nil
}
