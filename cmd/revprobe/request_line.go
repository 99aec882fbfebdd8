package main

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// maxShownBody is how many octets of a request's body a dry run shows.
const maxShownBody = 2 << 10

// requestLine is one request of a dry run: what is asked, and all that is sent.
func requestLine(q evidence.Question) string {
	parts := []string{fmt.Sprintf("%-15s", q.Ask)}
	if q.Method != "" {
		parts = append(parts, fmt.Sprintf("%-4s", q.Method))
	}
	parts = append(parts, q.RequestURL())
	if q.Variant != "" {
		parts = append(parts, q.Variant)
	}
	if q.Serial != "" {
		about := "serial " + q.Serial
		if q.Strategy != "" {
			about = q.Strategy + " " + about
		}
		parts = append(parts, about)
	}
	parts = append(parts, wireParts(q.Wire)...)
	if q.Method == http.MethodPost || q.Method == http.MethodPut {
		parts = append(parts, "body "+bodyText(q.Request))
	}
	if q.Wire != nil {
		for _, next := range q.Wire.Follow {
			parts = append(parts, "then body "+bodyText(next))
		}
	}
	return strings.Join(parts, " ")
}

// wireParts says how a request is put on the wire, where not in the usual way.
func wireParts(w *evidence.Wire) []string {
	if w == nil {
		return nil
	}
	var parts []string
	if w.Proto != "" {
		parts = append(parts, w.Proto)
	}
	for _, line := range w.Header {
		if !strings.Contains(line, ":") {
			line = "no " + line
		}
		parts = append(parts, "["+line+"]")
	}
	if w.Chunked {
		parts = append(parts, "chunked")
	}
	if w.Pace > 0 {
		parts = append(parts, fmt.Sprintf("%d octets a second", w.Pace))
	}
	return parts
}

func bodyText(body []byte) string {
	switch {
	case len(body) == 0:
		return "of no octets"
	case len(body) > maxShownBody:
		return fmt.Sprintf("%s... of %d octets", hex.EncodeToString(body[:maxShownBody]), len(body))
	}
	return hex.EncodeToString(body)
}
