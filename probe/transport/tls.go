package transport

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// handshake takes the certificate chain and the stapled OCSP response of a TLS server.
func (a *asking) handshake(ctx context.Context, found []candidate) *failure {
	conn, problem := a.connect(ctx, found)
	if problem != nil {
		return problem
	}
	defer conn.Close()
	defer guard(ctx, conn)()
	secured, problem := a.secure(conn)
	if problem != nil {
		return problem
	}
	state := secured.ConnectionState()
	for _, certificate := range state.PeerCertificates {
		a.x.Chain = append(a.x.Chain, certificate.Raw)
	}
	a.x.Staple = state.OCSPResponse
	return nil
}

// secure speaks TLS on conn. Whatever goes wrong is of class tls, silence included.
func (a *asking) secure(conn net.Conn) (*tls.Conn, *failure) {
	secured := tls.Client(conn, &tls.Config{
		ServerName:         a.place.host,
		InsecureSkipVerify: true, // we take evidence; whether to trust it is for others to say
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       everyCipherSuite(),
	})
	start := time.Now()
	err := secured.Handshake()
	a.x.Timing.TLS = time.Since(start)
	if err != nil {
		return nil, failed(evidence.TLSFailure, "TLS handshake with %s: %s", a.x.Peer, plain(err))
	}
	return secured, nil
}

// everyCipherSuite includes those no one should use: an old server's evidence counts too.
func everyCipherSuite() []uint16 {
	var ids []uint16
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// guard ends every read and write on conn when ctx does, and returns how to stop that.
func guard(ctx context.Context, conn net.Conn) (release func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}
