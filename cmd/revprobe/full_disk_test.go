package main

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A disk that is full is so before the first question and after the last.
func TestAFullDiskHasOneExitCode(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	folder := t.TempDir()
	state, archive := filepath.Join(folder, "state.db"), filepath.Join(folder, "run")
	check := []string{"check", s.leaf, "--issuer", s.ca, "--allow-private"}
	large := write(t, "large.crl", bytes.Repeat([]byte("no CRL, and too long to be held\n"), 1<<15))
	for name, c := range map[string]struct {
		stdin string
		args  []string
		says  string
	}{
		"state":                {"", append(check, "--state", state), "--state: opening the history " + state + ": the disk is full, or fails"},
		"state of history":     {"", []string{"history", "--state", unfinished(t)}, "the disk is full, or fails"},
		"archive":              {"", append(check, "--quiet", "--archive", archive), "keeping the archive " + archive},
		"a body that is piped": {large, []string{"lint", "-"}, "reading standard input: keeping a body in a temporary file"},
	} {
		o := withoutRoom(t, c.stdin, c.args...)
		first, more, _ := strings.Cut(o.stderr, "\n")
		if o.code != exitBug || !strings.Contains(first, c.says) || more != "" && (!strings.HasPrefix(more, "hint: ") || strings.Count(more, "\n") > 1) {
			t.Errorf("%s: exit %d, want %d: %q", name, o.code, exitBug, o.stderr)
		}
	}
}

// unfinished is a file of history of an older schema, which has to be written to be read.
func unfinished(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "old.db")
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("PRAGMA application_id = 1"); err != nil {
		t.Fatal(err)
	}
	return name
}

// withoutRoom runs a command line in a process that can write no file.
func withoutRoom(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	child := exec.Command("/bin/sh", append([]string{"-c", `ulimit -f 0; exec "$0" "$@"`, os.Args[0]}, args...)...)
	child.Env = append(os.Environ(), asChild+"=1")
	var out, problems bytes.Buffer
	child.Stdout, child.Stderr = &out, &problems
	if stdin != "" {
		file, err := os.Open(stdin)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		child.Stdin = file
	}
	if err := child.Run(); err != nil && child.ProcessState == nil {
		t.Fatal(err)
	}
	return outcome{child.ProcessState.ExitCode(), out.String(), problems.String()}
}
