package revocation

import "crypto"

// TBSDigest is the hash of tbsCertList as it was read, by the algorithm that
// tbsCertList.signature names, or by SHA-256 where that one signs the message itself. Two
// CRLs with different signatures over the same content have the same; nil where it is not
// known.
func (c *CRL) TBSDigest() []byte {
	if c.tbs != nil {
		return sum(crypto.SHA256, c.tbs)
	}
	return c.digest
}
