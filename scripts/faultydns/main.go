// Command faultydns stands before a DNS server on other loopback addresses and spoils what it
// answers, for scripts/interop-dns. Each argument is MODE=IP; every question goes on to the
// server that -to names.
//
//	silent    never answers, nor takes connections
//	slow      answers 2.1 seconds late the first time that it is asked about the host
//	truncated truncates every answer over UDP
//	udp       takes no connections
//	dropping  does not hear a question the first time
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

const (
	delay   = 2100 * time.Millisecond
	patient = 5 * time.Second // with the server behind
	largest = 65535           // octets of a message
)

func main() {
	to := flag.String("to", "", "")
	flag.Parse()
	for _, argument := range flag.Args() {
		mode, ip, _ := strings.Cut(argument, "=")
		if err := play(mode, net.JoinHostPort(ip, "53"), *to); err != nil {
			fmt.Fprintf(os.Stderr, "faultydns: playing %s: %v\n", argument, err)
			os.Exit(1)
		}
	}
	fmt.Println("ready")
	select {}
}

// play listens at an address in one of the modes.
func play(mode, at, to string) error {
	packets, err := net.ListenPacket("udp", at)
	if err != nil {
		return err
	}
	go serve(mode, packets, to)
	if mode == "silent" || mode == "udp" {
		return nil
	}
	streams, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := streams.Accept()
			if err != nil {
				return
			}
			go relay(conn, to)
		}
	}()
	return nil
}

func serve(mode string, packets net.PacketConn, to string) {
	heard := map[string]bool{}
	for {
		var late time.Duration
		query := make([]byte, largest)
		n, from, err := packets.ReadFrom(query)
		if err != nil {
			return
		}
		query = query[:n]
		if mode == "silent" || n < 12 {
			continue
		}
		question := asked(mode, query)
		again := heard[question]
		heard[question] = true
		switch {
		case again:
		case mode == "dropping":
			continue
		case mode == "slow" && bytes.HasPrefix(query[12:], []byte("\x03crl")):
			late = delay
		}
		go answer(mode, late, packets, from, query, to)
	}
}

// asked is what a question is told from others by: everything but its id, or the name alone.
func asked(mode string, query []byte) string {
	if mode != "slow" {
		return string(query[2:])
	}
	name, _, _ := bytes.Cut(query[12:], []byte{0})
	return string(name)
}

// answer sends what the server behind answers, or the question itself as a truncated answer.
func answer(mode string, late time.Duration, packets net.PacketConn, from net.Addr, query []byte, to string) {
	reply := query
	if mode == "truncated" {
		reply[2] |= 0x86 // QR, AA, TC (RFC 1035 §4.1.1)
	} else {
		var err error
		if reply, err = ask(query, to); err != nil {
			return
		}
	}
	time.Sleep(late)
	_, _ = packets.WriteTo(reply, from)
}

func ask(query []byte, to string) ([]byte, error) {
	conn, err := net.DialTimeout("udp", to, patient)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patient))
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	reply := make([]byte, largest)
	n, err := conn.Read(reply)
	return reply[:n], err
}

// relay hands a connection on to the server.
func relay(conn net.Conn, to string) {
	defer conn.Close()
	behind, err := net.DialTimeout("tcp", to, patient)
	if err != nil {
		return
	}
	defer behind.Close()
	go func() { _, _ = io.Copy(behind, conn) }()
	_, _ = io.Copy(conn, behind)
}
