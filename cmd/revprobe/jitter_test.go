package main

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestJitterIsAPartOfTheTimeGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &checking{jitter: time.Hour}
		for octet, want := range map[byte]time.Duration{0: 0, 1: 0x010101010101} {
			start := time.Now()
			if err := c.holdBack(t.Context(), &environment{random: bytes.NewReader(bytes.Repeat([]byte{octet}, 64))}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("octets %02x: waited %s, want %s", octet, took, want)
			}
		}
	})
}

func TestJitterEndsWithTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		c := &checking{jitter: time.Hour}
		if err := c.holdBack(ctx, &environment{random: bytes.NewReader(bytes.Repeat([]byte{1}, 64))}); err == nil {
			t.Error("it was not interrupted")
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %s to notice", took)
		}
	})
}
