// Package transport asks one Question of the network and records what came back. It is
// the only package that dials: DNS, TCP, TLS and HTTP, each phase timed apart, each way
// to fail with a class of its own. It is polite to the hosts it asks, and does not go to
// private addresses that nobody named.
//
// It has no opinion on the answers and knows no rule, no document and no archive. What
// a far end does wrong is data in the Exchange, never a Go error.
package transport
