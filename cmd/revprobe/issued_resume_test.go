package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
)

// asChild in the environment has the tests' program be revprobe itself.
const asChild = "REVPROBE_TEST_AS_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		main()
	}
	os.Exit(m.Run())
}

// bodies counts how often each request came, and calls at with the number of the request.
type bodies struct {
	mutex sync.Mutex
	times map[string]int
	count atomic.Int64
}

func (b *bodies) around(at func(n int64, req *http.Request)) func(http.Handler) http.Handler {
	b.times = map[string]int{}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			var body bytes.Buffer
			_, _ = body.ReadFrom(req.Body)
			req.Body = http.MaxBytesReader(w, readCloser{bytes.NewReader(body.Bytes())}, 1<<20)
			b.mutex.Lock()
			b.times[body.String()]++
			b.mutex.Unlock()
			at(b.count.Add(1), req)
			next.ServeHTTP(w, req)
		})
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// repeated is how many requests came more than once.
func (b *bodies) repeated() (different, again int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, n := range b.times {
		if n > 1 {
			again++
		}
	}
	return len(b.times), again
}

// What was answered before an interruption is not asked again, and counts.
func TestResumeAfterAnInterruption(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"", ".zst"} {
		ctx, cancel := context.WithCancel(t.Context())
		var b bodies
		s := issuer(t, always(fixtures.Unknown), b.around(func(n int64, req *http.Request) {
			if n == 15 {
				cancel()
				<-req.Context().Done() // the program lets go of it
			}
		}))
		list := write(t, "list.pem", s.list(0, 40, poisoned))
		name := filepath.Join(t.TempDir(), "run"+ending)
		args := []string{"check", "--issued", list, "--issuer", s.ca, "--allow-private", "--archive", name}
		o := world{}.run(ctx, args...)
		o.flat().want(t, exitFindings, "(14 times)", "hint: interrupted", "--resume", name, "goes on")
		if reported := revprobe(t, "report", name); reported != o {
			t.Errorf("report says\n%s\nof\n%s", reported.stdout, o.stdout)
		}
		o = revprobe(t, append(args, "--resume", name)...)
		o.flat().want(t, exitFindings, "ocsp-assigned-precert (40 times)", "hint: 14 answers are those of "+name, "40 40 40")
		different, again := b.repeated()
		if different != 40 || again > 1 { // the one that was under way
			t.Errorf("%d certificates were asked about, %d of them twice", different, again)
		}
		if reported := revprobe(t, "report", name); reported != o {
			t.Errorf("report says\n%s\nof\n%s", reported.stdout, o.stdout)
		}
	}
}

// A process that is killed leaves its answers in a partial file.
func TestResumeAfterAKill(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"", ".zst"} {
		var b bodies
		reached, release := make(chan struct{}), make(chan struct{})
		s := issuer(t, always(fixtures.Good), b.around(func(n int64, req *http.Request) {
			if n == 15 {
				close(reached)
				select {
				case <-release:
				case <-req.Context().Done():
				}
			}
		}))
		list := write(t, "list.pem", s.list(0, 40, nil))
		name := filepath.Join(t.TempDir(), "run"+ending)
		args := []string{"check", "--issued", list, "--issuer", s.ca, "--allow-private", "--archive", name}
		child := exec.CommandContext(t.Context(), os.Args[0], args...)
		child.Env = append(os.Environ(), asChild+"=1")
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		<-reached
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		close(release)
		left, _ := filepath.Glob(name + ".*.partial")
		if len(left) != 1 {
			t.Fatalf("left %v", left)
		}
		revprobe(t, "report", left[0]).flat().want(t, exitInconclusive, "cut off", "14 - 14")
		o := revprobe(t, append(args, "--resume", left[0])...)
		o.flat().want(t, exitClean, "no findings", "14 answers are those of", "40 - 40")
		if different, again := b.repeated(); different != 40 || again != 1 {
			t.Errorf("%d certificates were asked about, %d of them twice", different, again)
		}
	}
}

// A responder that does not answer is left alone in the end, and --resume asks it later.
func TestResumeAsksWhatWasNotAnswered(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	failing.Store(true)
	s := issuer(t, always(fixtures.Good), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if failing.Load() {
				http.NotFound(w, req)
				return
			}
			next.ServeHTTP(w, req)
		})
	})
	list := write(t, "list.pem", s.list(0, 5, nil))
	name := filepath.Join(t.TempDir(), "run")
	args := []string{"check", "--issued", list, "--issuer", s.ca, "--allow-private", "--archive", name}
	revprobe(t, args...).flat().want(t, exitFindings, "critical http-status-200", "5 of 5 answers failed, the first: HTTP 404 to POST", "5 - 5")
	failing.Store(false)
	revprobe(t, append(args, "--resume", name)...).flat().want(t, exitClean, "no findings", "0 answers are those of", "5 - 5")
}

func TestResumeOfWhatIsNoList(t *testing.T) {
	t.Parallel()
	s := issuer(t, always(fixtures.Good), nil)
	name := filepath.Join(t.TempDir(), "run")
	s.check(t, "--archive", name, "--rules", "crl-not-pem").flat().want(t, exitClean)
	list := write(t, "list.pem", s.list(0, 2, nil))
	for resumed, want := range map[string]string{name: "is the archive of another check", s.ca: "it is no archive", filepath.Join(t.TempDir(), "missing"): "no such file"} {
		archive := filepath.Join(t.TempDir(), "run")
		revprobe(t, "check", "--issued", list, "--issuer", s.ca, "--resume", resumed, "--archive", archive).wantUsage(t, want)
		if left, _ := filepath.Glob(archive + "*"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	revprobe(t, "check", s.leaf, "--resume", name).wantUsage(t, "--resume says nothing without --issued")
	listed := filepath.Join(t.TempDir(), "listed")
	s.checkList(t, s.list(0, 2, nil), "--archive", listed).flat().want(t, exitClean)
	if o := revprobe(t, "lint", listed); o.code != exitUsage || !strings.Contains(o.stderr, "it is the archive of a list, which revprobe report judges") {
		t.Errorf("%+v", o)
	}
}

// Who stops a list that comes in slowly need not wait for its end.
func TestInterruptionWhileAListIsRead(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := issuer(t, always(fixtures.Good), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			next.ServeHTTP(w, req)
			time.AfterFunc(0, cancel)
		})
	})
	list, coming := io.Pipe()
	defer coming.Close()
	go func() { _, _ = coming.Write(s.list(0, 100, nil)) }() // and no end of it
	world{stdin: list}.run(ctx, "check", "--issued", "-", "--issuer", s.ca, "--allow-private").flat().want(t, exitInconclusive, "hint: interrupted")
}

// By GET a cache may answer: what was answered by POST says nothing of it.
func TestListByGET(t *testing.T) {
	t.Parallel()
	var gets, posts atomic.Int64
	s := issuer(t, always(fixtures.Good), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodGet {
				gets.Add(1)
			} else {
				posts.Add(1)
			}
			next.ServeHTTP(w, req)
		})
	})
	folder := t.TempDir()
	byPOST, byGET := filepath.Join(folder, "post.zst"), filepath.Join(folder, "get.zst")
	list := s.list(0, 20, nil)
	s.checkList(t, list, "--archive", byPOST).want(t, exitClean, "no findings")
	s.checkList(t, list, "--get", "--archive", byGET, "--resume", byPOST).flat().want(t, exitClean, "no findings", "20 - 20")
	if gets.Load() != 20 || posts.Load() != 20 {
		t.Errorf("%d were asked about by GET and %d by POST, want 20 each", gets.Load(), posts.Load())
	}
	revprobe(t, "report", byGET).flat().want(t, exitClean, "no findings", "20 - 20")
	s.checkList(t, list, "--get", "--resume", byGET).flat().want(t, exitClean, "20 answers are those of", "20 - 20")
	if gets.Load() != 20 {
		t.Errorf("%d were asked about again", gets.Load()-20)
	}
	s.fake.OCSPHTTP.Header = http.Header{"Cache-Control": {"max-age=99999999"}}
	s.checkList(t, list, "--get", "--rules", "http-ocsp-*").want(t, exitFindings, "http-ocsp-max-age-bounds (20 times)")
	revprobe(t, "check", "--get", s.leaf).wantUsage(t, "--get says nothing without --issued")
}
