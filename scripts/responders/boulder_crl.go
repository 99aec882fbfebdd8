package main

import (
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/jmhodges/clock"
	"github.com/letsencrypt/boulder/config"
	"github.com/letsencrypt/boulder/issuance"
)

// crlValidity is from thisUpdate to nextUpdate, as Let's Encrypt has it.
const crlValidity = 216 * time.Hour

// writeBoulderCRL writes the CRL of one shard as Boulder's CA issues it, its own lints
// included. args are ISSUER KEY URL [REVOKED]: the CRL names URL, and lists that certificate.
func writeBoulderCRL(out io.Writer, args []string) error {
	if len(args) != 3 && len(args) != 4 {
		return fmt.Errorf("%d arguments instead of boulder-crl ISSUER KEY URL [REVOKED]", len(args))
	}
	base, shard, ok := strings.Cut(strings.TrimSuffix(args[2], ".crl"), "/shard/")
	if !ok {
		return fmt.Errorf("%q does not end in /shard/NUMBER.crl", args[2])
	}
	var number int64
	if _, err := fmt.Sscan(shard, &number); err != nil {
		return fmt.Errorf("reading the number of the shard %q: %w", shard, err)
	}
	issuer, err := issuance.LoadIssuer(issuance.IssuerConfig{
		IssuerURL: base + "/ca.crt", OCSPURL: base + "/ocsp", CRLURLBase: base + "/shard/",
		Location: issuance.IssuerLoc{File: args[1], CertFile: args[0]},
	}, clock.New())
	if err != nil {
		return fmt.Errorf("loading the issuer: %w", err)
	}
	profile, err := issuance.NewCRLProfile(issuance.CRLProfileConfig{
		ValidityInterval: config.Duration{Duration: crlValidity}, MaxBackdate: config.Duration{Duration: time.Hour}})
	if err != nil {
		return err
	}
	request := &issuance.CRLRequest{Number: big.NewInt(1), Shard: number, ThisUpdate: time.Now().UTC().Truncate(time.Second)}
	for _, name := range args[3:] {
		c, err := readCertificate(name)
		if err != nil {
			return fmt.Errorf("reading the certificate %s: %w", name, err)
		}
		request.Entries = append(request.Entries, x509.RevocationListEntry{
			SerialNumber: c.SerialNumber, RevocationTime: request.ThisUpdate.Add(-revokedAgo), ReasonCode: 4})
	}
	der, err := issuer.IssueCRL(profile, request)
	if err != nil {
		return fmt.Errorf("issuing: %w", err)
	}
	_, err = out.Write(der)
	return err
}
