package revocation

// statusRequest is the TLS extension of a stapled OCSP response (RFC 6066 §8).
const statusRequest = 5

// FeatureStatusRequest reports whether the value of a TLS feature extension (RFC 7633 §4)
// demands that a server staples an OCSP response. One that cannot be read demands nothing.
func FeatureStatusRequest(value []byte) bool {
	var n notes
	demanded := false
	n.cursor(value, 0, root("features")).each("features", func(in *cursor, e element, p *path) {
		demanded = demanded || e.tag == tagInteger && smallInteger(in.integer(e, p)) == statusRequest
	})
	return demanded && n.broken == nil
}
