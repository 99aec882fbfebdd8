package main

// defect is how one of the manifest's words for a fault is judged.
type defect struct {
	ocsp, crl, cert []string // rules of which one must have failed, by the document's kind
	undecoded       bool     // or the document could not be decoded to its end
	later           string   // or the rule that it waits for
}

// defectNamed says what one of the manifest's words comes to.
func defectNamed(name string) (defect, bool) {
	for _, table := range []map[string]defect{ocspDefects(), crlDefects(), crlProfileDefects(), certificateDefects(), laterDefects()} {
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
	return []string{"ocsp-der-strict", "ocsp-status-known", "ocsp-type-basic", "ocsp-success-has-bytes", "ocsp-error-no-bytes", "ocsp-time-format",
		"ocsp-certs-empty", "ocsp-ext-nonempty"}
}

// askingRules are those about answers to questions that only revprobe check asks, which no
// file can break.
func askingRules() []string {
	return []string{"ocsp-unassigned-not-good", "ocsp-unassigned-revoked-form", "ocsp-unknown-issuer"}
}

// ocspDefects are the words about OCSP responses alone.
func ocspDefects() map[string]defect {
	return map[string]defect{
		"unknown-response-status":           {ocsp: []string{"ocsp-status-known"}},
		"response-status-unused":            {ocsp: []string{"ocsp-status-known"}},
		"unknown-response-type":             {ocsp: []string{"ocsp-type-basic"}},
		"no-single-responses":               {ocsp: []string{"ocsp-single-for-each"}},
		"no-matching-single-response":       {ocsp: []string{"ocsp-single-for-each"}},
		"missing-responder-cert":            {ocsp: []string{"ocsp-signer-cert-included"}},
		"missing-eku":                       {ocsp: []string{"ocsp-signer-authorized"}},
		"ocsp-expired":                      {ocsp: []string{"ocsp-not-expired"}},
		"ocsp-not-yet-valid":                {ocsp: []string{"ocsp-not-from-future"}},
		"conflicting-singles":               {ocsp: []string{"ocsp-single-extra"}},
		"multiple-singles-same-cert":        {ocsp: []string{"ocsp-single-extra"}},
		"extra-certs":                       {ocsp: []string{"ocsp-certs-minimal"}},
		"unknown-critical-single-extension": {ocsp: []string{"ocsp-ext-noncritical"}},
	}
}

// certificateDefects are the words about delegates' certificates.
func certificateDefects() map[string]defect {
	rule := func(id string) defect { return defect{cert: []string{id}} }
	return map[string]defect{
		"responder-authority-info-access-extension-present":   rule("cert-ocsp-aia"),
		"responder-ocsp-aia-access-method-present":            rule("cert-ocsp-aia"),
		"responder-unknown-aia-access-method-present":         rule("cert-ocsp-aia"),
		"responder-subject-key-identifier-extension-absent":   rule("cert-ocsp-aki-ski"),
		"responder-basic-constraints-ca-bit-set":              rule("cert-ocsp-bc"),
		"responder-ocspsigning-eku-absent":                    rule("cert-ocsp-eku-only"),
		"responder-unknown-eku-present":                       rule("cert-ocsp-eku-only"),
		"responder-digitalsignature-bit-missing":              rule("cert-ocsp-ku"),
		"responder-prohibited-ku-present":                     rule("cert-ocsp-ku"),
		"responder-crl-distribution-points-extension-present": rule("cert-ocsp-no-cdp"),
		"responder-name-constraints-extension-present":        rule("cert-ocsp-no-san-nc"),
		"responder-subject-altname-extension-present":         rule("cert-ocsp-no-san-nc"),
		"responder-ocsp-nocheck-extension-absent":             rule("cert-ocsp-nocheck-present"),
		"responder-unknown-extension-present":                 rule("cert-ocsp-other-ext"),
		"responder-certificate-policies-extension-present":    rule("cert-ocsp-policies"),
	}
}

// crlDefects are the words about CRLs, and those about both.
func crlDefects() map[string]defect {
	return map[string]defect{
		"malformed":                       {ocsp: syntaxRules("ocsp-response"), crl: syntaxRules("crl"), undecoded: true},
		"bad-signature":                   {ocsp: []string{"ocsp-signed"}, crl: []string{"crl-signature-valid"}},
		"no-next-update":                  {ocsp: []string{"ocsp-nextupdate-present"}, crl: []string{"crl-nextupdate-present"}},
		"aki-missing":                     {crl: []string{"crl-aki-present"}},
		"crl-number-missing":              {crl: []string{"crl-number-present"}},
		"crl-number-critical":             {crl: []string{"crl-number-present"}},
		"crl-extensions-missing":          {crl: []string{"crl-aki-present", "crl-number-present"}},
		"crl-expired":                     {crl: []string{"crl-not-expired"}},
		"crl-not-yet-valid":               {crl: []string{"crl-not-from-future"}},
		"crl-too-old":                     {crl: []string{"crl-update-ee"}},
		"empty-revoked-list":              {crl: []string{"crl-revoked-absent-if-empty"}},
		"explicit-default-critical":       {crl: []string{"crl-der-strict"}},
		"idp-explicit-default":            {crl: []string{"crl-der-strict"}},
		"idp-malformed":                   {crl: []string{"crl-der-strict"}},
		"invalid-time":                    {crl: []string{"crl-der-strict"}},
		"pem-trailing-data":               {crl: []string{"crl-not-pem"}},
		"reason-invalid":                  {crl: []string{"crl-reason-allowed"}},
		"reason-prohibited":               {crl: []string{"crl-reason-allowed"}},
		"reason-unspecified":              {crl: []string{"crl-reason-unspecified-absent"}},
		"sigalg-mismatch":                 {crl: []string{"crl-sigalg-match"}},
		"unsupported-signature-algorithm": {crl: []string{"crl-sigalg-encoding"}},
		"weak-signature-algorithm":        {crl: []string{"crl-sigalg-encoding", "crl-sigalg-sha1"}},
		"validity-negative":               {crl: []string{"crl-time-order"}},
		"validity-too-long":               {crl: []string{"crl-validity-ee", "crl-validity-ca"}},
		"version-explicit-v1":             {crl: []string{"crl-version"}},
		"version-unknown":                 {crl: []string{"crl-version"}},
		"version-v1":                      {crl: []string{"crl-version"}},
		"v1-with-extensions":              {crl: []string{"crl-version"}},
		"v1-with-entry-extensions":        {crl: []string{"crl-version"}},
		"wrong-issuer":                    {crl: []string{"crl-issuer-dn-bytes"}},
	}
}

// crlProfileDefects are the words about a CRL's issuer, extensions and entries.
func crlProfileDefects() map[string]defect {
	rule := func(ids ...string) defect { return defect{crl: ids} }
	return map[string]defect{
		"aia-present":                      rule("crl-aia", "crl-ext-allowed"),
		"aki-issuer-serial":                rule("crl-aki-keyid"),
		"crl-number-negative":              rule("crl-number-range"),
		"crl-number-too-long":              rule("crl-number-range"),
		"delta-crl":                        rule("crl-no-delta", "crl-ext-allowed"),
		"empty-entry-extensions":           rule("crl-ext-nonempty"),
		"empty-issuer-name":                rule("crl-issuer-nonempty"),
		"entry-certificate-issuer":         rule("crl-certificateissuer-absent"),
		"freshest-crl":                     rule("crl-freshest", "crl-ext-allowed"),
		"idp-attribute-certs":              rule("crl-idp-no-attr"),
		"idp-empty":                        rule("crl-idp-not-empty"),
		"idp-indirect":                     rule("crl-no-indirect"),
		"idp-invalid-uri":                  rule("crl-idp-uri-only"),
		"idp-no-scope":                     rule("crl-idp-scope-flag"),
		"idp-no-uri":                       rule("crl-idp-uri-only", "crl-der-strict"),
		"idp-not-critical":                 rule("crl-idp-critical"),
		"idp-relative-name":                rule("crl-idp-uri-only"),
		"idp-some-reasons":                 rule("crl-idp-no-reasons"),
		"idp-uri-not-http":                 rule("crl-idp-uri-only"),
		"idp-user-and-ca":                  rule("crl-idp-not-both"),
		"issuer-missing-crlsign":           rule("crl-issuer-crlsign"),
		"reason-critical":                  rule("crl-reason-noncritical"),
		"serial-negative":                  rule("crl-entry-serial-valid"),
		"time-generalized-before-2050":     rule("crl-time-encoding"),
		"time-utctime-no-seconds":          rule("crl-time-encoding"),
		"unknown-critical-entry-extension": rule("crl-ext-unknown-critical"),
		"unknown-critical-extension":       rule("crl-ext-unknown-critical"),
	}
}

// laterDefects are the words that wait for rules of the catalogue which nobody has written,
// by the rule.
func laterDefects() map[string]defect {
	return waiting(map[string][]string{
		fetchedRule: {"idp-wrong-uri", "idp-multiple-uris", "idp-missing", "idp-no-name", "cert-crldp-has-crlissuer", "cert-crldp-has-reasons",
			"cert-crldp-malformed", "cert-crldp-no-fullname", "idp-scope-mismatch"},
		noRule: {"error-response", "idp-uri-with-ca-scope", "multiple-requests", "multiple-singles", "ocsp-too-old",
			"produced-after-cert-validity", "produced-before-cert-validity"},
	})
}

// noRule is for words that break no clause of the catalogue: facts, or a verifier's policy.
const noRule = "no rule: it breaks no clause of the catalogue"

// fetchedRule is for words that are about where a CRL was fetched, which a file does not
// show: crl-idp-required, crl-idp-matches-cdp, crl-idp-matches-fetch-url and
// crl-scope-covers-cert judge it in check.
const fetchedRule = "no rule for a file: only check knows where a CRL was fetched"

func waiting(words map[string][]string) map[string]defect {
	table := map[string]defect{}
	for rule, names := range words {
		for _, name := range names {
			table[name] = defect{later: rule}
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
