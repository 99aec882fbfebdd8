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
		{"crl-issuer-crlsign", section, notYet},
		{"crl-issuer-dn-bytes", section, ""},
		{"crl-issuer-nonempty", section, notYet},
		{"crl-no-indirect", section, notYet},
		{"crl-time-encoding", section, notYet},
		{"crl-nextupdate-present", section, ""},
		{"crl-time-order", section, ""},
		{"crl-not-from-future", section, ""},
		{"crl-not-expired", section, ""},
		{"crl-validity-ee", section, ""},
		{"crl-validity-ca", section, ""},
		{"crl-update-ee", section, ""},
		{"crl-update-ca", section, notYet},
		{"crl-update-24h-after-revocation", section, notYet},
		{"crl-first-issue", section, notYet},
		{"crl-continue-until", section, notYet},
		{"crl-thisupdate-nonregress", section, notYet},
		{"crl-nextupdate-nonregress", section, notYet},
	}
}

// crlExtensionRows are of section B2: extensions.
func crlExtensionRows() []Row {
	const section = "B2"
	return []Row{
		{"crl-ext-allowed", section, notYet},
		{"crl-ext-unique", section, notYet},
		{"crl-ext-unknown-critical", section, notYet},
		{"crl-ext-nonempty", section, notYet},
		{"crl-aki-present", section, ""},
		{"crl-aki-keyid", section, notYet},
		{"crl-number-present", section, ""},
		{"crl-number-range", section, notYet},
		{"crl-number-monotonic", section, notYet},
		{"crl-number-distinct", section, notYet},
		{"crl-idp-critical", section, notYet},
		{"crl-idp-required", section, notYet},
		{"crl-idp-uri-only", section, notYet},
		{"crl-idp-matches-cdp", section, notYet},
		{"crl-idp-matches-fetch-url", section, notYet},
		{"crl-idp-not-both", section, notYet},
		{"crl-idp-no-attr", section, notYet},
		{"crl-idp-no-reasons", section, notYet},
		{"crl-idp-not-empty", section, notYet},
		{"crl-idp-scope-flag", section, notYet},
		{"crl-idp-full-not-recommended", section, notYet},
		{"crl-scope-covers-cert", section, notYet},
		{"crl-no-delta", section, notYet},
		{"crl-freshest", section, notYet},
		{"crl-aia", section, notYet},
		{"crl-ms-next-publish", section, notYet},
	}
}

// crlEntryRows are of section B3: entries.
func crlEntryRows() []Row {
	const section = "B3"
	return []Row{
		{"crl-revoked-absent-if-empty", section, ""},
		{"crl-entry-serial-unique", section, ""},
		{"crl-entry-serial-valid", section, notYet},
		{"crl-entry-date-not-future", section, notYet},
		{"crl-entry-date-sane", section, notYet},
		{"crl-entry-date-not-precede-earlier", section, notYet},
		{"crl-entry-date-stable", section, notYet},
		{"crl-reason-noncritical", section, notYet},
		{"crl-reason-allowed", section, ""},
		{"crl-reason-unspecified-absent", section, ""},
		{"crl-reason-no-hold", section, notYet},
		{"crl-reason-no-removefromcrl", section, notYet},
		{"crl-reason-ca-present", section, notYet},
		{"crl-reason-ca-value", section, notYet},
		{"crl-reason-ee-appropriate", section, notYet},
		{"crl-reason-ccadb-match", section, notYet},
		{"crl-entry-ext-allowed", section, notYet},
		{"crl-invaliditydate-format", section, notYet},
		{"crl-certificateissuer-absent", section, notYet},
	}
}

// crlContentRows are of section B4: content over time and cross-checks.
func crlContentRows() []Row {
	const section = "B4"
	return []Row{
		{"crl-no-early-removal", section, notYet},
		{"crl-stale-cleanup", section, notYet},
		{"crl-revoked-appears", section, notYet},
		{"crl-good-not-listed", section, notYet},
		{"crl-precert-listed", section, notYet},
		{"crl-partition-complete", section, notYet},
		{"crl-ccadb-disclosed", section, notYet},
		{"crl-urls-identical", section, notYet},
		{"crl-replication", section, notYet},
		{"crl-size-10mb", section, notYet},
		{"crl-empty-suspicious", section, notYet},
		{"crl-short-lived", section, notYet},
		{"crl-key-rollover", section, notYet},
		{"crl-trust-anchor", section, notYet},
		{"crl-validity-before-revocation-of-ca", section, notYet},
	}
}
