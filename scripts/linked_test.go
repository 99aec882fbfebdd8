package scripts

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// burdens are packages that every start of the program would pay for.
var burdens = map[string]string{
	"text/template":            "it calls methods by name, so that the linker keeps every exported method of the program",
	"html/template":            "it calls methods by name, so that the linker keeps every exported method of the program",
	"github.com/openrdap/rdap": "it brings a command line, and templates with it",
	"github.com/owenrumney/go-sarif/v3/pkg/report":   "it brings a validator of JSON schemas, and templates with it",
	"github.com/xeipuuv/gojsonschema":                "it sets up 130 kB at every start",
	"github.com/prometheus/client_golang/prometheus": "it sets up collectors of the process, which nobody asks",
	"github.com/alecthomas/kingpin/v2":               "it is a command line, and ours is another",
}

// chosen are the libraries that revprobe is to be built on.
var chosen = []string{"golang.org/x/crypto/ocsp", "github.com/miekg/dns", "github.com/spf13/pflag", "github.com/olekukonko/tablewriter"}

func TestWhatIsLinked(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "./cmd/revprobe")
	list.Dir = repository(t)
	text, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(text))
	if !slices.Contains(linked, "net/http") {
		t.Fatalf("net/http is not among the %d packages linked", len(linked))
	}
	for _, library := range chosen {
		if !slices.Contains(linked, library) {
			t.Errorf("the program does not link %s", library)
		}
	}
	for _, burden := range slices.Sorted(maps.Keys(burdens)) {
		if slices.Contains(linked, burden) {
			t.Errorf("the program links %s: %s", burden, burdens[burden])
		}
	}
}
