package conformance

import "slices"

// pointerRows are of section E1: AIA and CDP URLs.
func pointerRows() []Row {
	const section = "E1"
	return []Row{
		{"cert-aia-present", section, notYet},
		{"cert-aia-methods", section, notYet},
		{"cert-aia-uri-http", section, ""},
		{"cert-aia-unique-order", section, notYet},
		{"cert-aia-caissuers", section, notYet},
		{"cert-subca-aia", section, notYet},
		{"cert-cdp-ca", section, notYet},
		{"cert-cdp-ee", section, notYet},
		{"cert-short-lived", section, notYet},
		{"cert-cdp-root", section, notYet},
		{"cert-cdp-noncritical", section, notYet},
		{"cert-cdp-format", section, ""},
		{"cert-url-wellformed", section, notYet},
		{"cert-operational-endpoint", section, notYet},
		{"cert-cdp-same-content", section, notYet},
		{"cert-aia-crosscheck-siblings", section, notYet},
		{"cert-freshestcrl", section, notYet},
		{"cert-norevavail", section, notYet},
		{"cert-must-staple", section, notYet},
	}
}

// issuerRows are of section E2: issuer certificates, serial numbers.
func issuerRows() []Row {
	const section = "E2"
	return []Row{
		{"cert-serial-range", section, notYet},
		{"cert-serial-entropy", section, notYet},
		{"cert-serial-unique", section, notYet},
		{"cert-issuer-name-bytes", section, notYet},
		{"cert-aki", section, notYet},
		{"cert-ca-ku", section, notYet},
		{"cert-ca-eku-no-ocspsigning", section, notYet},
		{"cert-ee-eku-no-ocspsigning", section, notYet},
		{"cert-precert-signing-ca", section, notYet},
		{"cert-sha1-subca-revoked", section, notYet},
		{"cert-sigalg-sha1", section, notYet},
		{"cert-subca-revocation-ccadb", section, notYet},
	}
}

// delegateRows are of section E3: certificates of OCSP delegates.
func delegateRows() []Row {
	const section = "E3"
	return slices.Concat(
		judged(section, "cert-ocsp-issuer-same", "cert-ocsp-eku-only", "cert-ocsp-nocheck-present", "cert-ocsp-nocheck-value",
			"cert-ocsp-ku", "cert-ocsp-bc", "cert-ocsp-no-san-nc", "cert-ocsp-no-cdp", "cert-ocsp-aia", "cert-ocsp-policies",
			"cert-ocsp-aki-ski", "cert-ocsp-subject", "cert-ocsp-validity", "cert-ocsp-serial-alg", "cert-ocsp-sha1", "cert-ocsp-other-ext"),
		[]Row{{"cert-ocsp-rotation", section, needsHistory + "when a delegate's certificate was first replaced"}},
	)
}
