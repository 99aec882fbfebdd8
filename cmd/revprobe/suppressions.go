package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/revprobe/revprobe/probe/conformance"
)

// suppressionFile is what --suppress reads: what is known and being mended.
type suppressionFile struct {
	Suppress []struct {
		Rule    string         `toml:"rule"`
		Service string         `toml:"service"`
		Reason  string         `toml:"reason"`
		Until   toml.LocalDate `toml:"until"`
	} `toml:"suppress"`
}

// suppressionExample is what a reader of an error message needs.
const suppressionExample = `[[suppress]] with rule = "crl-*", reason = "...", until = 2026-12-31 and perhaps service = "http://..."`

// maxSuppressions bounds a file of suppressions, in octets.
const maxSuppressions = 1 << 20

// readSuppressions reads a file of suppressions. Each needs a rule that exists, a reason
// and an end.
func readSuppressions(name string) ([]conformance.Suppression, error) {
	if name == "" {
		return nil, nil
	}
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSuppressions+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", name, err)
	case len(text) > maxSuppressions:
		return nil, hinted(fmt.Sprintf("reading %s: it is larger than %d MiB", name, maxSuppressions>>20), "a suppression is "+suppressionExample)
	}
	var read suppressionFile
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&read); err != nil {
		return nil, hinted(fmt.Sprintf("reading %s: %s", name, tomlProblem(err)), "a suppression is "+suppressionExample)
	}
	var list []conformance.Suppression
	for i, s := range read.Suppress {
		complain := func(what string) error {
			return hinted(fmt.Sprintf("reading %s: suppression %d %s", name, i+1, what), "a suppression is "+suppressionExample)
		}
		switch {
		case s.Rule == "" || !slices.ContainsFunc(ruleIDs(), func(id string) bool { ok, err := path.Match(s.Rule, id); return ok && err == nil }):
			return nil, complain("names no rule that exists: " + quoted(s.Rule))
		case strings.TrimSpace(s.Reason) == "":
			return nil, complain("of " + s.Rule + " has no reason")
		case s.Until == (toml.LocalDate{}):
			return nil, complain("of " + s.Rule + " has no end: until is a date")
		}
		list = append(list, conformance.Suppression{Rules: s.Rule, Service: s.Service, Reason: s.Reason,
			Until: s.Until.AsTime(time.UTC).AddDate(0, 0, 1)}) // the day that is named is the last
	}
	return list, nil
}

// tomlProblem says in one line where the file is wrong.
func tomlProblem(err error) string {
	var decode *toml.DecodeError
	var strict *toml.StrictMissingError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		row, _ := strict.Errors[0].Position()
		return fmt.Sprintf("line %d: there is no %q", row, strings.Join(strict.Errors[0].Key(), "."))
	case errors.As(err, &decode):
		row, column := decode.Position()
		return fmt.Sprintf("line %d, column %d: %s", row, column, strings.TrimPrefix(decode.Error(), "toml: "))
	}
	return err.Error()
}
