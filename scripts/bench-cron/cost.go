package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"
)

// cost is what one run of revprobe took.
type cost struct {
	wall, cpu time.Duration // cpu: user and system
	peak      float64       // MiB
}

func run(ctx context.Context, program string, args []string) (cost, error) {
	command := exec.CommandContext(ctx, program, args...)
	begin := time.Now()
	text, err := command.CombinedOutput()
	if err != nil || len(text) > 0 {
		return cost{}, fmt.Errorf("running revprobe: %v\n%.2000s", err, text)
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{time.Since(begin), command.ProcessState.UserTime() + command.ProcessState.SystemTime(), float64(usage.Maxrss) / 1024}, nil
}

func (c cost) write(out io.Writer, n int) {
	fmt.Fprintf(out, "  run %d: %.1f s of processor time, %.1f s in all, at most %.0f MiB\n", n+1, c.cpu.Seconds(), c.wall.Seconds(), c.peak)
}

func (s sizes) write(out io.Writer) {
	fmt.Fprintf(out, "  state: %.1f MB after the first run, %.2f MB more in the first day, %.2f MB in the second\n",
		float64(s.first)/1e6, float64(s.day-s.first)/1e6, float64(s.twoDays-s.day)/1e6)
}

// judge says which bounds hold; the exit code tells whether one is clearly missed.
func judge(out io.Writer, costs []cost, s sizes) int {
	most := time.Duration(0)
	for _, c := range costs {
		most = max(most, c.cpu)
	}
	code := bound(out, "a run takes less than 10 s of processor time", most.Seconds(), mostCPU.Seconds())
	return max(code, bound(out, "the state grows by less than 1 MB a day", float64(max(s.day-s.first, s.twoDays-s.day)), mostGrowth))
}

func bound(out io.Writer, says string, got, most float64) int {
	switch {
	case got > clearly*most:
		fmt.Fprintf(out, "  %s: MISSED: %.3g, not %.3g\n", says, got, most)
		return exitMissed
	case got >= most:
		fmt.Fprintf(out, "  %s: missed by less than a tenth: %.3g, not %.3g\n", says, got, most)
	default:
		fmt.Fprintf(out, "  %s: holds\n", says)
	}
	return exitHolds
}
