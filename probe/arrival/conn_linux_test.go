package arrival

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair is a TCP connection over loopback, and its other end.
func pair(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ours, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	c := Stamp(ours)
	if c.raw == nil {
		t.Fatal("the kernel gives no times")
	}
	return c, theirs.(*net.TCPConn)
}

// await returns once there is something to read.
func await(t *testing.T, c *Conn) {
	t.Helper()
	err := c.raw.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK)
		return err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The kernel's time is from before the program began to read. The kernel only begins to take
// times once somebody has asked it to, so that the first octets may have none.
func TestArrivalIsBeforeReading(t *testing.T) {
	c, theirs := pair(t)
	for range 1_000_000 {
		written := time.Now()
		if _, err := theirs.Write([]byte("ab")); err != nil {
			t.Fatal(err)
		}
		await(t, c)
		reading := time.Now()
		c.Note()
		first, rest := make([]byte, 9), make([]byte, 9)
		n, err := c.Read(first)
		arrived := c.Noted()
		m, restErr := c.Read(rest)
		if err != nil || restErr != nil || string(first[:n]) != "a" || string(rest[:m]) != "b" {
			t.Fatalf("read %q (%v) and %q (%v)", first[:n], err, rest[:m], restErr)
		}
		if arrived.IsZero() {
			continue
		}
		if arrived.Before(wall(written)) || arrived.After(wall(reading)) {
			t.Errorf("written at %s, there at %s, read at %s", written, arrived, reading)
		}
		return
	}
	t.Error("the kernel gave no time")
}

func TestStampedConnEnds(t *testing.T) {
	c, theirs := pair(t)
	c.Note()
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("past the deadline: %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := theirs.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 9)); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d octets, %v", n, err)
	}
	c, theirs = pair(t)
	c.Note()
	if err := errors.Join(theirs.SetLinger(0), theirs.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 9)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %d octets, %v", n, err)
	}
	_ = c.Close()
	if n, err := c.Read(make([]byte, 9)); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %d octets, %v", n, err)
	}
}

func TestNoTimeInNoMessage(t *testing.T) {
	for _, controls := range [][]byte{nil, {1}, make([]byte, unix.SizeofCmsghdr)} {
		if at := arrivalOf(controls); !at.IsZero() {
			t.Errorf("%x: %s", controls, at)
		}
	}
}
