// Command bench-cron measures what it costs to run revprobe every hour from cron: the
// processor time of a run over 100 responders and 200 CRLs of 10,000 entries on loopback,
// and by how much the file of --state grows in a day.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/revprobe/revprobe/probe/history"
)

// The exit codes: every bound holds or is missed by little, one is clearly missed, trouble.
const (
	exitHolds = iota
	exitMissed
	exitTrouble
)

// The bounds of an hourly run, and of a day of them.
const (
	mostCPU    = 10 * time.Second
	mostGrowth = 1e6 // octets
	clearly    = 1.1
)

// hoursOfDay are recorded before anything is measured that begins with a full file.
const hoursOfDay = 24

func main() {
	var s size
	flag.IntVar(&s.responders, "responders", 100, "so many CAs have a responder")
	flag.IntVar(&s.crls, "crls", 200, "so many CAs, each with a CRL")
	flag.IntVar(&s.entries, "entries", 10_000, "of each CRL")
	runs := flag.Int("runs", 3, "so many runs are measured, of one hour each")
	flag.Parse()
	if s.responders > s.crls || s.responders < 0 || s.entries < 1 || *runs < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "bench-cron: --responders is at most --crls, --entries and --runs are at least 1, and there are no arguments")
		os.Exit(exitTrouble)
	}
	code, err := measure(context.Background(), os.Stdout, s, *runs)
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench-cron: %v\n", err)
		code = exitTrouble
	}
	os.Exit(code)
}

// measure lets an empty file grow through two days, and runs revprobe itself on it.
func measure(ctx context.Context, out io.Writer, s size, runs int) (int, error) {
	dir, err := os.MkdirTemp("", "revprobe-bench-")
	if err != nil {
		return exitTrouble, err
	}
	defer os.RemoveAll(dir)
	program, state := filepath.Join(dir, "revprobe"), filepath.Join(dir, "state.db")
	if text, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/revprobe/revprobe/cmd/revprobe").CombinedOutput(); err != nil {
		return exitTrouble, fmt.Errorf("building revprobe: %w\n%s", err, text)
	}
	hours := 2*hoursOfDay + runs
	w := newWorld(s, hours, time.Now().Truncate(time.Second).Add(-time.Duration(hours)*time.Hour))
	defer w.server.Close()
	fmt.Fprintf(out, "%d responders, %d CRLs of %d entries; every CRL is issued anew every %d h with %d entries more\n", s.responders, s.crls, s.entries, reissued, added)
	growth, err := w.twoDays(ctx, state)
	if err != nil {
		return exitTrouble, err
	}
	growth.write(out)
	names, err := w.write(dir)
	if err != nil {
		return exitTrouble, err
	}
	args := append([]string{"check", "--allow-private", "--quiet", "--fail-on", "critical", "--state", state}, names...)
	var costs []cost
	for n := range runs {
		if err := w.play(2*hoursOfDay+n, time.Now()); err != nil {
			return exitTrouble, err
		}
		c, err := run(ctx, program, args)
		if err != nil {
			return exitTrouble, err
		}
		c.write(out, n)
		costs = append(costs, c)
	}
	return judge(out, costs, growth), nil
}

// sizes are those of a file of history, in octets.
type sizes struct{ first, day, twoDays int64 }

// twoDays records the runs of two days, every hour, as revprobe would.
func (w *world) twoDays(ctx context.Context, state string) (s sizes, err error) {
	for hour := range 2 * hoursOfDay {
		if err := w.hour(ctx, state, hour); err != nil {
			return s, err
		}
		info, err := os.Stat(state)
		if err != nil {
			return s, err
		}
		switch hour {
		case 0:
			s.first = info.Size()
		case hoursOfDay - 1:
			s.day = info.Size()
		}
		s.twoDays = info.Size()
	}
	return s, nil
}

// hour records one run.
func (w *world) hour(ctx context.Context, state string, hour int) error {
	store, err := history.Open(ctx, state)
	if err != nil {
		return err
	}
	defer store.Close()
	seen := history.Observe(w.run(hour))
	if _, err := store.Past(ctx, seen); err != nil {
		return err
	}
	return store.Record(ctx, seen)
}
