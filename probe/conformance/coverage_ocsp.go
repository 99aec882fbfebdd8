package conformance

import "slices"

// structureRows are of section A1: envelope, encoding, structure.
func structureRows() []Row {
	const section = "A1"
	return slices.Concat(
		judged(section, "ocsp-der-strict", "ocsp-status-known", "ocsp-error-no-bytes", "ocsp-success-has-bytes", "ocsp-type-basic",
			"ocsp-version-v1", "ocsp-responderid-matches", "ocsp-responderid-bykey-sha1", "ocsp-responderid-bykey-preferred",
			"ocsp-single-for-each", "ocsp-single-extra", "ocsp-certid-echo", "ocsp-certid-hashes-correct", "ocsp-certid-serial-encoding"),
		[]Row{
			{"ocsp-certid-sha1-deprecated", section, needsInsight + "whether a client is left that needs SHA-1 in the CertID"},
		},
		judged(section, "ocsp-certid-sha256-support", "ocsp-time-format", "ocsp-certs-empty", "ocsp-certs-minimal", "ocsp-ext-nonempty", "ocsp-ext-unique",
			"ocsp-ext-noncritical", "ocsp-respext-lightweight", "ocsp-archive-cutoff-form", "ocsp-crlref-form",
			"ocsp-no-reasoncode-singleext", "ocsp-response-size"),
	)
}

// timeRows are of section A2: time and freshness.
func timeRows() []Row {
	const section = "A2"
	return slices.Concat(
		judged(section, "ocsp-nextupdate-present", "ocsp-time-order", "ocsp-not-from-future", "ocsp-not-expired",
			"ocsp-br-validity-min", "ocsp-br-validity-max", "ocsp-mozilla-nextupdate-max", "ocsp-ms-validity"),
		[]Row{{"ocsp-br-update-short", section, ""}},
		judged(section, "ocsp-br-update-long", "ocsp-mozilla-update-4d", "ocsp-ms-update-half", "ocsp-ca-update-12m"),
		judged(section, "ocsp-ca-revoked-24h"),
		judged(section, "ocsp-nextupdate-signer-notafter"),
		[]Row{
			{"ocsp-monotonic", section, ""},
			{"ocsp-refresh-before-max-age", section, "what is served after the max-age of an earlier copy is fresh again by its own: http-ocsp-cache-not-stale judges whether it is"},
		},
	)
}

// statusRows are of section A3: what is said of a certificate.
func statusRows() []Row {
	const section = "A3"
	return slices.Concat(
		judged(section, "ocsp-assigned-authoritative-15m", "ocsp-assigned-precert", "ocsp-assigned-not-hold", "ocsp-unassigned-not-good", "ocsp-unassigned-revoked-form", "ocsp-extended-revoke-form",
			"ocsp-extended-revoke-consistency", "ocsp-unassigned-consistent"),
		[]Row{{"ocsp-unassigned-no-stale-cache", section, "cannot be forced from outside, and asking early is what fills such caches; http-ocsp-nonauth-nocache judges the headers that keep them from it"}},
		judged(section, "ocsp-unknown-issuer"),
		judged(section, "ocsp-revoked-known"),
		[]Row{
			{"ocsp-revoked-not-reverted", section, ""},
		},
		judged(section, "ocsp-revocationtime-sane", "ocsp-ca-reason-present", "ocsp-reason-allowed", "ocsp-reason-equals-crl",
			"ocsp-crl-consistent", "ocsp-get-post-equal"),
		[]Row{
			{"ocsp-ip-consistent", section, ""},
			{"ocsp-operational-for-aia", section, needsList + "of every unexpired certificate the responder that it names; of those at hand http-status-200 judges it"},
			{"ocsp-served-until-expiry", section, ""},
		},
		judged(section, "ocsp-expired-cert"),
		[]Row{{"ocsp-test-sites", section, needsQuestion + "the three test web sites of a root, which no certificate names"}},
		judged(section, "ocsp-revoked-all-after-compromise"),
	)
}

// signatureRows are of section A4: signature and signer.
func signatureRows() []Row {
	const section = "A4"
	return slices.Concat(
		judged(section, "ocsp-signed", "ocsp-signer-authorized", "ocsp-signer-same-key", "ocsp-signer-cert-included", "ocsp-signer-valid-now"),
		judged(section, "ocsp-signer-revoked"),
		judged(section, "ocsp-signer-ca-ku-ds", "ocsp-sigalg-encoding", "ocsp-sigalg-sha1", "ocsp-sigalg-key-match",
			"ocsp-signer-key-strength", "ocsp-sig-mandatory-algs", "ocsp-preferred-sigalgs"),
	)
}

// protocolRows are of section A5: protocol behaviour.
func protocolRows() []Row {
	const section = "A5"
	return judged(section, "ocsp-nonce-echo", "ocsp-nonce-16-32", "ocsp-nonce-1-15-33-128", "ocsp-nonce-0-129", "ocsp-nonce-encoding",
		"ocsp-requestorname-ignored", "ocsp-signed-request-ok", "ocsp-unknown-noncritical-ext", "ocsp-unknown-critical-ext",
		"ocsp-malformed-status", "ocsp-error-mapping", "ocsp-multi-request", "ocsp-client-independent")
}
