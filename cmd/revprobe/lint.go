package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/probe/target"
	"github.com/revprobe/revprobe/probe/transport"
	"github.com/revprobe/revprobe/revocation"
)

func lint(ctx context.Context, env *environment, args []string) (int, error) {
	var judging judging
	var issuers []string
	var cert, at string
	f := flags("lint")
	judging.register(f)
	f.StringArrayVar(&issuers, "issuer", nil, "")
	f.StringVar(&cert, "cert", "", "")
	f.StringVar(&at, "at", "", "")
	if err := parse(f, args); err != nil {
		return 0, err
	}
	j, err := judging.check()
	if err != nil {
		return 0, err
	}
	if f.NArg() == 0 {
		return 0, hinted("lint: no file was named", "revprobe help lint")
	}
	moment, err := momentFlag("at", at, env.now().UTC())
	if err != nil {
		return 0, err
	}
	l := &linter{env: env, judge: j, at: moment, atGiven: at != "", maxPiped: transport.DefaultMaxBody,
		run: &evidence.Run{Version: version, Started: moment, Scope: j.scope}}
	if err := l.certificates(issuers, cert); err != nil {
		return 0, err
	}
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(collectRarely))
	}
	return interruptible(ctx, func() (int, error) { return l.lint(f.Args()) })
}

// collectRarely is the GOGC of lint, unless the user sets it: a file leaves little behind, and
// to collect it while the entries of a large CRL pass costs more than it frees.
const collectRarely = 400

// interruptible runs work that does not look at ctx: reading a file or a pipe may block for
// ever. When ctx ends first, the work is left where it stands.
func interruptible(ctx context.Context, work func() (int, error)) (int, error) {
	type outcome struct {
		code int
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		code, err := work()
		done <- outcome{code, err}
	}()
	select {
	case o := <-done:
		return o.code, o.err
	case <-ctx.Done():
		return 0, errors.New("interrupted before every file was judged")
	}
}

// linter judges files one after the other, so that no more than one is open at a time.
type linter struct {
	env     *environment
	judge   judge
	at      time.Time
	atGiven bool
	run     *evidence.Run
	subject string // fingerprint of the certificate whose status is asked

	maxPiped int64 // octets of what is no regular file, all of which are kept before they are judged
}

func (l *linter) certificates(issuers []string, cert string) error {
	for _, name := range issuers {
		if _, err := l.add(name); err != nil {
			return err
		}
	}
	if cert == "" {
		return nil
	}
	subject, err := l.add(cert)
	l.subject = subject
	return err
}

// open opens a file that an argument names.
func open(name string) (*os.File, error) {
	file, err := os.Open(name)
	var inner *os.PathError
	if errors.As(err, &inner) {
		return nil, fmt.Errorf("reading %s: %w", name, inner.Err)
	}
	if info, problem := file.Stat(); problem == nil && info.IsDir() {
		_ = file.Close()
		return nil, hinted("reading "+name+": it is a directory", "name the files in it")
	}
	return file, err
}

// add keeps the certificates of a file and returns the fingerprint of the first.
func (l *linter) add(name string) (string, error) {
	file, err := open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	list, err := target.ReadCertificates(file, name)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		l.run.AddCertificate(c.Raw, name)
	}
	return evidence.Fingerprint(list[0].Raw), nil
}

// lint judges the files and returns the exit code. What cannot be read, or is no document
// that we know, is told in one line and makes it a usage error; the others are judged all
// the same.
func (l *linter) lint(names []string) (int, error) {
	whole := &conformance.Report{Run: l.run, Profile: l.judge.options.Profile}
	count, least := 0, exitClean
	for _, name := range names {
		r, err := l.file(name)
		judged := r != nil
		if err == nil {
			err = useless(name, r)
			judged = err == nil || l.judge.format.Name == "json"
		}
		if judged {
			whole.Add(r)
		} else {
			count++
		}
		if err != nil {
			warn(l.env, err)
			least = max(least, codeOf(err))
		}
	}
	if count == len(names) && l.judge.format.Name == "text" {
		return least, nil
	}
	return l.judge.publish(l.env, whole, report.ByFile, least)
}

// useless says why a file turned out to be nothing that could be judged; nil where it was.
func useless(name string, r *conformance.Report) error {
	if len(r.Documents) != 1 || len(r.Findings) > 0 {
		return nil
	}
	switch d := r.Documents[0]; {
	case d.Kind == revocation.KindUnrecognised:
		return fmt.Errorf("reading %s: it is %s", name, d.Problem)
	case !d.Decoded && d.Kind != revocation.KindOCSPResponse && d.Kind != revocation.KindCRL:
		return fmt.Errorf("reading %s as %s: %s", name, d.Kind, d.Problem)
	}
	return nil
}

// file judges one file. What is no regular file is kept first, since a CRL may have to be
// read twice. With an error, the report is of no more than the first of several PEM blocks.
func (l *linter) file(name string) (*conformance.Report, error) {
	body, close, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer close()
	shown := shownName(name)
	watched := &watchedFile{ReaderAt: body.Octets}
	body.Octets = watched
	x := evidence.Exchange{ID: shown, Question: evidence.Question{Ask: evidence.File, Subject: l.subject},
		At: l.at, AtAssumed: !l.atGiven, Blob: body}
	head := make([]byte, min(body.Length, revocation.HeadSize))
	if n, err := io.ReadFull(x.BodyReader(), head); err != nil {
		if head = head[:n]; watched.err != nil {
			return nil, fmt.Errorf("reading %s: %w", shown, watched.err)
		}
	}
	if isCompressed(head) || revocation.Recognise(head, body.Length).Kind == revocation.KindArchive {
		return l.archive(x.BodyReader(), shown)
	}
	one := *l.run
	one.Exchanges = []evidence.Exchange{x}
	r := conformance.Examine(&one, l.judge.options)
	if watched.err != nil {
		return nil, fmt.Errorf("reading %s: %w", shown, watched.err)
	}
	if bytes.Contains(head, []byte("-----BEGIN ")) && severalBlocks(x.BodyReader()) {
		return r, fmt.Errorf("reading %s: only the first of its PEM blocks was judged: write the others to files of their own", shown)
	}
	return r, nil
}

func shownName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// open returns the octets of a file or of standard input, and what closes them.
func (l *linter) open(name string) (*evidence.Blob, func(), error) {
	reader, close := l.env.stdin, func() {}
	if name != "-" {
		file, err := open(name)
		if err != nil {
			return nil, nil, err
		}
		close = func() { _ = file.Close() }
		info, err := file.Stat()
		switch {
		case err != nil:
			close()
			return nil, nil, err
		case info.Mode().IsRegular() && info.Size() > 0: // those of /proc say that they are empty
			return &evidence.Blob{Octets: file, Length: info.Size()}, close, nil
		}
		reader = file
	}
	defer close()
	spool := &transport.Spool{}
	kept, reading, keeping := transport.Keep(io.LimitReader(reader, l.maxPiped+1), spool)
	if kept.Length > l.maxPiped {
		reading = fmt.Errorf("it goes on for more than %d MiB: what is longer is read from a file only", l.maxPiped>>20)
	}
	if reading != nil || keeping != nil {
		_ = spool.Close()
		return nil, nil, fmt.Errorf("reading %s: %w", shownName(name), cmp.Or(reading, keeping))
	}
	if kept.Blob == nil {
		kept.Blob = &evidence.Blob{Octets: bytes.NewReader(kept.Body), Length: kept.Length}
	}
	return kept.Blob, func() { _ = spool.Close() }, nil
}

// archive judges a run of check again, at the times at which it was answered.
func (l *linter) archive(r io.Reader, name string) (*conformance.Report, error) {
	spool := &transport.Spool{}
	defer func() { _ = spool.Close() }()
	run, err := readRun(r, name, spool)
	if err != nil {
		return nil, err
	}
	if l.atGiven {
		run.Past = nil // it came before the time of the run, not before this one
		for i := range run.Exchanges {
			run.Exchanges[i].At, run.Exchanges[i].Moved = l.at, true
		}
	}
	for _, c := range l.run.Certificates {
		run.AddCertificate(c.DER, c.Origin)
	}
	if l.judge.scope != "" {
		run.Scope = l.judge.scope
	}
	return conformance.Examine(run, l.judge.options), nil
}

// watchedFile remembers a read error, which would otherwise look like a short file.
type watchedFile struct {
	io.ReaderAt
	err error
}

// ReadAt implements io.ReaderAt.
func (w *watchedFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// severalBlocks reports whether a PEM file goes on after its first block.
func severalBlocks(file io.Reader) bool {
	lines := bufio.NewScanner(file)
	blocks := 0
	for lines.Scan() && blocks < 2 {
		if bytes.HasPrefix(lines.Bytes(), []byte("-----BEGIN ")) {
			blocks++
		}
	}
	return blocks > 1
}
