package target

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/revocation"
)

// ReadKnown adds to the known serials what each file holds: certificates (PEM, DER or CMS),
// CRLs (PEM or DER, of any length), or text with one serial a line. The error names the
// file, and the line that is no serial.
func ReadKnown(files []string, to *probe.Known) error {
	for _, name := range files {
		if err := readKnownFile(name, to); err != nil {
			return fmt.Errorf("reading known serials from %s: %w", name, withoutPath(err))
		}
	}
	return nil
}

func readKnownFile(name string, to *probe.Known) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewReaderSize(file, revocation.HeadSize)
	head, err := buffered.Peek(revocation.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch form := revocation.Recognise(head, -1); {
	case len(head) == 0:
		return errors.New("it is empty")
	case form.Encoding == revocation.EncodingPEM:
		return readBlocks(buffered, to)
	case form.Kind == revocation.KindCRL:
		octets, err := revocation.Unwrap(form, buffered)
		if err != nil {
			return err
		}
		return readCRL(octets, to)
	case form.Kind == revocation.KindCertificate || form.Kind == revocation.KindCMS:
		list, err := ReadCertificates(buffered, name)
		addCertificates(list, to)
		return errors.Unwrap(err)
	case form.Kind != revocation.KindUnrecognised:
		return fmt.Errorf("it is %s, which names no serials", form.Kind.WithArticle())
	}
	return readSerials(buffered, to)
}

func addCertificates(list []*x509.Certificate, to *probe.Known) {
	for _, c := range list {
		to.AddCertificate(c)
	}
}

// readCRL takes what a CRL lists. One that cannot be read to its end would leave serials
// out, and those would be taken for unassigned.
func readCRL(r io.Reader, to *probe.Known) error {
	crl, err := to.AddCRL(r)
	switch {
	case err != nil:
		return err
	case crl.Broken != nil:
		return fmt.Errorf("the CRL cannot be read to its end: %w", crl.Broken)
	}
	return nil
}

// readBlocks reads every certificate and every CRL among the blocks of a PEM file, of any
// length.
func readBlocks(r *bufio.Reader, to *probe.Known) error {
	found, blocks := false, pemBlocks{lines: r}
	for number := 1; ; number++ {
		label, body, err := blocks.next()
		switch {
		case errors.Is(err, io.EOF) && !found:
			return errors.New("it holds no PEM certificate and no PEM CRL")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		octets := base64.NewDecoder(base64.StdEncoding, body)
		switch label {
		case "X509 CRL", "CRL":
			found, err = true, readCRL(octets, to)
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "CMS":
			found, err = true, readCertificateBlock(label, octets, to)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, body)
		}
		if err != nil {
			return fmt.Errorf("PEM block %d (%s): %w", number, label, err)
		}
	}
}

func readCertificateBlock(label string, octets io.Reader, to *probe.Known) error {
	der, err := io.ReadAll(io.LimitReader(octets, maxCertificates))
	if err != nil {
		return err
	}
	if label == "PKCS7" || label == "CMS" {
		list, err := revocation.CertsFromCMS(der)
		addCertificates(list, to)
		return err
	}
	c, err := x509.ParseCertificate(der)
	if err == nil {
		to.AddCertificate(c)
	}
	return err
}

// maxSerial bounds the serials of a text file, in octets: a longer line is something else.
const maxSerial = 64

// readSerials reads one serial a line: hexadecimal, with or without colons or 0x, or
// decimal behind dec:, since 0d begins hexadecimal ones too. # begins a comment.
func readSerials(r io.Reader, to *probe.Known) error {
	lines := bufio.NewScanner(r)
	number, found := 0, false
	for lines.Scan() {
		number++
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		serial, ok := parseSerial(text)
		if !ok {
			return fmt.Errorf("line %d: %.60q is no serial: write it in hexadecimal, or as dec:123 in decimal", number, text)
		}
		found = true
		to.AddSerial(serial)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d is too long to be a serial", number+1)
	}
	if lines.Err() == nil && !found {
		return errors.New("it holds no serial")
	}
	return lines.Err()
}

func parseSerial(text string) (revocation.Serial, bool) {
	digits, decimal := strings.CutPrefix(strings.ToLower(text), "dec:")
	base := 10
	if !decimal {
		digits, base = strings.ReplaceAll(strings.TrimPrefix(digits, "0x"), ":", ""), 16
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok || n.Sign() < 0 || strings.ContainsAny(digits, "+-_") || n.BitLen() > 8*maxSerial {
		return nil, false
	}
	return revocation.SerialOf(n), true
}
