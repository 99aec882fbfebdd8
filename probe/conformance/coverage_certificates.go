package conformance

import "slices"

// pointerRows are of section E1: AIA and CDP URLs.
func pointerRows() []Row {
	const section = "E1"
	return []Row{
		{"cert-aia-present", section, ""},
		{"cert-aia-methods", section, ""},
		{"cert-aia-uri-http", section, ""},
		{"cert-aia-unique-order", section, ""},
		{"cert-aia-caissuers", section, ""},
		{"cert-subca-aia", section, ""},
		{"cert-cdp-ca", section, ""},
		{"cert-cdp-ee", section, ""},
		{"cert-short-lived", section, ""},
		{"cert-cdp-root", section, ""},
		{"cert-cdp-noncritical", section, ""},
		{"cert-cdp-format", section, ""},
		{"cert-url-wellformed", section, ""},
		{"cert-operational-endpoint", section, "what a certificate names is asked like any service: dns-resolves, tcp-connect-all, http-status-200 and http-body-magic say that one does not work"},
		{"cert-cdp-same-content", section, ""},
		{"cert-aia-crosscheck-siblings", section, needsList + "which locations the other certificates of the CA name"},
		{"cert-freshestcrl", section, ""},
		{"cert-norevavail", section, ""},
		{"cert-must-staple", section, ""},
	}
}

// issuerRows are of section E2: issuer certificates, serial numbers.
func issuerRows() []Row {
	const section = "E2"
	return []Row{
		{"cert-serial-range", section, ""},
		{"cert-serial-entropy", section, ""},
		{"cert-serial-unique", section, ""},
		{"cert-issuer-name-bytes", section, ""},
		{"cert-aki", section, ""},
		{"cert-ca-ku", section, ""},
		{"cert-ca-eku-no-ocspsigning", section, ""},
		{"cert-ee-eku-no-ocspsigning", section, ""},
		{"cert-precert-signing-ca", section, ""},
		{"cert-sha1-subca-revoked", section, needsList + "whether a CA is cross-certified, which alone the clause binds, no single certificate tells"},
		{"cert-sigalg-sha1", section, ""},
		{"cert-subca-revocation-ccadb", section, needsList + "the CCADB's records, which are entered up to 7 days after the revocation"},
	}
}

// delegateRows are of section E3: certificates of OCSP delegates.
func delegateRows() []Row {
	const section = "E3"
	return slices.Concat(
		judged(section, "cert-ocsp-issuer-same", "cert-ocsp-eku-only", "cert-ocsp-nocheck-present", "cert-ocsp-nocheck-value",
			"cert-ocsp-ku", "cert-ocsp-bc", "cert-ocsp-no-san-nc", "cert-ocsp-no-cdp", "cert-ocsp-aia", "cert-ocsp-policies",
			"cert-ocsp-aki-ski", "cert-ocsp-subject", "cert-ocsp-validity", "cert-ocsp-serial-alg", "cert-ocsp-sha1", "cert-ocsp-other-ext"),
		[]Row{{"cert-ocsp-rotation", section, ""}},
	)
}
