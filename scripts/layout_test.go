// Package scripts keeps the law of the layout: which package may import what, which of
// them are pure, and what things are called.
package scripts

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/revprobe/revprobe"

// maxLines is of a Go file.
const maxLines = 450

// topLevel is all that stands beside the dot files. The program itself is there where
// somebody built it, and is not kept.
var topLevel = []string{"cmd", "probe", "revocation", "fixtures", "scripts", "go.mod", "go.sum", "README.md", "LICENSE", "revprobe"}

// emptyNames say nothing of what is behind them.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "types", "models"}

// imports is the import law: which packages of the project each may import. A package that
// is not named here has no place yet.
var imports = map[string][]string{
	"revocation":        {},
	"probe/evidence":    {"revocation"},
	"fixtures":          {"probe/dnswalk", "probe/evidence", "revocation"},
	"fixtures/zoo":      {"fixtures", "probe/evidence"},
	"probe/conformance": {"fixtures", "probe/evidence", "revocation"},
	"probe/dnswalk":     {"probe/evidence"},
	"probe/arrival":     {},
	"probe/transport":   {"probe/arrival", "probe/dnswalk", "probe/evidence"},
	"probe":             {"probe/evidence", "probe/transport", "revocation"},
	"probe/target":      {"probe", "probe/evidence", "probe/transport", "revocation"},
	"probe/report":      {"probe/conformance", "probe/evidence", "revocation"},
	"probe/history":     {"probe/evidence", "revocation"},
	"cmd/revprobe": {"fixtures", "fixtures/zoo", "probe", "probe/conformance", "probe/evidence", "probe/history", "probe/report",
		"probe/target", "probe/transport", "revocation"},
	"scripts/bench-crl":             {}, // it links little, lest its own memory hide that of others
	"scripts/bench-crl/largecrl":    {"fixtures"},
	"scripts/bench-crl/rulesalone":  {"probe/conformance", "probe/evidence", "revocation"},
	"scripts/bench-crl/stdlibparse": {},
	"scripts/bench-cron":            {"fixtures", "fixtures/zoo", "probe/evidence", "probe/history", "revocation"},
	"scripts/bench-latency":         {"probe/arrival", "probe/evidence", "probe/transport"},
	"scripts/corpus":                {},
	"scripts/faultydns":             {},
	"scripts/responders":            {}, // a module of its own, which the laws hold for as well
	"scripts/headtohead":            {"fixtures", "probe/evidence", "revocation"},
	"scripts/incidents":             {"fixtures", "probe", "probe/conformance", "probe/evidence", "probe/history", "revocation"},
}

// modules is where each third-party module may be imported: packages, or single files.
var modules = map[string][]string{
	"github.com/spf13/pflag":            {"cmd/revprobe"},
	"golang.org/x/term":                 {"cmd/revprobe"},
	"github.com/miekg/dns":              {"probe/transport", "fixtures/zoo"},
	"github.com/openrdap/rdap":          {"probe/transport"},
	"golang.org/x/net":                  {"probe"}, // its public suffix list
	"golang.org/x/sys":                  {"probe/arrival"},
	"golang.org/x/time":                 {"probe/transport"},
	"golang.org/x/crypto":               {"revocation", "scripts/headtohead", "scripts/responders"},
	"github.com/olekukonko/tablewriter": {"probe/report/text.go"},
	"modernc.org/sqlite":                {"probe/history"},
	"github.com/google/renameio":        {"cmd/revprobe"},
	"github.com/klauspost/compress":     {"cmd/revprobe/archive.go"},
	"github.com/pelletier/go-toml":      {"cmd/revprobe/suppressions.go"},
	"github.com/schollz/progressbar":    {"cmd/revprobe/issued_progress.go"},
	"github.com/prometheus/common":      {"probe/report/prometheus_gauges.go"},

	"github.com/cloudflare/cfssl":         {"scripts/responders"},
	"github.com/jmhodges/clock":           {"scripts/responders"},
	"github.com/letsencrypt/boulder":      {"scripts/responders"},
	"github.com/prometheus/client_golang": {"scripts/responders"}, // and in tests
	"github.com/prometheus/client_model":  {"probe/report/prometheus_gauges.go"},
}

// pure packages are functions over values: the same in, the same out.
var pure = []string{"revocation", "probe/evidence", "probe/dnswalk", "fixtures", "probe/conformance"}

// impure packages of the standard library are the network, the machine and chance.
var impure = []string{"crypto/rand", "crypto/tls", "embed", "flag", "log", "log/slog", "math/rand", "math/rand/v2", "net/http/httptest", "net/rpc",
	"net/smtp", "os", "os/exec", "os/signal", "os/user", "plugin", "syscall", "testing"}

// partlyPure packages are allowed for the names listed; of time all is but those.
var (
	partlyPure = map[string][]string{
		"net": {"JoinHostPort", "SplitHostPort", "IPNet"},
		"net/http": {"Header", "StatusText", "TimeFormat", "ParseTime", "CanonicalHeaderKey", "MethodGet", "MethodHead", "MethodPost", "MethodPut", "StatusOK", "StatusNotFound",
			"StatusNoContent", "StatusNotModified", "StatusMethodNotAllowed"},
	}
	clock = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}
)

func TestLayout(t *testing.T) {
	root := repository(t)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(topLevel, e.Name()) {
			t.Errorf("%s does not belong to the top level", e.Name())
		}
	}
	files := 0
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, name)
		switch below = filepath.ToSlash(below); {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules") && below != ".":
			return filepath.SkipDir
		case e.IsDir() && slices.Contains(emptyNames, e.Name()):
			t.Errorf("the folder %s says nothing of what is in it", below)
		case path.Ext(below) == ".go":
			files++
			source, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, fault := range faults(below, source) {
				t.Errorf("%s: %s", below, fault)
			}
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}

// repository is the folder above the one that this test runs in.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || !bytes.HasPrefix(text, []byte("module "+module+"\n")) {
		t.Fatalf("%s is not the repository: %v", root, err)
	}
	return root
}

// faults says what is wrong with a Go file, given its name below the repository.
func faults(name string, source []byte) []string {
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	if n := bytes.Count(source, []byte("\n")); n > maxLines {
		found = append(found, fmt.Sprintf("%d lines, more than %d", n, maxLines))
	}
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".go"), "_test")
	for _, word := range []string{base, strings.TrimSuffix(file.Name.Name, "_test")} {
		if slices.Contains(emptyNames, word) {
			found = append(found, word+" says nothing of what is in it")
		}
	}
	found = append(found, forbiddenFunctions(file, strings.HasSuffix(name, "_test.go"))...)
	if strings.HasSuffix(name, "_test.go") {
		return found
	}
	found = append(found, forbiddenImports(name, file)...)
	if slices.Contains(pure, path.Dir(name)) {
		found = append(found, impurities(path.Dir(name), file)...)
	}
	return found
}

// forbiddenFunctions finds init functions and skipped tests.
func forbiddenFunctions(file *ast.File, test bool) []string {
	var found []string
	for node := range ast.Preorder(file) {
		switch n := node.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				found = append(found, "init()")
			}
		case *ast.SelectorExpr:
			of, named := n.X.(*ast.Ident)
			if test && named && slices.Contains([]string{"t", "b", "f", "tb"}, of.Name) && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, n.Sel.Name) {
				found = append(found, "skips a test")
			}
		}
	}
	return found
}

func forbiddenImports(name string, file *ast.File) []string {
	var found []string
	folder := path.Dir(name)
	allowed, placed := imports[folder]
	if !placed {
		found = append(found, "the package "+folder+" has no place in the import law")
	}
	for _, imported := range importsOf(file) {
		inside, ours := strings.CutPrefix(imported, module+"/")
		first, _, _ := strings.Cut(imported, "/")
		switch {
		case ours && !slices.Contains(allowed, inside):
			found = append(found, "imports "+inside)
		case ours || !strings.Contains(first, "."):
		case !mayImport(name, imported):
			found = append(found, "imports "+imported)
		}
	}
	return found
}

// mayImport reports whether a file may import a package of a third-party module.
func mayImport(name, imported string) bool {
	for m, places := range modules {
		if imported == m || strings.HasPrefix(imported, m+"/") {
			return slices.Contains(places, name) || slices.Contains(places, path.Dir(name))
		}
	}
	return false
}

func importsOf(file *ast.File) []string {
	var list []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has read it
		}
		list = append(list, imported)
	}
	return list
}

// impurities finds what makes a package depend on more than its arguments.
func impurities(folder string, file *ast.File) []string {
	var found []string
	names := map[string]string{} // import path by the name it has in the file
	for i, imported := range importsOf(file) {
		local := path.Base(imported)
		if alias := file.Imports[i].Name; alias != nil {
			local = alias.Name
		}
		names[local] = imported
		switch {
		case local == ".":
			found = append(found, "imports "+imported+" without a name")
		case slices.Contains(impure, imported) || folder == "probe/conformance" && imported == "net/http":
			found = append(found, "imports "+imported+", which is not pure")
		}
	}
	for node := range ast.Preorder(file) {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		of, named := selector.X.(*ast.Ident)
		if !named {
			continue
		}
		imported, name := names[of.Name], selector.Sel.Name
		list, partly := partlyPure[imported]
		if partly && !slices.Contains(list, name) || imported == "time" && slices.Contains(clock, name) {
			found = append(found, imported+"."+name+" is not pure")
		}
	}
	return found
}

// A law that nothing breaks may be no law: each of these files breaks one.
func TestLawsCanBeBroken(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"probe/run.go", "package probe\nimport _ \"" + module + "/probe/conformance\"", "imports probe/conformance"},
		{"revocation/crl.go", "package revocation\nimport _ \"" + module + "/probe/evidence\"", "imports probe/evidence"},
		{"probe/report/json.go", "package report\nimport _ \"" + module + "/cmd/revprobe\"", "imports cmd/revprobe"},
		{"probe/target/target.go", "package target\nimport _ \"github.com/spf13/pflag\"", "imports github.com/spf13/pflag"},
		{"probe/report/json.go", "package report\nimport _ \"github.com/olekukonko/tablewriter/tw\"", "imports github.com/olekukonko/tablewriter/tw"},
		{"fixtures/der.go", "package fixtures\nimport _ \"golang.org/x/crypto/cryptobyte\"", "imports golang.org/x/crypto/cryptobyte"},
		{"cmd/revprobe/main.go", "package main\nimport _ \"example.com/new/module\"", "imports example.com/new/module"},
		{"probe/another/a.go", "package another", "has no place"},
		{"probe/conformance/a.go", "package conformance\nimport _ \"net/http\"", "imports net/http, which is not pure"},
		{"fixtures/a.go", "package fixtures\nimport \"crypto/rand\"\nvar _ = rand.Reader", "imports crypto/rand, which is not pure"},
		{"fixtures/a.go", "package fixtures\nimport \"time\"\nvar _ = time.Now()", "time.Now is not pure"},
		{"revocation/a.go", "package revocation\nimport clock \"time\"\nvar f = clock.Since", "time.Since is not pure"},
		{"revocation/a.go", "package revocation\nimport . \"time\"\nvar f = Now", "without a name"},
		{"probe/evidence/a.go", "package evidence\nimport \"net/http\"\nvar c http.Client", "net/http.Client is not pure"},
		{"fixtures/a.go", "package fixtures\nimport \"net\"\nvar _ = net.Dial", "net.Dial is not pure"},
		{"probe/run.go", "package probe\nfunc init() {}", "init()"},
		{"probe/run_test.go", "package probe\nfunc TestX(t *testing.T) { t.Skip() }", "skips a test"},
		{"probe/run.go", "package probe\n" + strings.Repeat("// more\n", maxLines), "451 lines"},
		{"probe/run.go", "package util", "util says nothing"},
		{"probe/helpers_test.go", "package probe", "helpers says nothing"},
		{"probe/run.go", "package", "expected"},
	} {
		if found := strings.Join(faults(test.name, []byte(test.source)), "; "); !strings.Contains(found, test.want) {
			t.Errorf("%s: found %q, want %q in\n%.200s", test.name, found, test.want, test.source)
		}
	}
	for name, source := range map[string]string{
		"probe/report/text.go": "package report\nimport _ \"github.com/olekukonko/tablewriter\"",
		"fixtures/a.go":        "package fixtures\nimport (\n\"net\"\n\"time\"\n)\nvar _, _ = net.JoinHostPort, time.Unix",
		"probe/transport/a.go": "package transport\nimport \"time\"\nvar _ = time.Now",
		"revocation/sct.go":    "package revocation\nfunc (r *reader) init() { t.Skip(1) }",
		"probe/run_test.go":    "package probe_test\nimport _ \"" + module + "/probe/conformance\"",
	} {
		if found := faults(name, []byte(source)); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}
