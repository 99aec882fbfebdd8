package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progressing shows on a terminal how much of the lists has been asked about. How much there
// is shows from how far the lists have been read, until they have been read whole.
type progressing struct {
	mutex            sync.Mutex
	bar              *progressbar.ProgressBar // nil where nobody looks
	size, read       int64                    // octets of the lists; negative size: not known
	questions, count int64
	shown            int64 // as the whole
	complete         bool
}

// redraw is how often the bar is drawn at most.
const redraw = 100 * time.Millisecond

// begin shows the bar where standard error is a terminal.
func (p *progressing) begin(env *environment, quiet bool) {
	if !env.terminal || quiet {
		return
	}
	p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(env.stderr), progressbar.OptionSetDescription("asking"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetItsString("requests"), progressbar.OptionUseANSICodes(true), progressbar.OptionThrottle(redraw))
}

// sized adds the size of a list.
func (p *progressing) sized(name string) {
	info, err := os.Stat(name)
	switch {
	case err != nil || !info.Mode().IsRegular():
		p.size = -1
	case p.size >= 0:
		p.size += info.Size()
	}
}

// of counts what is read of a list.
func (p *progressing) of(list io.Reader) io.Reader { return &countedReader{list, p} }

type countedReader struct {
	io.Reader
	progress *progressing
}

func (c *countedReader) Read(octets []byte) (int, error) {
	n, err := c.Reader.Read(octets)
	c.progress.mutex.Lock()
	defer c.progress.mutex.Unlock()
	c.progress.read += int64(n)
	return n, err
}

// asked counts a question that will be put.
func (p *progressing) asked() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.questions++
}

// whole says that all lists have been read.
func (p *progressing) whole() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.complete = true
}

// answered counts an answer, unless it is to a question that was put before.
func (p *progressing) answered(again bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if again {
		return
	}
	p.count++
	if p.bar == nil {
		return
	}
	if all := max(p.all(), p.count); p.size > 0 && all != p.shown {
		p.shown = all
		p.bar.ChangeMax64(all)
	}
	_ = p.bar.Set64(p.count)
}

// all is how many questions there will be, as far as shows by now; 0 where nothing does.
func (p *progressing) all() int64 {
	switch {
	case p.complete:
		return p.questions
	case p.size <= 0 || p.read == 0:
		return 0
	}
	return int64(float64(p.questions) * max(1, float64(p.size)/float64(p.read)))
}

// aside has something be written to the terminal without the bar.
func (p *progressing) aside(write func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	write()
}

// end takes the bar away.
func (p *progressing) end() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
