// Command responders serves OCSP and writes CRLs with the code of a real CA or of a CA's
// toolkit, for scripts/interop-responders and scripts/interop-crl to probe. It is a module of its own because what it embeds
// brings more dependencies than the whole project has.
//
// Usage: responders boulder|cfssl ADDRESS ISSUER SIGNER KEY GOOD REVOKED
//
//	responders boulder-crl ISSUER KEY URL [REVOKED]
//
// ISSUER, SIGNER, GOOD and REVOKED are files of one certificate in PEM, KEY is the
// signer's. GOOD is answered good and REVOKED revoked for keyCompromise; about every other
// certificate the responder knows nothing.
package main

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/cloudflare/cfssl/helpers"
)

// validity is from thisUpdate to nextUpdate, as Let's Encrypt had it. Boulder's CA takes a
// second off, because the last second counts (BR 4.9.9).
const validity = 96 * time.Hour

// revokedAgo is how long ago the revoked certificate was.
const revokedAgo = 24 * time.Hour

// authority is what a responder answers for.
type authority struct {
	issuer, signer, good, revoked *x509.Certificate
	key                           crypto.Signer
}

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "responders:", err)
		os.Exit(1)
	}
}

// serve returns only when it cannot go on, or has written its CRL.
func serve(args []string) error {
	if len(args) > 0 && args[0] == "boulder-crl" {
		return writeBoulderCRL(os.Stdout, args[1:])
	}
	if len(args) != 7 {
		return fmt.Errorf("%d arguments instead of boulder|cfssl ADDRESS ISSUER SIGNER KEY GOOD REVOKED", len(args))
	}
	a, err := readAuthority(args[2:])
	if err != nil {
		return err
	}
	var handler http.Handler
	switch args[0] {
	case "boulder":
		handler, err = boulder(a)
	case "cfssl":
		handler, err = cfssl(a)
	default:
		return fmt.Errorf("%q is neither boulder nor cfssl", args[0])
	}
	if err != nil {
		return fmt.Errorf("setting up %s: %w", args[0], err)
	}
	server := http.Server{Addr: args[1], Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

// readAuthority reads the files ISSUER SIGNER KEY GOOD REVOKED.
func readAuthority(names []string) (*authority, error) {
	var certificates []*x509.Certificate
	for _, name := range []string{names[0], names[1], names[3], names[4]} {
		c, err := readCertificate(name)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate %s: %w", name, err)
		}
		certificates = append(certificates, c)
	}
	key, err := readKey(names[2])
	if err != nil {
		return nil, fmt.Errorf("reading the key %s: %w", names[2], err)
	}
	return &authority{issuer: certificates[0], signer: certificates[1], good: certificates[2], revoked: certificates[3], key: key}, nil
}

func readCertificate(name string) (*x509.Certificate, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return helpers.ParseCertificatePEM(text)
}

func readKey(name string) (crypto.Signer, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return helpers.ParsePrivateKeyPEM(text)
}
