package arrival

import (
	"net"
	"testing"
	"time"
)

func TestFirstOctetByTheKernel(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name                       string
		waited, sending, wall, lay time.Duration
		want                       time.Duration
		unusable                   bool
	}{
		{name: "read at once", waited: 20 * ms, wall: 20 * ms, want: 20 * ms},
		{name: "read late", waited: 20 * ms, sending: ms, wall: 21 * ms, lay: 5 * ms, want: 15 * ms},
		{name: "there before the call that sent had returned", waited: 3 * ms, sending: 2 * ms, wall: 5 * ms, lay: 4 * ms, want: ms},
		{name: "there a nanosecond after all was sent", waited: 3 * ms, sending: 2 * ms, wall: 5 * ms, lay: 3*ms - 1, want: 1},
		{name: "there before the request", waited: 3 * ms, sending: 2 * ms, wall: 5 * ms, lay: 5 * ms, unusable: true},
		{name: "from the future", waited: 3 * ms, wall: 3 * ms, lay: -1, unusable: true},
		{name: "the clock stepped forward", waited: 3 * ms, wall: 5 * ms, lay: ms, unusable: true},
		{name: "the clock stepped back", waited: 3 * ms, wall: ms, lay: ms, unusable: true},
		{name: "NTP slows the clock", waited: 10 * time.Second, wall: 10*time.Second - 5*ms, lay: ms, want: 10*time.Second - ms},
	} {
		took, ok := firstOctet(test.waited, test.sending, test.wall, test.lay)
		if took != test.want || ok == test.unusable {
			t.Errorf("%s: %s, %v", test.name, took, ok)
		}
	}
}

func TestWithoutTheKernel(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() { _, _ = theirs.Write([]byte("ab")) }()
	conn, w := NewClock().Watch(ours)
	w.Begin()
	w.Sent()
	octets := make([]byte, 9)
	n, err := conn.Read(octets)
	if took, byKernel := w.Seen(); took < 0 || byKernel || err != nil || string(octets[:n]) != "ab" {
		t.Errorf("%s, %v: %q, %v", took, byKernel, octets[:n], err)
	}
}
