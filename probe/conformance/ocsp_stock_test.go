package conformance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// What stock Go clients make of responses, in words.
func TestStockClientSaysWhy(t *testing.T) {
	t.Parallel()
	critical := []revocation.Extension{{ID: "\x2a\x03\x04", Critical: true, Value: []byte{5, 0}}}
	for name, test := range map[string]struct {
		want   string // empty: there is nothing to say
		change func(*fixtures.Responder)
	}{
		"the CA's own certificate": {"rejected by golang.org/x/crypto/ocsp: bad OCSP signature", func(r *fixtures.Responder) {
			r.OCSP.Certificates = func([][]byte) [][]byte { return [][]byte{r.IssuerCertificate().Raw} }
		}},
		"the delegate second": {"rejected by golang.org/x/crypto/ocsp: bad signature on embedded certificate", func(r *fixtures.Responder) {
			r.OCSP.Signer = fixtures.Delegated
			r.OCSP.Certificates = func(own [][]byte) [][]byte { return [][]byte{r.IssuerCertificate().Raw, own[0]} }
		}},
		"no certStatus": {"although there is no certStatus, which it takes for revoked", func(r *fixtures.Responder) {
			r.OCSP.Assigned = fixtures.Absent
		}},
		"the hashes of another issuer": {"although its CertID is not the one asked about", func(r *fixtures.Responder) {
			r.OCSP.Singles = func(asked []revocation.CertID) []revocation.CertID {
				other := r.ForeignCertID(asked[0].Serial)
				return []revocation.CertID{other}
			}
		}},
		"a critical responseExtension": {"although the extension 1.2.3.4 is critical", func(r *fixtures.Responder) { r.OCSP.Extensions = critical }},
		"a critical singleExtension":   {"", func(r *fixtures.Responder) { r.OCSP.SingleExtensions = critical }},
		"a trailing octet": {"", func(r *fixtures.Responder) {
			r.OCSP.Tamper = func(der []byte) []byte { return append(slices.Clone(der), 0) }
		}},
		"an error with an answer": {"", func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unauthorized }},
	} {
		fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
		test.change(fake)
		report := judge(t, ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST), conformance.RuleNamed("ocsp-stock-client"))
		got := ""
		for _, f := range report.Findings {
			got = f.Got
		}
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// Where x/crypto/ocsp is not asked, because there is no doubt, it would have said the same.
func TestStockOpinionIsItsOwn(t *testing.T) {
	t.Parallel()
	for _, r := range conformance.Rules() {
		for _, c := range slices.Concat(r.Bad, r.Good) {
			fake := faked(fixtures.Kind{}, c)
			for _, x := range ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST|evidence.UnassignedPOST).Exchanges {
				response := revocation.ReadOCSPResponse(x.Body)
				if response.Basic == nil {
					continue
				}
				signer := response.Basic.FindSigner(fake.IssuerCertificate(), nil)
				serial := revocation.ReadOCSPRequest(x.Request).Requests[0].CertID.Serial
				accepted, _ := revocation.StockOpinion(response, signer, serial, fake.IssuerCertificate())
				if asked, why := revocation.StockOpinion(response, revocation.Signer{}, serial, fake.IssuerCertificate()); asked != accepted {
					t.Errorf("%s, %s: %v; x/crypto/ocsp says %v, %s", r.ID, c.Name, accepted, asked, why)
				}
			}
		}
	}
}
