// Package probe says what to ask of revocation services and asks it: targets, the plan of
// questions, the serial numbers of certificates that were never issued, and the run that
// records every answer. It has no opinion on any of them.
package probe
