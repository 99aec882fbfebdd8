package main

import (
	"fmt"
	"net/http"
	"time"

	cfsslocsp "github.com/cloudflare/cfssl/ocsp"
	"golang.org/x/crypto/ocsp"
)

// cfssl is Cloudflare's toolkit, served as its own ocspserve does: answers signed before,
// looked up by serial, behind a ServeMux. Its go.mod names go 1.18, so that ocspserve runs
// with the ServeMux of that time, which cleans the path after decoding it: to have it so
// here, set GODEBUG=httpmuxgo121=1.
func cfssl(a *authority) (http.Handler, error) {
	signer, err := cfsslocsp.NewSigner(a.issuer, a.signer, a.key, validity)
	if err != nil {
		return nil, fmt.Errorf("making the signer: %w", err)
	}
	source := cfsslocsp.InMemorySource{}
	for _, request := range []cfsslocsp.SignRequest{
		{Certificate: a.good, Status: "good"},
		{Certificate: a.revoked, Status: "revoked", Reason: ocsp.KeyCompromise, RevokedAt: time.Now().Add(-revokedAgo)},
	} {
		der, err := signer.Sign(request)
		if err != nil {
			return nil, fmt.Errorf("signing for serial %x: %w", request.Certificate.SerialNumber, err)
		}
		source[request.Certificate.SerialNumber.String()] = der
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.StripPrefix("/", cfsslocsp.NewResponder(source, nil)))
	return mux, nil
}
