package arrival

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is one that wants times and gets nothing. The kernel takes times for as long as any
// socket wants them, and begins to some time after the first does: too late for the only
// answer of a connection.
func socket() *os.File {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1) != nil {
		_ = unix.Close(fd)
		return nil
	}
	return os.NewFile(uintptr(fd), "arrival")
}

// Conn is a TCP connection of which the kernel tells when octets arrived
// (SO_TIMESTAMPNS, socket(7)). It does so for the last segment of what one call reads, or
// for a later one that it has joined to that.
type Conn struct {
	net.Conn
	raw     syscall.RawConn // nil: the kernel does not tell
	noting  bool
	first   bool // nothing has been read since noting began
	arrived time.Time
}

// Stamp asks the kernel for the times of a connection. They cannot be had where it is no
// socket, or the kernel is from before 5.1 and knows no times of 64 bits.
func Stamp(conn net.Conn) *Conn {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return &Conn{Conn: conn}
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return &Conn{Conn: conn}
	}
	refused := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1)
	})
	if refused != nil || err != nil {
		return &Conn{Conn: conn}
	}
	return &Conn{Conn: conn, raw: raw}
}

// Note has the times of what is read from now on noted. The first octet is read by itself,
// so that its time is not that of octets which came after it.
func (c *Conn) Note() { c.noting, c.first, c.arrived = true, true, time.Time{} }

// Noted is when what was read last arrived, and ends the noting; zero where the kernel did
// not say.
func (c *Conn) Noted() time.Time {
	c.noting = false
	return c.arrived
}

func (c *Conn) Read(p []byte) (int, error) {
	if c.raw == nil || !c.noting || len(p) == 0 {
		return c.Conn.Read(p)
	}
	if c.first {
		p = p[:1]
	}
	var control [64]byte
	var n, controls int
	var failure error
	waiting := c.raw.Read(func(fd uintptr) bool {
		for n, controls, failure = 0, 0, unix.EINTR; errors.Is(failure, unix.EINTR); {
			n, controls, _, _, failure = unix.Recvmsg(int(fd), p, control[:], 0)
		}
		return !errors.Is(failure, unix.EAGAIN)
	})
	switch {
	case waiting != nil:
		return 0, waiting
	case failure != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("recvmsg", failure)}
	case n == 0:
		return 0, io.EOF
	}
	c.first, c.arrived = false, arrivalOf(control[:controls])
	return n, nil
}

// arrivalOf reads the time out of control messages: two numbers of 64 bits, seconds and
// nanoseconds. It is zero where there is none.
func arrivalOf(controls []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(controls)
	if err != nil {
		return time.Time{}
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS_NEW && len(m.Data) >= 16 {
			seconds := binary.NativeEndian.Uint64(m.Data)
			nanoseconds := binary.NativeEndian.Uint64(m.Data[8:])
			return time.Unix(int64(seconds), int64(nanoseconds))
		}
	}
	return time.Time{}
}
