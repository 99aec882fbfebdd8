package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/probe/target"
	"github.com/revprobe/revprobe/probe/transport"
)

// ofLists are the flags of check that say something of lists, of which each certificate's own
// status is asked and nothing else.
var ofLists = []string{"issued", "resume", "get", "issuer", "ocsp", "scope", "dry-run", "jitter", "resolver", "rate", "timeout", "contact", "vantage",
	"allow-private", "archive", "profile", "rules", "fail-on", "format", "output", "suppress", "quiet"}

// asking is the way in which certificates of lists are asked about.
func (c *checking) asking() evidence.Ask {
	if c.get {
		return evidence.AssignedGET
	}
	return evidence.AssignedPOST
}

// issuedLists is a check of lists of issued certificates.
type issuedLists struct {
	*checking
	env      *environment
	judge    judge
	run      *evidence.Run
	issued   *target.Issued
	answered map[asked]bool // in the archive that is gone on with
	bad      badPlaces
	progress progressing
}

// asked is a question about a certificate of a list, put before.
type asked struct{ url, issuer, serial string }

// lists returns the check of the lists that were named.
func (c *checking) lists(env *environment, f *pflag.FlagSet, j judge) (*issuedLists, error) {
	var other string
	f.Visit(func(flag *pflag.Flag) {
		if !slices.Contains(ofLists, flag.Name) {
			other = flag.Name
		}
	})
	if other != "" {
		return nil, hinted("--"+other+" says nothing with --issued", "check a certificate without --issued for all else")
	}
	if !slices.ContainsFunc(j.options.Rules, func(r *conformance.Rule) bool { return r.JudgesLists(c.asking()) }) {
		return nil, hinted("--rules: none of those judges answers about a list", "revprobe rules 'ocsp-assigned-*' shows some that do")
	}
	files := slices.Concat(c.issued, f.Args())
	l := &issuedLists{checking: c, env: env, judge: j, answered: map[asked]bool{}, bad: badPlaces{env: env},
		run: &evidence.Run{Version: version, Vantage: c.vantage, Started: env.now().UTC(), Scope: j.scope, List: &evidence.List{}}}
	for i, name := range files {
		l.run.List.Files = append(l.run.List.Files, shownName(name))
		if name == "-" && slices.Contains(files[:i], name) {
			return nil, hinted("--issued: standard input was named twice", "it can be read once")
		}
		if err := l.try(name); err != nil {
			return nil, err
		}
	}
	issuers, err := l.readIssuers()
	if err != nil {
		return nil, err
	}
	c.issued = files
	l.issued = target.NewIssued(l.run.List.Files, issuers, c.named.Responders)
	return l, nil
}

var errEnough = errors.New("a certificate was found")

// try makes sure, before anybody is asked, that a file is a list. What can be read once is
// taken for one.
func (l *issuedLists) try(name string) error {
	l.progress.sized(name)
	if name == "-" {
		return nil
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil
	}
	file, err := open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	err = target.ReadList(file, name, target.ListVisitor{
		Certificate: func(*x509.Certificate, target.Place) error { return errEnough },
		Problem:     func(error) {},
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// readIssuers reads the certificates of --issuer.
func (l *issuedLists) readIssuers() ([]*x509.Certificate, error) {
	if len(l.named.Issuers) == 0 {
		return nil, hinted("--issued: no issuer was named", "--issuer FILE has the certificates of the CAs that issued those of the list")
	}
	var issuers []*x509.Certificate
	for _, name := range l.named.Issuers {
		file, err := open(name)
		if err != nil {
			return nil, err
		}
		list, err := target.ReadCertificates(file, name)
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			l.run.AddCertificate(c.Raw, name)
		}
		issuers = append(issuers, list...)
	}
	return issuers, nil
}

// check asks about every certificate, keeps and judges the answers.
func (l *issuedLists) check(ctx context.Context, asker probe.Asker) (int, error) {
	keep, err := openArchive(l.archive)
	if err != nil {
		return 0, err
	}
	defer keep.discard()
	examiner := conformance.NewListExaminer(l.run, l.judge.options)
	take := func(x *evidence.Exchange) {
		keep.add(x)
		examiner.Take(x)
	}
	keep.begin(l.run)
	count, err := l.goOn(take)
	if err != nil {
		keep.forget()
		return 0, err
	}
	l.progress.begin(l.env, l.judge.quiet)
	shown := func(x *evidence.Exchange) {
		take(x)
		l.progress.answered(x.Repeat)
	}
	probe.AskList(ctx, l.questions(ctx), asker, probe.ListOptions{Kept: count, Keep: shown, GivenUp: l.issued.GiveUp, Waiting: l.waiting})
	l.progress.end()
	l.finish(ctx)
	unkept := keep.writeList(l.run)
	r := examiner.Report(l.run)
	code, err := l.judge.publish(l.env, r, report.ByType, unread(r))
	if unkept != nil {
		return 0, &ownFailure{unkept} // after the report: what was asked is not lost
	}
	return code, err
}

// waiting tells, while it is waited for, of a responder that does not answer.
func (l *issuedLists) waiting(last *evidence.Exchange, pause time.Duration, more int) {
	if l.judge.quiet {
		return
	}
	why := string(last.Failure)
	switch {
	case last.Failure == evidence.HTTPStatus:
		why = fmt.Sprintf("HTTP %d", last.Code)
	case last.Detail != "":
		why += ", " + last.Detail
	}
	l.progress.aside(func() {
		warn(l.env, fmt.Errorf("%s does not answer (%s): it is asked again in %s, and given up when it has failed %d times more", last.URL, why, pause, more))
	})
}

// finish notes what the run came to.
func (l *issuedLists) finish(ctx context.Context) {
	l.bad.end()
	l.run.List = l.issued.List()
	goOn := "--archive keeps the answers, for --resume to go on with"
	if l.archive != "" {
		goOn = "--resume " + l.archive + " goes on"
	}
	if ctx.Err() != nil {
		l.run.Interrupted = true
		l.run.Notes = append(l.run.Notes, "interrupted: what had been answered by then was judged; "+goOn)
	}
	for _, note := range givenUp(l.run.List.LeftOut, goOn) {
		l.run.Interrupted = true
		l.run.Notes = append(l.run.Notes, note)
	}
}

// givenUp says of the responders that were given up, a line for each kind of failure, how
// many certificates they were not asked about, and how to go on.
func givenUp(all []evidence.LeftOut, goOn string) []string {
	byFailure := map[evidence.Failure][]evidence.LeftOut{}
	var failures []evidence.Failure
	for _, left := range all {
		if left.Why != evidence.LeftGivenUp {
			continue
		}
		if byFailure[left.Failure] == nil {
			failures = append(failures, left.Failure)
		}
		byFailure[left.Failure] = append(byFailure[left.Failure], left)
	}
	var notes []string
	for _, failure := range failures {
		why, then, count := "", goOn, 0
		for _, left := range byFailure[failure] {
			count += left.Count
		}
		if failure != "" {
			why = fmt.Sprintf(" (%s)", failure)
		}
		if failure == evidence.Refused {
			then = "--allow-private asks private addresses that certificates name"
		}
		notes = append(notes, fmt.Sprintf("%s given up%s, and not asked about %d certificates; %s", whoWas(byFailure[failure]), why, count, then))
	}
	return notes
}

// whoWas names the first of some responders. One without a name stands for all that are not
// counted one by one.
func whoWas(list []evidence.LeftOut) string {
	switch first, more := list[0].Of, len(list)-1; {
	case first == "":
		return "further responders were"
	case more == 0:
		return first + " was"
	case slices.ContainsFunc(list, func(left evidence.LeftOut) bool { return left.Of == "" }):
		return fmt.Sprintf("%s and at least %d more were", first, more)
	default:
		return fmt.Sprintf("%s and %d more were", first, more)
	}
}

// unread is the exit code of lists with places where no certificate could be read.
func unread(r *conformance.Report) int {
	if r.List != nil && r.List.List != nil && r.List.Unreadable > 0 {
		return exitUsage
	}
	return exitClean
}

// goOn takes the answers of an archive that --resume names, and returns how many there are.
func (l *issuedLists) goOn(take func(*evidence.Exchange)) (int, error) {
	if l.resume == "" {
		return 0, nil
	}
	file, err := open(l.resume)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	count := 0
	run, err := readArchive(file, l.resume, nil, func(run *evidence.Run, x *evidence.Exchange) {
		if run.List == nil || !x.Answered() || x.Ask != l.asking() {
			return
		}
		count++
		x.ID = probe.ListID(count)
		l.answered[asked{x.URL, x.Issuer, x.Serial}] = true
		take(x)
	})
	switch {
	case err != nil:
		return 0, helped(fmt.Errorf("--resume: %w", err), "it takes what check --issued --archive kept, or its .partial file")
	case run.List == nil:
		return 0, hinted("--resume: "+l.resume+" is the archive of another check", "it takes what check --issued --archive kept, or its .partial file")
	}
	l.run.Notes = append(l.run.Notes, fmt.Sprintf("%d answers are those of %s, whose run began at %s", count, l.resume, run.Started.Format(time.RFC3339)))
	return count, nil
}

// questions reads the lists and gives what is to be asked. Where a list cannot be read on
// the next one is read.
func (l *issuedLists) questions(ctx context.Context) func(yield func(evidence.Question) bool) {
	return func(yield func(evidence.Question) bool) {
		for _, name := range l.checking.issued {
			err := l.list(ctx, name, func(q evidence.Question) error {
				if !yield(q) {
					return errEnough
				}
				return ctx.Err()
			})
			switch {
			case errors.Is(err, errEnough) || ctx.Err() != nil:
				return
			case err != nil:
				l.progress.aside(func() { l.bad.tell(err) })
				l.issued.Unreadable()
			}
		}
		l.progress.whole()
	}
}

// list reads one list and gives what is to be asked.
func (l *issuedLists) list(ctx context.Context, name string, put func(evidence.Question) error) error {
	var from io.Reader = l.env.stdin
	if name != "-" {
		file, err := open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
	}
	octets, closing := untilInterrupted(ctx, l.progress.of(from))
	defer closing()
	return target.ReadList(octets, shownName(name), target.ListVisitor{
		Certificate: func(c *x509.Certificate, at target.Place) error {
			list, err := l.issued.Questions(c, l.env.now())
			if err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
			for _, q := range list {
				if l.answered[asked{q.URL, q.Issuer, q.Serial}] {
					continue
				}
				if l.get {
					q = probe.ByGET(q)
				}
				l.progress.asked()
				if err := put(q); err != nil {
					return err
				}
			}
			return nil
		},
		Problem: func(err error) {
			l.progress.aside(func() { l.bad.tell(err) })
			l.issued.Unreadable()
		},
	})
}

// untilInterrupted reads what r gives until ctx ends, even if r gives nothing more. What it
// returns besides has to be called in the end.
func untilInterrupted(ctx context.Context, r io.Reader) (io.Reader, func()) {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r)
		_ = in.CloseWithError(err)
	}()
	stop := context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) })
	return out, func() {
		stop()
		_ = out.Close()
	}
}

// badPlaces tells the first of the places of lists where no certificate could be read.
type badPlaces struct {
	env   *environment
	count int
}

const mostBadPlaces = 10

func (b *badPlaces) tell(err error) {
	if b.count++; b.count <= mostBadPlaces {
		warn(b.env, err)
	}
}

func (b *badPlaces) end() {
	if more := b.count - mostBadPlaces; more > 0 {
		warn(b.env, fmt.Errorf("and %d places more where no certificate could be read", more))
	}
}

// dry tells how many requests would be sent, to whom, and for how long.
func (l *issuedLists) dry() (int, error) {
	rate := l.rate
	if rate == 0 {
		rate = transport.DefaultRate
	}
	counts, order := map[string]int{}, []string(nil)
	for q := range l.questions(context.Background()) {
		if counts[q.URL] == 0 {
			order = append(order, q.URL)
		}
		counts[q.URL]++
	}
	l.bad.end()
	var out strings.Builder
	total, hosts := 0, map[string]int{}
	for _, responder := range order {
		total += counts[responder]
		if u, err := url.Parse(responder); err == nil {
			hosts[u.Host] += counts[responder]
		}
		fmt.Fprintf(&out, "  %s: %d\n", report.Visible(responder), counts[responder])
	}
	most := 0
	for _, n := range hosts {
		most = max(most, n)
	}
	takes := time.Duration(float64(most) / rate * float64(time.Second)).Round(time.Second)
	text := fmt.Sprintf("%d requests would be sent, none was; at %g a second to one host, that takes %s (loopback is not limited)\n%s", total, rate, takes, out.String())
	text += report.ListText(l.issued.List())
	if _, err := io.WriteString(l.env.stdout, text); err != nil {
		return 0, &ownFailure{fmt.Errorf("writing the plan: %w", err)}
	}
	if l.bad.count > 0 {
		return exitUsage, nil
	}
	return exitClean, nil
}
