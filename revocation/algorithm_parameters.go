package revocation

// checkParameters notes parameters that do not belong to the algorithm: RSA with PKCS #1
// and digests have NULL or none (RFC 4055 §2.1, §5; RFC 5754 §2), ECDSA and the Edwards
// curves none (RFC 5758 §3.2, RFC 8410 §3), RSASSA-PSS its own structure (RFC 4055 §3.1).
func (c *cursor) checkParameters(alg AlgorithmIdentifier, params element, p *path) {
	if hashOf(alg.Algorithm) != 0 {
		c.checkNullOrAbsent(alg, params, p)
		return
	}
	switch alg.Algorithm {
	case OIDEd25519, OIDEd448:
		c.checkAbsent(alg, params, p)
	case OIDRSAPSS:
		c.checkPSSParameters(params, p)
	case OIDMD2WithRSA:
		c.checkNullOrAbsent(alg, params, p)
	default:
		s, _ := knownScheme(alg)
		switch s.kind {
		case rsaPKCS1:
			c.checkNullOrAbsent(alg, params, p)
		case ecdsaASN1:
			c.checkAbsent(alg, params, p)
		}
	}
}

func (c *cursor) checkNullOrAbsent(alg AlgorithmIdentifier, params element, p *path) {
	if params.present() && (params.tag != tagNull || len(params.content) > 0) {
		c.notes.deviate(DevParameters, params.offset, p, "parameters of %s are % x.., neither NULL nor absent", alg.Algorithm, head(params.raw, 8))
	}
}

func (c *cursor) checkAbsent(alg AlgorithmIdentifier, params element, p *path) {
	if params.present() {
		c.notes.deviate(DevParameters, params.offset, p, "parameters of %s are % x.., and must be absent", alg.Algorithm, head(params.raw, 8))
	}
}

// checkPSSParameters reads the parameters for what is wrong with their encoding. They do
// not stop the document, which can be read on.
func (c *cursor) checkPSSParameters(params element, p *path) {
	if !params.present() {
		c.notes.deviate(DevParameters, c.at, p, "RSASSA-PSS without its parameters")
		return
	}
	var n notes
	read := n.cursor(params.raw, params.offset, p.parent).pssParameters("parameters")
	for _, d := range n.deviations {
		if len(c.notes.deviations) < maxDeviations {
			c.notes.deviations = append(c.notes.deviations, d)
		}
	}
	switch {
	case n.broken != nil:
		c.notes.deviate(DevParameters, n.broken.Offset, p, "%s: %s", n.broken.Field, n.broken.Problem)
	case read.hash == 0 || read.mgfHash == 0 || read.saltLength < 0 || read.trailer != 1:
		c.notes.deviate(DevParameters, params.offset, p, "RSASSA-PSS parameters with an unknown digest or mask, or an impossible saltLength or trailerField")
	}
}
