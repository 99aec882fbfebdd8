package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// Blob is a body that is too large to be held: it stands in a file, and is read as often
// as somebody wants to.
type Blob struct {
	Octets io.ReaderAt `json:"-"`
	Length int64       `json:"length"`
	SHA256 string      `json:"sha256,omitempty"` // hex; empty for a file that nobody has hashed
}

// BodyReader reads the body from its start, wherever it is kept.
func (x *Exchange) BodyReader() io.Reader {
	if x.Blob != nil {
		return io.NewSectionReader(x.Blob.Octets, 0, x.Blob.Length)
	}
	return bytes.NewReader(x.Body)
}

// BodyLength is the body's length in octets.
func (x *Exchange) BodyLength() int64 {
	if x.Blob != nil {
		return x.Blob.Length
	}
	return int64(len(x.Body))
}

// BodyHash is the hex SHA-256 of the body, or empty for a file that nobody has hashed.
func (x *Exchange) BodyHash() string {
	if x.Blob != nil {
		return x.Blob.SHA256
	}
	sum := sha256.Sum256(x.Body)
	return hex.EncodeToString(sum[:])
}
