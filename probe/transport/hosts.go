package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// dnsPort is where resolvers listen unless they are given with a port.
const dnsPort = "53"

// systemResolvers reads the resolvers of resolv.conf(5). A machine without that file has
// none: addresses can be asked there, names cannot.
func systemResolvers(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the system's resolvers: %w", err)
	}
	config, err := dns.ClientConfigFromReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the system's resolvers from %s: %w", path, err)
	}
	return resolverAddresses(config.Servers)
}

// resolverAddresses turns each "ip" or "ip:port" into an address to dial.
func resolverAddresses(servers []string) ([]string, error) {
	var addresses []string
	for _, server := range servers {
		host, port, err := net.SplitHostPort(server)
		if err != nil {
			host, port = strings.TrimSuffix(strings.TrimPrefix(server, "["), "]"), dnsPort
		}
		if !isAddress(host) {
			return nil, fmt.Errorf("reading resolver %q: no IP address", server)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("reading resolver %q: no port %q", server, port)
		}
		addresses = append(addresses, net.JoinHostPort(host, port))
	}
	return addresses, nil
}

// systemHosts reads hosts(5). As for its other readers, its absence is no error.
func systemHosts(path string) (map[string][]netip.Addr, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the system's hosts: %w", err)
	}
	return readHosts(string(text)), nil
}

// readHosts skips the lines that do not begin with an address.
func readHosts(text string) map[string][]netip.Addr {
	hosts := map[string][]netip.Addr{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		address, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, name := range fields[1:] {
			name = canonicalHost(name)
			hosts[name] = append(hosts[name], address)
		}
	}
	return hosts
}
