package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A signal that timeout(1) sends twice does not keep what was answered from being judged; who
// presses Ctrl-C again wants an end.
func TestASignalThatComesTwiceAtOnceIsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		var ended atomic.Bool
		endBySecond(ctx, func() { ended.Store(true) })
		time.Sleep(time.Hour)
		synctest.Wait()
		if ended.Load() {
			t.Fatal("signals are not caught before the first")
		}
		interrupt()
		time.Sleep(oneSignal - time.Nanosecond)
		synctest.Wait()
		if ended.Load() {
			t.Error("the second of two at once would end the program")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !ended.Load() {
			t.Error("a second one would not end it")
		}
	})
}
