package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
)

// maxDisclosure bounds a file of URLs, in octets: many times what any CA has.
const maxDisclosure = 16 << 20

const disclosureHint = `it is the issuer's "JSON Array of Partitioned CRLs", such as ["http://crl.example.com/1.crl", "http://crl.example.com/2.crl"]`

// readDisclosure reads the JSON array of URLs that the CCADB shows of an issuer (CCADB
// §6.2), from a file or, for "-", from standard input. [""] says that there is none yet.
func (env *environment) readDisclosure(name string) (*evidence.Disclosure, error) {
	reader, shown := env.stdin, "standard input"
	if name != "-" {
		file, err := open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		reader, shown = file, name
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxDisclosure+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", shown, err)
	case len(text) > maxDisclosure:
		return nil, hinted(fmt.Sprintf("reading %s: it is larger than %d MiB", shown, maxDisclosure>>20), disclosureHint)
	}
	urls, err := disclosedURLs(text)
	if err != nil {
		return nil, hinted(fmt.Sprintf("reading the CRLs that the CCADB shows from %s: %s", shown, err), disclosureHint)
	}
	return &evidence.Disclosure{URLs: urls}, nil
}

// disclosure reads what --ccadb names. Where nothing else is named, its CRLs are what is
// checked.
func (c *checking) disclosure(env *environment, run *evidence.Run) error {
	if c.ccadb == "" {
		return nil
	}
	disclosed, err := env.readDisclosure(c.ccadb)
	if err != nil {
		return err
	}
	run.Disclosed = disclosed
	if len(c.named.Targets) == 0 {
		c.named.CRLs = append(c.named.CRLs, disclosed.URLs...)
	}
	return nil
}

// withDisclosed has the CRLs fetched that the CCADB shows, beside those that the targets
// lead to: for their issuer where they have one, else for whomever the CRLs say.
func withDisclosed(targets []probe.Target, run *evidence.Run) []probe.Target {
	if run.Disclosed == nil || len(run.Disclosed.URLs) == 0 || len(targets) == 0 {
		return targets
	}
	list := probe.Target{Issuer: targets[0].Issuer, Scope: targets[0].Scope, DistributionPoints: run.Disclosed.URLs}
	for _, t := range targets {
		if t.Issuer != nil && list.Issuer != nil && !t.Issuer.Equal(list.Issuer) {
			list.Issuer = nil
		}
	}
	return append(targets, list)
}

// crossChecked says how many serials of a CRL are asked about.
func (c *checking) crossChecked() string {
	if c.crossChecks < 0 {
		return "one (--cross-check asks about more)"
	}
	return fmt.Sprintf("up to %d of each", c.crossChecks)
}

func disclosedURLs(text []byte) ([]string, error) {
	var urls []string
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch err := json.Unmarshal(text, &urls); {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errors.New("it is empty")
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("it is no JSON at %s: %s", lineAt(text, syntax.Offset-1), syntax)
	case errors.As(err, &kind):
		return nil, fmt.Errorf("at %s there is a JSON %s where an array of strings belongs", lineAt(text, kind.Offset-1), kind.Value)
	case err != nil:
		return nil, err
	case urls == nil:
		return nil, errors.New("it is null")
	case len(urls) == 1 && urls[0] == "":
		return nil, nil
	}
	seen := map[string]bool{}
	for i, address := range urls {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return nil, fmt.Errorf("element %d, %s, is no http URL", i+1, quoted(address))
		case seen[address]:
			return nil, fmt.Errorf("element %d, %s, stands there twice", i+1, quoted(address))
		}
		seen[address] = true
	}
	return urls, nil
}

// lineAt names a place in a text by line and column.
func lineAt(text []byte, offset int64) string {
	before := text[:max(0, min(offset, int64(len(text))))]
	return fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}
