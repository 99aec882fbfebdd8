//go:build !linux

package arrival

import (
	"net"
	"os"
	"time"
)

func socket() *os.File { return nil }

// Conn is a connection of which the kernel is not asked when octets arrived.
type Conn struct{ net.Conn }

// Stamp only wraps the connection.
func Stamp(conn net.Conn) *Conn { return &Conn{conn} }

// Note does nothing.
func (*Conn) Note() {}

// Noted is no time.
func (*Conn) Noted() time.Time { return time.Time{} }
