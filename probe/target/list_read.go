package target

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/revprobe/revprobe/revocation"
)

// maxListed bounds one certificate of a list, in octets.
const maxListed = 1 << 20

// listHead is how much of a list is looked at to tell what it is.
const listHead = 64 << 10

// ListVisitor takes the certificates of a list as they come, and what is none.
type ListVisitor struct {
	// Certificate takes a certificate. An error ends the reading and is returned.
	Certificate func(c *x509.Certificate, at Place) error
	// Problem takes why there is no certificate at some place; the rest is read on.
	Problem func(error)
}

// Place is where in a list something stands.
type Place struct {
	File   string
	Unit   string // that Number counts: line, octet
	Number int64
}

func (p Place) String() string { return fmt.Sprintf("%s, %s %d", p.File, p.Unit, p.Number) }

// ReadList reads a list of certificates and precertificates of any length: PEM, DER (one
// after the other, or in a certs-only CMS), or CSV with a column of PEM, base64 or hex. The
// error says why it is no list, or why it cannot be read on. The name is for people.
func ReadList(r io.Reader, name string, v ListVisitor) error {
	l := &listReader{ListVisitor: v, name: name, octets: bufio.NewReaderSize(r, listHead)}
	err := l.read()
	if err == nil && l.certificates+l.problems == 0 {
		err = errors.New("it holds no certificate")
	}
	if l.stopped != nil {
		return l.stopped
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, withoutPath(err))
	}
	return nil
}

type listReader struct {
	ListVisitor
	name                   string
	octets                 *bufio.Reader
	certificates, problems int
	stopped                error // what the visitor said
}

func (l *listReader) read() error {
	head, err := l.octets.Peek(listHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if mark := []byte("\xef\xbb\xbf"); bytes.HasPrefix(head, mark) {
		_, _ = l.octets.Discard(len(mark))
		head = head[len(mark):]
	}
	form := revocation.Recognise(head[:min(len(head), revocation.HeadSize)], -1)
	switch begins := bytes.Index(head, []byte("-----BEGIN ")); {
	case len(head) == 0:
		return errors.New("it is empty")
	case begins == 0 || begins > 0 && head[begins-1] == '\n':
		return l.blocks()
	case begins > 0:
		return l.table(head)
	case form.Kind == revocation.KindCertificate && form.Encoding == revocation.EncodingDER:
		return l.elements()
	case form.Kind == revocation.KindCMS && form.Encoding == revocation.EncodingDER:
		return l.message()
	case form.Encoding == revocation.EncodingText || form.Encoding == revocation.EncodingBase64:
		return l.table(head)
	case form.Encoding == revocation.EncodingBOM:
		return errors.New("it is UTF-16: a list is UTF-8")
	case form.Kind == revocation.KindUnrecognised:
		return fmt.Errorf("it is %s: a list is PEM, DER or CSV", form.Encoding)
	}
	return fmt.Errorf("it is %s (%s): a list is certificates in PEM, DER or CSV", form.Kind.WithArticle(), form.Encoding)
}

// certificate reads a certificate and hands it over, and reports whether to go on.
func (l *listReader) certificate(der []byte, at Place) bool {
	c, _, err := revocation.ReadCertificate(der)
	if err != nil {
		return l.problem(at, err)
	}
	return l.hand(c, at)
}

func (l *listReader) hand(c *x509.Certificate, at Place) bool {
	l.certificates++
	l.stopped = l.Certificate(c, at)
	return l.stopped == nil
}

// problem tells why there is no certificate; reading goes on.
func (l *listReader) problem(at Place, err error) bool {
	l.problems++
	l.Problem(fmt.Errorf("%s: %w", at, err))
	return true
}

// blocks reads the certificates among the blocks of a PEM file.
func (l *listReader) blocks() error {
	blocks := pemBlocks{lines: l.octets}
	for {
		label, body, err := blocks.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if at := (Place{l.name, "line", int64(blocks.line)}); !l.block(label, body, at) {
			return nil
		}
		if _, err := io.Copy(io.Discard, body); err != nil && !errors.Is(err, errUnended) {
			return err
		}
	}
}

func (l *listReader) block(label string, body io.Reader, at Place) bool {
	most := int64(maxListed)
	switch label {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
	case "PKCS7", "CMS":
		most = maxCertificates
	default:
		return true // keys and the like
	}
	der, err := io.ReadAll(io.LimitReader(base64.NewDecoder(base64.StdEncoding, body), most+1))
	switch {
	case err != nil:
		return l.problem(at, fmt.Errorf("a PEM block of %s that cannot be read: %w", label, err))
	case int64(len(der)) > most:
		return l.problem(at, fmt.Errorf("a PEM block of %s that is larger than %d MiB", label, most>>20))
	case most == maxCertificates:
		return l.bag(der, at)
	}
	return l.certificate(der, at)
}

// bag hands over the certificates of a CMS.
func (l *listReader) bag(der []byte, at Place) bool {
	list, err := revocation.CertsFromCMS(der)
	for _, c := range list {
		if !l.hand(c, at) {
			return false
		}
	}
	if err != nil {
		l.problem(at, err)
	}
	return true
}

// message reads a file that is one CMS.
func (l *listReader) message() error {
	der, err := io.ReadAll(io.LimitReader(l.octets, maxCertificates+1))
	switch {
	case err != nil:
		return err
	case len(der) > maxCertificates:
		return fmt.Errorf("it is a CMS larger than %d MiB", maxCertificates>>20)
	}
	l.bag(der, Place{l.name, "octet", 0})
	return nil
}

// elements reads certificates in DER that follow each other.
func (l *listReader) elements() error {
	for at := int64(0); ; {
		head, err := l.octets.Peek(6)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		length, ok := elementLength(head)
		switch {
		case len(bytes.TrimSpace(head)) == 0 && len(head) < 6:
			return nil
		case !ok || length > maxListed:
			return fmt.Errorf("no certificate begins at octet %d, and nothing after it was read", at)
		}
		der := make([]byte, length)
		if n, err := io.ReadFull(l.octets, der); err != nil {
			return fmt.Errorf("the certificate at octet %d ends after %d of %d octets", at, n, length)
		}
		if !l.certificate(der, Place{l.name, "octet", at}) {
			return nil
		}
		at += length
	}
}

// elementLength returns how many octets the SEQUENCE has that begins so, its head included.
func elementLength(head []byte) (int64, bool) {
	if len(head) < 2 || head[0] != 0x30 {
		return 0, false
	}
	first, more := head[1], int(head[1])&0x7f
	if first < 0x80 {
		return 2 + int64(first), true
	}
	if more == 0 || more > 4 || len(head) < 2+more {
		return 0, false
	}
	length := int64(0)
	for _, octet := range head[2 : 2+more] {
		length = length<<8 | int64(octet)
	}
	return int64(2+more) + length, true
}
