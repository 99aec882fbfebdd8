package revocation

import (
	"encoding/asn1"
	"strconv"
	"strings"
)

// OID is an OBJECT IDENTIFIER's content octets: comparable, and never wrong about
// what was encoded. String gives the dotted form.
type OID string

func (o OID) String() string {
	var arcs []string
	value, first := uint64(0), true
	for i := range len(o) {
		value = value<<7 | uint64(o[i]&0x7f)
		if o[i] >= 0x80 {
			continue
		}
		if first {
			top := min(value/40, 2)
			arcs = append(arcs, strconv.FormatUint(top, 10))
			value, first = value-40*top, false
		}
		arcs = append(arcs, strconv.FormatUint(value, 10))
		value = 0
	}
	return strings.Join(arcs, ".")
}

// frequentOID is OID(content), which takes no memory for those that nearly every document
// holds.
func frequentOID(content []byte) OID {
	for _, often := range [...]OID{OIDSHA1, OIDSHA256, OIDBasicResponse, OIDSHA256WithRSA, OIDECDSAWithSHA256, OIDSHA384WithRSA, OIDECDSAWithSHA384,
		OIDNonce, OIDCRLNumber, OIDAuthorityKeyID, OIDIssuingDP} {
		if string(content) == string(often) {
			return often
		}
	}
	return OID(content)
}

// is reports whether o is the identifier of those arcs, which are at least two.
func (o OID) is(arcs asn1.ObjectIdentifier) bool {
	if len(arcs) < 2 {
		return false
	}
	value, next := uint64(0), 1 // the first two arcs share a subidentifier (X.690 §8.19.4)
	for i := range len(o) {
		if value = value<<7 | uint64(o[i]&0x7f); o[i] >= 0x80 {
			continue
		}
		want := uint64(arcs[min(next, len(arcs)-1)])
		if next == 1 {
			want += 40 * uint64(arcs[0])
		}
		if next == len(arcs) || value != want {
			return false
		}
		value, next = 0, next+1
	}
	return next == len(arcs) && o[len(o)-1] < 0x80
}

// Identifiers of RFC 6960 App. B, RFC 5280 App. A and RFC 9608.
const (
	OIDBasicResponse  OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01" // 1.3.6.1.5.5.7.48.1.1
	OIDNonce          OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
	OIDCrlID          OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x03"
	OIDAcceptable     OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x04"
	OIDNoCheck        OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"
	OIDArchiveCutoff  OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x06"
	OIDServiceLocator OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x07"
	OIDPrefSigAlgs    OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x08"
	OIDExtendedRevoke OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x09"
	OIDAccessOCSP     OID = "\x2b\x06\x01\x05\x05\x07\x30\x01" // 1.3.6.1.5.5.7.48.1
	OIDAccessIssuers  OID = "\x2b\x06\x01\x05\x05\x07\x30\x02" // 1.3.6.1.5.5.7.48.2

	OIDCRLNumber         OID = "\x55\x1d\x14" // 2.5.29.20
	OIDReasonCode        OID = "\x55\x1d\x15"
	OIDInvalidityDate    OID = "\x55\x1d\x18"
	OIDDeltaCRL          OID = "\x55\x1d\x1b"
	OIDIssuingDP         OID = "\x55\x1d\x1c"
	OIDCertificateIssuer OID = "\x55\x1d\x1d"
	OIDCRLDP             OID = "\x55\x1d\x1f" // 2.5.29.31
	OIDAuthorityKeyID    OID = "\x55\x1d\x23"
	OIDFreshestCRL       OID = "\x55\x1d\x2e"
	OIDExpiredCerts      OID = "\x55\x1d\x3c"                         // expiredCertsOnCRL of X.509
	OIDNextPublish       OID = "\x2b\x06\x01\x04\x01\x82\x37\x15\x04" // Microsoft's Next CRL Publish, 1.3.6.1.4.1.311.21.4
	OIDIssuerAltName     OID = "\x55\x1d\x12"
	OIDAuthorityInfo     OID = "\x2b\x06\x01\x05\x05\x07\x01\x01" // 1.3.6.1.5.5.7.1.1

	OIDSubjectKeyID     OID = "\x55\x1d\x0e" // 2.5.29.14
	OIDKeyUsage         OID = "\x55\x1d\x0f"
	OIDSubjectAltName   OID = "\x55\x1d\x11"
	OIDBasicConstraints OID = "\x55\x1d\x13"
	OIDNameConstraints  OID = "\x55\x1d\x1e"
	OIDPolicies         OID = "\x55\x1d\x20"
	OIDExtKeyUsage      OID = "\x55\x1d\x25"
	OIDSCTList          OID = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02" // 1.3.6.1.4.1.11129.2.4.2
	OIDPoison           OID = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03" // of precertificates, RFC 6962 §3.1
	OIDPrecertSigning   OID = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x04" // a purpose, RFC 6962 §3.1
	OIDNoRevAvail       OID = "\x55\x1d\x38"
	OIDTLSFeature       OID = "\x2b\x06\x01\x05\x05\x07\x01\x18" // 1.3.6.1.5.5.7.1.24, RFC 7633

	OIDMD5    OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x05"     // 1.2.840.113549.2.5
	OIDSHA1   OID = "\x2b\x0e\x03\x02\x1a"                 // 1.3.14.3.2.26
	OIDSHA224 OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x04" // 2.16.840.1.101.3.4.2.4
	OIDSHA256 OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	OIDSHA384 OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"
	OIDSHA512 OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"
)

// Identifiers of signature algorithms: RFC 3279 §2.2, RFC 4055, RFC 5758, RFC 8410.
const (
	OIDRSAEncryption   OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" // 1.2.840.113549.1.1.1, a key's
	OIDMD2WithRSA      OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"
	OIDMD5WithRSA      OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"
	OIDSHA1WithRSA     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"
	OIDMGF1            OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
	OIDRSAPSS          OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
	OIDSHA256WithRSA   OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
	OIDSHA384WithRSA   OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"
	OIDSHA512WithRSA   OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"
	OIDSHA224WithRSA   OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"
	OIDSHA1WithRSAOIW  OID = "\x2b\x0e\x03\x02\x1d"         // 1.3.14.3.2.29, an older name of the same
	OIDECDSAWithSHA1   OID = "\x2a\x86\x48\xce\x3d\x04\x01" // 1.2.840.10045.4.1
	OIDECDSAWithSHA224 OID = "\x2a\x86\x48\xce\x3d\x04\x03\x01"
	OIDECDSAWithSHA256 OID = "\x2a\x86\x48\xce\x3d\x04\x03\x02"
	OIDECDSAWithSHA384 OID = "\x2a\x86\x48\xce\x3d\x04\x03\x03"
	OIDECDSAWithSHA512 OID = "\x2a\x86\x48\xce\x3d\x04\x03\x04"
	OIDDSAWithSHA1     OID = "\x2a\x86\x48\xce\x38\x04\x03"         // 1.2.840.10040.4.3
	OIDDSAWithSHA256   OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x02" // 2.16.840.1.101.3.4.3.2
	OIDEd25519         OID = "\x2b\x65\x70"                         // 1.3.101.112
	OIDEd448           OID = "\x2b\x65\x71"
)
