package main

// defect is how one of the manifest's words for a fault is judged.
type defect struct {
	ocsp, crl, cert []string // rules of which one must have failed, by the document's kind
	undecoded       bool     // or the document could not be decoded to its end
	later           string   // or why no rule judges it yet
}

// What the manifest's words come to. A word without rules belongs to a rule that is still
// to be written, which is named, or is no fault by any clause that revprobe knows.
func defectNamed(name string) (defect, bool) {
	for _, table := range []map[string]defect{ocspDefects(), crlDefects(), laterDefects()} {
		if d, known := table[name]; known {
			return d, true
		}
	}
	return defect{}, false
}

// syntaxRules are those that speak of octets which are not as DER or the module have them.
func syntaxRules(kind string) []string {
	if kind == "crl" {
		return []string{"crl-der-strict", "crl-version"}
	}
	return []string{"ocsp-der-strict", "ocsp-status-known", "ocsp-type-basic", "ocsp-success-has-bytes", "ocsp-error-no-bytes", "ocsp-time-format"}
}

func ocspDefects() map[string]defect {
	return map[string]defect{
		"unknown-response-status":     {ocsp: []string{"ocsp-status-known"}},
		"response-status-unused":      {ocsp: []string{"ocsp-status-known"}},
		"unknown-response-type":       {ocsp: []string{"ocsp-type-basic"}},
		"no-single-responses":         {ocsp: []string{"ocsp-single-for-each"}},
		"no-matching-single-response": {ocsp: []string{"ocsp-single-for-each"}},
		"missing-responder-cert":      {ocsp: []string{"ocsp-signer-cert-included"}},
		"missing-eku":                 {ocsp: []string{"ocsp-signer-authorized"}},
		"ocsp-expired":                {ocsp: []string{"ocsp-not-expired"}},
		"ocsp-not-yet-valid":          {ocsp: []string{"ocsp-not-from-future"}},
	}
}

func crlDefects() map[string]defect {
	return map[string]defect{
		"malformed":                 {ocsp: syntaxRules("ocsp-response"), crl: syntaxRules("crl"), undecoded: true},
		"bad-signature":             {ocsp: []string{"ocsp-signed"}, crl: []string{"crl-signature-valid"}},
		"no-next-update":            {ocsp: []string{"ocsp-nextupdate-present"}, crl: []string{"crl-nextupdate-present"}},
		"aki-missing":               {crl: []string{"crl-aki-present"}},
		"crl-number-missing":        {crl: []string{"crl-number-present"}},
		"crl-number-critical":       {crl: []string{"crl-number-present"}},
		"crl-extensions-missing":    {crl: []string{"crl-aki-present", "crl-number-present"}},
		"crl-expired":               {crl: []string{"crl-not-expired"}},
		"crl-not-yet-valid":         {crl: []string{"crl-not-from-future"}},
		"crl-too-old":               {crl: []string{"crl-update-ee"}},
		"empty-revoked-list":        {crl: []string{"crl-revoked-absent-if-empty"}},
		"empty-entry-extensions":    {crl: []string{"crl-der-strict"}},
		"explicit-default-critical": {crl: []string{"crl-der-strict"}},
		"idp-explicit-default":      {crl: []string{"crl-der-strict"}},
		"idp-malformed":             {crl: []string{"crl-der-strict"}},
		"invalid-time":              {crl: []string{"crl-der-strict"}},
		"pem-trailing-data":         {crl: []string{"crl-not-pem"}},
		"reason-invalid":            {crl: []string{"crl-reason-allowed"}},
		"reason-prohibited":         {crl: []string{"crl-reason-allowed"}},
		"reason-unspecified":        {crl: []string{"crl-reason-unspecified-absent"}},
		"sigalg-mismatch":           {crl: []string{"crl-sigalg-match"}},
		"validity-negative":         {crl: []string{"crl-time-order"}},
		"validity-too-long":         {crl: []string{"crl-validity-ee", "crl-validity-ca"}},
		"version-explicit-v1":       {crl: []string{"crl-version"}},
		"version-unknown":           {crl: []string{"crl-version"}},
		"version-v1":                {crl: []string{"crl-version"}},
		"v1-with-extensions":        {crl: []string{"crl-version"}},
		"v1-with-entry-extensions":  {crl: []string{"crl-version"}},
		"wrong-issuer":              {crl: []string{"crl-issuer-dn-bytes"}},
	}
}

// The reasons for which a word has no rules.
const (
	noFault     = "not a fault by any clause that revprobe knows"
	profileRule = "for the rules about a delegate's certificate (cert-ocsp-*)"
	idpRule     = "for the rules about the IDP (crl-idp-*)"
	cdpRule     = "for crl-scope-covers-cert, which lint cannot ask yet; cert-cdp-format speaks of the certificate"
)

func laterDefects() map[string]defect {
	table := map[string]defect{}
	for reason, names := range map[string][]string{
		noFault: {"error-response", "multiple-requests", "multiple-singles", "ocsp-too-old", "produced-after-cert-validity",
			"produced-before-cert-validity"},
		"for ocsp-single-extra":                    {"conflicting-singles", "multiple-singles-same-cert"},
		"for ocsp-certs-minimal":                   {"extra-certs"},
		"for ocsp-ext-noncritical":                 {"unknown-critical-single-extension"},
		"for crl-ext-unknown-critical":             {"unknown-critical-extension", "unknown-critical-entry-extension"},
		"for crl-number-range":                     {"crl-number-negative", "crl-number-too-long"},
		"for crl-time-encoding":                    {"time-generalized-before-2050", "time-utctime-no-seconds"},
		"for crl-aki-keyid":                        {"aki-issuer-serial"},
		"for crl-aia":                              {"aia-present"},
		"for crl-freshest":                         {"freshest-crl"},
		"for crl-no-delta":                         {"delta-crl"},
		"for crl-issuer-nonempty":                  {"empty-issuer-name"},
		"for crl-issuer-crlsign":                   {"issuer-missing-crlsign"},
		"for crl-reason-noncritical":               {"reason-critical"},
		"for crl-entry-serial-valid":               {"serial-negative"},
		"for crl-certificateissuer-absent":         {"entry-certificate-issuer"},
		"for crl-sigalg-encoding, crl-sigalg-sha1": {"unsupported-signature-algorithm", "weak-signature-algorithm"},
		cdpRule: {"cert-crldp-has-crlissuer", "cert-crldp-has-reasons", "cert-crldp-malformed", "cert-crldp-no-fullname"},
		idpRule: {"idp-attribute-certs", "idp-empty", "idp-indirect", "idp-invalid-uri", "idp-missing", "idp-multiple-uris",
			"idp-no-name", "idp-no-scope", "idp-no-uri", "idp-not-critical", "idp-relative-name", "idp-scope-mismatch",
			"idp-some-reasons", "idp-uri-not-http", "idp-uri-with-ca-scope", "idp-user-and-ca", "idp-wrong-uri"},
		profileRule: {"responder-authority-info-access-extension-present", "responder-basic-constraints-ca-bit-set",
			"responder-certificate-policies-extension-present", "responder-crl-distribution-points-extension-present",
			"responder-digitalsignature-bit-missing", "responder-name-constraints-extension-present",
			"responder-ocsp-aia-access-method-present", "responder-ocsp-nocheck-extension-absent",
			"responder-ocspsigning-eku-absent", "responder-prohibited-ku-present", "responder-subject-altname-extension-present",
			"responder-subject-key-identifier-extension-absent", "responder-unknown-aia-access-method-present",
			"responder-unknown-eku-present", "responder-unknown-extension-present"},
	} {
		for _, name := range names {
			table[name] = defect{later: reason}
		}
	}
	return table
}

// rules returns those that judge the defect in a document of that kind.
func (d defect) rules(kind string) []string {
	switch kind {
	case "ocsp-response":
		return d.ocsp
	case "crl":
		return d.crl
	case "cert":
		return d.cert
	}
	return nil
}
