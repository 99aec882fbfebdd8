package main

import (
	"crypto/x509"
	"fmt"
	"log/syslog"
	"net/http"
	"time"

	"github.com/jmhodges/clock"
	"github.com/letsencrypt/boulder/core"
	"github.com/letsencrypt/boulder/issuance"
	"github.com/letsencrypt/boulder/log"
	"github.com/letsencrypt/boulder/ocsp/responder"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/ocsp"
)

// boulder is Let's Encrypt's responder, with the filter that it runs behind: it answers
// for issuers and serials that it knows. The filter takes the signer to be the issuer.
func boulder(a *authority) (http.Handler, error) {
	issuer, err := issuance.NewCertificate(a.issuer)
	if err != nil {
		return nil, fmt.Errorf("taking the issuer: %w", err)
	}
	responses := map[string]*responder.Response{}
	for _, c := range []*x509.Certificate{a.good, a.revoked} {
		response, err := a.boulderResponse(c)
		if err != nil {
			return nil, fmt.Errorf("signing for serial %x: %w", c.SerialNumber, err)
		}
		responses[c.SerialNumber.String()] = response
	}
	logger := log.StdoutLogger(int(syslog.LOG_INFO))
	memory, err := responder.NewMemorySource(responses, logger)
	if err != nil {
		return nil, fmt.Errorf("keeping the responses: %w", err)
	}
	metrics := prometheus.NewRegistry()
	prefixes := []string{serialPrefix(a.good), serialPrefix(a.revoked)}
	filter, err := responder.NewFilterSource([]*issuance.Certificate{issuer}, prefixes, memory, metrics, logger, clock.New())
	if err != nil {
		return nil, fmt.Errorf("filtering: %w", err)
	}
	return http.StripPrefix("/", responder.NewResponder(filter, time.Second, metrics, logger, 1)), nil
}

// serialPrefix is the first octet of a serial as Boulder writes it: its CAs begin every
// serial with an octet of their own.
func serialPrefix(c *x509.Certificate) string {
	return core.SerialToString(c.SerialNumber)[:2]
}

// boulderResponse is as Boulder's CA signs: with the CA's own key, in whole minutes, and a
// second short.
func (a *authority) boulderResponse(c *x509.Certificate) (*responder.Response, error) {
	thisUpdate := time.Now().UTC().Truncate(time.Minute)
	template := ocsp.Response{
		Status: ocsp.Good, SerialNumber: c.SerialNumber, ThisUpdate: thisUpdate, NextUpdate: thisUpdate.Add(validity - time.Second),
	}
	if c == a.revoked {
		template.Status, template.RevocationReason, template.RevokedAt = ocsp.Revoked, ocsp.KeyCompromise, thisUpdate.Add(-revokedAgo)
	}
	der, err := ocsp.CreateResponse(a.issuer, a.signer, template, a.key)
	if err != nil {
		return nil, err
	}
	parsed, err := ocsp.ParseResponse(der, a.issuer)
	if err != nil {
		return nil, err
	}
	return &responder.Response{Response: parsed, Raw: der}, nil
}
