package evidence

import "io"

// Store is where blobs are kept. Whoever has files implements it: this package has none.
type Store interface {
	// Create begins a new blob.
	Create() (BlobWriter, error)
}

// BlobWriter takes the octets of one blob.
type BlobWriter interface {
	io.Writer
	// Blob ends the writing. The blob can be read for as long as the Store is open.
	Blob() (*Blob, error)
	// Discard gives up a blob that was not ended.
	Discard()
}
