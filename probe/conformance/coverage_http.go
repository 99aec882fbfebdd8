package conformance

// httpRows are of section C1: common to OCSP, CRL and caIssuers.
func httpRows() []Row {
	const section = "C1"
	return []Row{
		{"http-scheme", section, ""},
		{"http-status-200", section, ""},
		{"http-no-redirect", section, ""},
		{"http-not-https-only", section, ""},
		{"http-no-auth", section, ""},
		{"http-body-magic", section, ""},
		{"http-content-length", section, ""},
		{"http-content-encoding", section, ""},
		{"http-date-skew", section, ""},
		{"http-head-and-others", section, ""},
		{"http-conditional-304", section, ""},
		{"http-http10-no-keepalive", section, ""},
		{"http-expect-100", section, ""},
		{"http-error-not-cached", section, ""},
		{"http-response-time-10s", section, ""},
		{"http-24x7", section, ""},
		{"http-crl-4h", section, ""},
		{"http-ua-independent", section, ""},
		{"http-ipv6-parity", section, ""},
		{"http-rate-limit", section, ""},
		{"http-hop-consistency", section, ""},
	}
}

// ocspHTTPRows are of section C2: OCSP transport and caching.
func ocspHTTPRows() []Row {
	const section = "C2"
	return []Row{
		{"http-ocsp-content-type", section, ""},
		{"http-ocsp-get", section, ""},
		{"http-ocsp-post", section, ""},
		{"http-ocsp-get-encodings", section, ""},
		{"http-ocsp-get-slash", section, ""},
		{"http-ocsp-get-255", section, "binds clients, which have to POST what is longer; http-ocsp-get judges whether GET is answered"},
		{"http-ocsp-cache-headers", section, ""},
		{"http-ocsp-no-nocache", section, ""},
		{"http-ocsp-nonauth-nocache", section, ""},
		{"http-ocsp-max-age-bounds", section, ""},
		{"http-ocsp-expires", section, ""},
		{"http-ocsp-last-modified", section, ""},
		{"http-ocsp-etag", section, ""},
		{"http-ocsp-cache-not-stale", section, ""},
		{"http-ocsp-cachekey", section, ""},
		{"http-ocsp-nonce-not-cached", section, ""},
	}
}

// crlHTTPRows are of section C3: CRL and caIssuers.
func crlHTTPRows() []Row {
	const section = "C3"
	return []Row{
		{"http-crl-content-type", section, ""},
		{"http-crl-cache", section, ""},
		{"http-crl-get-equals-disclosed", section, ""},
		{"http-crl-range-and-etag", section, ""},
		{"http-caissuers-der", section, ""},
		{"http-caissuers-content-type", section, ""},
		{"http-caissuers-issuer-match", section, ""},
	}
}

// hostRows are of section D: DNS, TCP, TLS, host names.
func hostRows() []Row {
	const section = "D"
	return []Row{
		{"dns-resolves", section, ""},
		{"dns-auth-agree", section, ""},
		{"dns-ns-redundancy", section, ""},
		{"dns-cname-chain", section, ""},
		{"dns-domain-expiry", section, ""},
		{"dns-dnssec-valid", section, ""},
		{"dns-no-special-address", section, ""},
		{"dns-aaaa-works", section, ""},
		{"dns-parking-wildcard", section, ""},
		{"dns-ttl", section, ""},
		{"dns-tcp-fallback", section, ""},
		{"dns-geo-diversity", section, needsVantage + "what resolvers in other regions are answered, and whether that works from there"},
		{"dns-time", section, ""},
		{"tcp-connect-all", section, ""},
		{"tcp-connect-time", section, ""},
		{"tls-if-offered", section, "http-not-https-only finds the redirect, cert-aia-uri-http and cert-cdp-format an https URL: RFC 5280 §8 wants neither; whether the TLS server's certificate can be validated without the service would take that server's chain, and redirects are not followed"},
	}
}
