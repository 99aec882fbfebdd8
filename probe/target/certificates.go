package target

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"

	"github.com/revprobe/revprobe/revocation"
)

// maxCertificates bounds a file of certificates, in octets.
const maxCertificates = 16 << 20

// ReadCertificates reads every certificate of a PEM file, or the one of a DER file, or
// those of a certs-only CMS. It is an error when there is none, or one cannot be read.
func ReadCertificates(r io.Reader, name string) ([]*x509.Certificate, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCertificates+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading certificates from %s: %w", name, withoutPath(err))
	case len(data) > maxCertificates:
		return nil, fmt.Errorf("reading certificates from %s: it is larger than %d MB", name, maxCertificates>>20)
	}
	list, err := parseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("reading certificates from %s: %w", name, err)
	}
	return list, nil
}

func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // as some editors put before PEM
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		list, err := parseBinary(data)
		if err == nil && len(list) == 0 {
			return nil, fmt.Errorf("it holds no certificate")
		}
		return list, err
	}
	var list []*x509.Certificate
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		found, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("it holds no PEM certificate")
	}
	return list, nil
}

func parseBlock(block *pem.Block) ([]*x509.Certificate, error) {
	switch block.Type {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return []*x509.Certificate{c}, nil
	case "PKCS7", "CMS":
		return revocation.CertsFromCMS(block.Bytes)
	}
	return nil, nil // keys and the like
}

func parseBinary(der []byte) ([]*x509.Certificate, error) {
	form := revocation.Recognise(der[:min(len(der), revocation.HeadSize)], int64(len(der)))
	switch {
	case form.Kind == revocation.KindCMS:
		return revocation.CertsFromCMS(der)
	case form.Kind == revocation.KindCertificate:
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		return []*x509.Certificate{c}, nil
	case len(der) == 0:
		return nil, fmt.Errorf("it is empty")
	case form.Kind == revocation.KindUnrecognised:
		return nil, fmt.Errorf("it is %s, not a certificate", form.Encoding)
	}
	return nil, fmt.Errorf("it is %s, not a certificate", form.Kind.WithArticle())
}
