// Command corpus holds revprobe lint against documents that other projects made to test
// their own decoders and linters, and against what those projects expect of them. Run it
// from the top of the repository:
//
//	go run ./scripts/corpus [DIR]
//
// DIR holds manifest.jsonl and the files that it names; it is ../shared/corpus unless given.
// The files are read where they are: they are other projects' and no part of this one.
//
// It builds the real command, runs it once for every document, and prints how many
// expectations are met and every one that is not. An expectation that we do not share is
// explained in disagreements.md. Exit codes: 0 when each disagreement is explained, 1 when
// one is not, when an explanation is of no disagreement any more, or when lint broke down
// over a document, and 2 when the corpus cannot be read or the command not be built.
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

//go:embed disagreements.md
var explanationsText string

const (
	exitAgreed   = 0
	exitDisputed = 1
	exitTrouble  = 2
)

func main() {
	dir := filepath.Join("..", "shared", "corpus")
	switch {
	case len(os.Args) > 2 || len(os.Args) == 2 && strings.HasPrefix(os.Args[1], "-"):
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/corpus [DIR]")
		os.Exit(exitTrouble)
	case len(os.Args) == 2:
		dir = os.Args[1]
	}
	out := bufio.NewWriter(os.Stdout)
	code, err := run(out, dir)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "corpus: %v\n", err)
		os.Exit(exitTrouble)
	}
	os.Exit(code)
}

func run(out io.Writer, dir string) (int, error) {
	explained, err := readExplanations(explanationsText)
	if err != nil {
		return exitTrouble, err
	}
	items, err := readManifest(dir)
	if err != nil {
		return exitTrouble, err
	}
	command, remove, err := buildCommand()
	if err != nil {
		return exitTrouble, err
	}
	defer remove()
	results, err := lintAll(command, dir, items)
	if err != nil {
		return exitTrouble, err
	}
	var s score
	for i, item := range items {
		s.add(item, results[i])
	}
	return s.write(out, explained), nil
}
