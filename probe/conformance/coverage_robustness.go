package conformance

import "slices"

// robustnessRows are of section 2: how requests out of the ordinary are taken. Where a row
// of another section asks for the same, its rule judges.
func robustnessRows() []Row {
	const section = "2"
	return slices.Concat(
		judged(section, "rob-post-empty", "rob-get-empty", "rob-garbage", "rob-truncated", "rob-trailing", "rob-ber", "rob-empty-list",
			"rob-ct-missing", "rob-huge"),
		[]Row{{"rob-multi-2", section, judgedBy + "ocsp-multi-request"}},
		judged(section, "rob-multi-issuer", "rob-dup", "rob-hash-mismatch", "rob-hash-wrong-length", "rob-hash-alg", "rob-hash-params"),
		[]Row{
			{"rob-nonce-len", section, judgedBy + "ocsp-nonce-16-32 and ocsp-nonce-1-15-33-128"},
			{"rob-nonce-bad", section, judgedBy + "ocsp-nonce-0-129"},
			{"rob-nonce-raw", section, judgedBy + "ocsp-nonce-encoding"},
		},
		judged(section, "rob-nonce-critical"),
		[]Row{
			{"rob-ext-unknown", section, judgedBy + "ocsp-unknown-noncritical-ext"},
			{"rob-ext-critical", section, judgedBy + "ocsp-unknown-critical-ext"},
		},
		judged(section, "rob-ext-dup", "rob-acceptable"),
		[]Row{{"rob-prefsig", section, judgedBy + "ocsp-preferred-sigalgs"}},
		judged(section, "rob-servicelocator"),
		[]Row{
			{"rob-reqname", section, judgedBy + "ocsp-requestorname-ignored"},
			{"rob-optsig-valid", section, judgedBy + "ocsp-signed-request-ok"},
		},
		judged(section, "rob-optsig-bogus", "rob-sigrequired"),
		[]Row{
			{"rob-get-enc-upper", section, judgedBy + "http-ocsp-get-encodings, as is lower case, which every check asks"},
			{"rob-get-raw", section, judgedBy + "http-ocsp-get-encodings"},
		},
		judged(section, "rob-get-nopad", "rob-get-base64url"),
		[]Row{{"rob-get-dblslash", section, judgedBy + "http-ocsp-get-slash, of which every check asks %2F%2F"}},
		judged(section, "rob-get-newline", "rob-get-long", "rob-get-query"),
		[]Row{
			{"rob-methods", section, judgedBy + "http-head-and-others"},
			{"rob-expect", section, judgedBy + "http-expect-100"},
			{"rob-http10", section, judgedBy + "http-http10-no-keepalive"},
		},
		judged(section, "rob-accept-enc", "rob-accept", "rob-inm", "rob-slow", "rob-pipelined", "rob-crl-conditional"),
	)
}
