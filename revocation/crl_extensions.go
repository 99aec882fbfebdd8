package revocation

// extensions reads crlExtensions (RFC 5280 §5.1.2.7) and decodes the known ones.
func (r *crlReader) extensions(tbs span) {
	c, ok := r.take(tbs, "crlExtensions")
	if !ok {
		return
	}
	r.crl.HasExtensions = true
	p := tbs.path.in("crlExtensions")
	explicit, ok := c.next(p)
	if !ok {
		return
	}
	in := c.inside(explicit, p)
	list, ok := in.next(p)
	if !ok {
		return
	}
	r.crl.Extensions = in.extensions(list, p)
	in.end()
	for i, x := range r.crl.Extensions {
		at := p.at(i)
		switch {
		case x.ID == OIDCRLNumber && r.crl.Number == nil:
			r.known(x, at, func(in *cursor) { r.crl.Number = in.crlNumber() })
		case x.ID == OIDAuthorityKeyID && r.crl.AuthorityKey == nil:
			r.known(x, at, func(in *cursor) { r.crl.AuthorityKey = in.authorityKeyID() })
		case x.ID == OIDIssuingDP && r.crl.IssuingDP == nil:
			r.known(x, at, func(in *cursor) { r.crl.IssuingDP = in.issuingDistributionPoint() })
		case x.ID == OIDDeltaCRL && r.crl.DeltaBase == nil:
			r.known(x, at, func(in *cursor) { r.crl.DeltaBase = in.crlNumber() })
		case x.ID == OIDFreshestCRL && r.crl.Freshest == nil:
			r.known(x, at, func(in *cursor) { r.crl.Freshest = in.distributionPoints("freshestCRL") })
		}
	}
}

// known has read decode the value of an extension whose module we know. What read
// cannot make out does not stop the document: it is a deviation of kind DevUnreadable.
// A read that returns a pointer returns nil then.
func (n *notes) known(x Extension, p *path, read func(*cursor)) {
	p = p.in("extnValue")
	var inner notes
	in := inner.cursor(x.Value, x.Offset+int64(len(x.Raw)-len(x.Value)), p)
	read(in)
	in.end()
	for _, d := range inner.deviations {
		if len(n.deviations) < maxDeviations {
			n.deviations = append(n.deviations, d)
		}
	}
	if broken := inner.broken; broken != nil {
		n.deviate(DevUnreadable, x.Offset, p, "%s at octet %d: %s", broken.Field, broken.Offset, broken.Problem)
	}
}

// AccessDescriptions decodes the value of an authorityInfoAccess (RFC 5280 §5.2.7): what
// could be read of it, and a deviation of kind DevUnreadable where that is not all.
func (x Extension) AccessDescriptions() ([]AccessDescription, []Deviation) {
	var list []AccessDescription
	var n notes
	n.known(x, root("authorityInfoAccess"), func(in *cursor) { list = in.accessDescriptions() })
	return list, n.deviations
}

// Time decodes a value that is one time; it is not Present where the value is none.
func (x Extension) Time() Time {
	var unused notes
	c := unused.cursor(x.Value, x.Offset+int64(len(x.Raw)-len(x.Value)), root("extnValue"))
	if tag := c.peek(); tag != tagUTCTime && tag != tagGeneralizedTime {
		return Time{}
	}
	return c.anyTime("time")
}

// crlNumber reads RFC 5280 §5.2.3, and the BaseCRLNumber of §5.2.4.
func (c *cursor) crlNumber() Serial {
	e, ok := c.expect(tagInteger, "cRLNumber")
	if !ok {
		return nil
	}
	number := c.integer(e, c.path.in("cRLNumber"))
	if c.notes.broken != nil {
		return nil
	}
	return number
}

// authorityKeyID reads RFC 5280 §4.2.1.1.
func (c *cursor) authorityKeyID() *AuthorityKeyID {
	seq, ok := c.expect(tagSequence, "authorityKeyIdentifier")
	if !ok {
		return nil
	}
	key := &AuthorityKeyID{}
	in := c.inside(seq, c.path.in("authorityKeyIdentifier"))
	if e, ok := in.tagged(contextTag(0), "keyIdentifier"); ok {
		key.KeyID = e.content
	}
	_, key.HasIssuer = in.tagged(contextConstructedTag(1), "authorityCertIssuer")
	if e, ok := in.tagged(contextTag(2), "authorityCertSerialNumber"); ok {
		key.Serial = in.integer(e, in.path.in("authorityCertSerialNumber"))
	}
	if !in.done() {
		return nil
	}
	return key
}

// tagged reads the next element if it has the context-specific tag. One that is
// primitive where it should be constructed, or the other way round, as explicit tagging
// makes it, is taken for the same field and noted.
func (c *cursor) tagged(tag byte, name string) (element, bool) {
	if c.empty() || c.peek()&^0x20 != tag&^0x20 {
		return element{}, false
	}
	p := c.path.in(name)
	e, ok := c.next(p)
	if ok && e.tag != tag {
		c.notes.deviate(DevTag, e.offset, p, "tag is %02x where %02x belongs", e.tag, tag)
	}
	return e, ok
}

// done stops the value at an element that belongs to none of its fields. It returns
// false where the value was or is stopped.
func (c *cursor) done() bool {
	if c.notes.broken == nil && !c.empty() {
		c.notes.stop(c.at, c.path, "tag %02x (%s) is of no field that can come here", c.peek(), tagName(c.peek()))
	}
	return c.notes.broken == nil
}

// issuingDistributionPoint reads RFC 5280 §5.2.5.
func (c *cursor) issuingDistributionPoint() *IssuingDistributionPoint {
	seq, ok := c.expect(tagSequence, "issuingDistributionPoint")
	if !ok {
		return nil
	}
	idp := &IssuingDistributionPoint{}
	in := c.inside(seq, c.path.in("issuingDistributionPoint"))
	name := in.distributionPointName()
	idp.HasName, idp.URIs, idp.OtherNames, idp.RelativeName = name.present, name.uris, name.others, name.relative
	idp.OnlyUserCerts = in.flag(1, "onlyContainsUserCerts")
	idp.OnlyCACerts = in.flag(2, "onlyContainsCACerts")
	_, idp.SomeReasons = in.tagged(contextTag(3), "onlySomeReasons")
	idp.Indirect = in.flag(4, "indirectCRL")
	idp.OnlyAttributes = in.flag(5, "onlyContainsAttributeCerts")
	if !in.done() {
		return nil
	}
	return idp
}

// flag reads a BOOLEAN DEFAULT FALSE with an implicit tag.
func (c *cursor) flag(n byte, name string) bool {
	e, ok := c.tagged(contextTag(n), name)
	if !ok {
		return false
	}
	p := c.path.in(name)
	value := c.boolean(e, p)
	if !value && c.notes.broken == nil {
		c.notes.deviate(DevDefault, e.offset, p, "FALSE is the default and must be left out")
	}
	return value
}

// pointName is a DistributionPointName (RFC 5280 §4.2.1.13).
type pointName struct {
	present  bool
	uris     []string
	others   int
	relative bool
}

// distributionPointName reads the optional distributionPoint [0] of an issuing or a
// certificate's distribution point.
func (c *cursor) distributionPointName() (name pointName) {
	e, ok := c.tagged(contextConstructedTag(0), "distributionPoint")
	if !ok {
		return name
	}
	name.present = true
	in := c.inside(e, c.path.in("distributionPoint"))
	if in.empty() {
		c.notes.deviate(DevMissing, e.offset, in.path, "neither fullName nor nameRelativeToCRLIssuer")
		return name
	}
	choice, ok := in.next(in.path)
	if !ok {
		return name
	}
	switch choice.tag {
	case contextConstructedTag(0):
		name.uris, name.others = in.generalNames(choice, in.path.in("fullName"))
	case contextConstructedTag(1):
		name.relative = true
	default:
		c.notes.stop(choice.offset, in.path, "tag %02x is no choice of DistributionPointName", choice.tag)
	}
	in.end()
	return name
}

// uriTag is uniformResourceIdentifier of GeneralName (RFC 5280 §4.2.1.6).
const uriTag = 0x86

func (c *cursor) generalNames(e element, p *path) (uris []string, others int) {
	in := c.inside(e, p)
	if in.empty() {
		c.notes.deviate(DevEmpty, e.offset, p, "a GeneralNames list without a name")
	}
	for i := 0; !in.empty(); i++ {
		name, ok := in.next(p.at(i))
		switch {
		case !ok:
			return uris, others
		case name.tag == uriTag:
			uris = append(uris, string(name.content))
		case name.tag&0xc0 != 0x80:
			c.notes.stop(name.offset, p.at(i), "tag %02x is no choice of GeneralName", name.tag)
			return uris, others
		default:
			others++
		}
	}
	return uris, others
}
