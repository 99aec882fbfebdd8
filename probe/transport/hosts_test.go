package transport

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSystemHosts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	text := "# names\n127.0.0.1 localhost\n10.0.0.1\tCA.Example ocsp.example. # ours\nnonsense x\n::1 ca.example\n10.0.0.2\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	hosts, err := systemHosts(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(hosts), "map[ca.example:[10.0.0.1 ::1] localhost:[127.0.0.1] ocsp.example:[10.0.0.1]]"; got != want {
		t.Errorf("hosts %s, want %s", got, want)
	}
}

func TestSystemResolvers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte("search corp.example\nnameserver 9.9.9.9\nnameserver 2620:fe::fe\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	servers, err := systemResolvers(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(servers, " "), "9.9.9.9:53 [2620:fe::fe]:53"; got != want {
		t.Errorf("resolvers %s, want %s", got, want)
	}
}

// A machine without these files is no error; one whose files cannot be read is.
func TestSystemFilesThatAreNotThere(t *testing.T) {
	folder := t.TempDir()
	if servers, err := systemResolvers(filepath.Join(folder, "none")); len(servers) != 0 || err != nil {
		t.Errorf("resolvers %v, error %v", servers, err)
	}
	if hosts, err := systemHosts(filepath.Join(folder, "none")); len(hosts) != 0 || err != nil {
		t.Errorf("hosts %v, error %v", hosts, err)
	}
	if _, err := systemResolvers(folder); err == nil {
		t.Error("a folder was read as resolv.conf")
	}
	if _, err := systemHosts(folder); err == nil {
		t.Error("a folder was read as hosts")
	}
}

// Without a resolver, names fail as ours, and hosts-file entries still work.
func TestNoResolverConfigured(t *testing.T) {
	r := &resolver{source: "/etc/resolv.conf", timeout: DefaultTimeout, cache: map[string]cached{}}
	_, _, problem := r.lookup(t.Context(), "ca.example", false)
	if problem == nil || !problem.class.Ours() || !strings.Contains(problem.detail, "/etc/resolv.conf names no resolver") {
		t.Errorf("failure %+v", problem)
	}
	r.hosts = readHosts("10.0.0.1 ca.example")
	found, took, problem := r.lookup(t.Context(), "ca.example", true)
	if problem != nil || took != 0 || fmt.Sprint(found) != "[10.0.0.1]" {
		t.Errorf("found %v in %s, failure %+v", found, took, problem)
	}
}
