package conformance

// crlFieldRows are of section B1: encoding, fields, signature.
func crlFieldRows() []Row {
	const section = "B1"
	return []Row{
		{"crl-der-strict", section, ""},
		{"crl-not-pem", section, ""},
		{"crl-version", section, ""},
		{"crl-sigalg-match", section, ""},
		{"crl-sigalg-encoding", section, ""},
		{"crl-sigalg-sha1", section, ""},
		{"crl-signature-valid", section, ""},
		{"crl-issuer-crlsign", section, ""},
		{"crl-issuer-dn-bytes", section, ""},
		{"crl-issuer-nonempty", section, ""},
		{"crl-no-indirect", section, ""},
		{"crl-time-encoding", section, ""},
		{"crl-nextupdate-present", section, ""},
		{"crl-time-order", section, ""},
		{"crl-not-from-future", section, ""},
		{"crl-not-expired", section, ""},
		{"crl-validity-ee", section, ""},
		{"crl-validity-ca", section, ""},
		{"crl-update-ee", section, ""},
		{"crl-update-ca", section, ""},
		{"crl-update-24h-after-revocation", section, ""},
		{"crl-first-issue", section, needsList + "when the CA issued its first certificate; a CRL that a certificate names and nobody can fetch http-status-200 tells from the first run on, and whether it was ever there is not to be told from an outage"},
		{"crl-continue-until", section, "a CRL that does not come any more expires or cannot be fetched: crl-not-expired, http-status-200 and http-24x7 say so of every CA that is asked about, retired or not"},
		{"crl-thisupdate-nonregress", section, ""},
		{"crl-nextupdate-nonregress", section, ""},
	}
}

// crlExtensionRows are of section B2: extensions.
func crlExtensionRows() []Row {
	const section = "B2"
	return []Row{
		{"crl-ext-allowed", section, ""},
		{"crl-ext-unique", section, ""},
		{"crl-ext-unknown-critical", section, ""},
		{"crl-ext-nonempty", section, ""},
		{"crl-aki-present", section, ""},
		{"crl-aki-keyid", section, ""},
		{"crl-number-present", section, ""},
		{"crl-number-range", section, ""},
		{"crl-number-monotonic", section, ""},
		{"crl-number-distinct", section, ""},
		{"crl-idp-critical", section, ""},
		{"crl-idp-required", section, ""},
		{"crl-idp-uri-only", section, ""},
		{"crl-idp-matches-cdp", section, ""},
		{"crl-idp-matches-fetch-url", section, ""},
		{"crl-idp-not-both", section, ""},
		{"crl-idp-no-attr", section, ""},
		{"crl-idp-no-reasons", section, ""},
		{"crl-idp-not-empty", section, ""},
		{"crl-idp-scope-flag", section, ""},
		{"crl-idp-full-not-recommended", section, ""},
		{"crl-scope-covers-cert", section, ""},
		{"crl-no-delta", section, ""},
		{"crl-freshest", section, ""},
		{"crl-aia", section, ""},
		{"crl-ms-next-publish", section, ""},
	}
}

// crlEntryRows are of section B3: entries.
func crlEntryRows() []Row {
	const section = "B3"
	return []Row{
		{"crl-revoked-absent-if-empty", section, ""},
		{"crl-entry-serial-unique", section, ""},
		{"crl-entry-serial-valid", section, ""},
		{"crl-entry-date-not-future", section, ""},
		{"crl-entry-date-sane", section, ""},
		{"crl-entry-date-not-precede-earlier", section, ""},
		{"crl-entry-date-stable", section, ""},
		{"crl-reason-noncritical", section, ""},
		{"crl-reason-allowed", section, ""},
		{"crl-reason-unspecified-absent", section, ""},
		{"crl-reason-no-hold", section, ""},
		{"crl-reason-no-removefromcrl", section, ""},
		{"crl-reason-ca-present", section, ""},
		{"crl-reason-ca-value", section, ""},
		{"crl-reason-ee-appropriate", section, needsInsight + "why a certificate was revoked, and whether its key is known to be compromised"},
		{"crl-reason-ccadb-match", section, needsList + "what the CCADB says of revoked CA certificates"},
		{"crl-entry-ext-allowed", section, ""},
		{"crl-invaliditydate-format", section, ""},
		{"crl-certificateissuer-absent", section, ""},
	}
}

// crlContentRows are of section B4: content over time and cross-checks.
func crlContentRows() []Row {
	const section = "B4"
	return []Row{
		{"crl-no-early-removal", section, ""},
		{"crl-stale-cleanup", section, ""},
		{"crl-revoked-appears", section, ""},
		{"crl-good-not-listed", section, ""},
		{"crl-precert-listed", section, ""},
		{"crl-partition-complete", section, ""},
		{"crl-ccadb-disclosed", section, ""},
		{"crl-urls-identical", section, ""},
		{"crl-replication", section, ""},
		{"crl-size-10mb", section, needsList + "whether any certificate of the CA names a responder"},
		{"crl-empty-suspicious", section, ""},
		{"crl-short-lived", section, "asks for nothing: it exempts short-lived certificates from other rows"},
		{"crl-key-rollover", section, ""},
		{"crl-trust-anchor", section, ""},
		{"crl-validity-before-revocation-of-ca", section, needsInsight + "whether all certificates of the key are revoked, which ends the duty; that CRLs stop, crl-not-expired and http-24x7 tell of every CA"},
	}
}
