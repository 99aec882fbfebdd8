package target

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/revprobe/revprobe/revocation"
)

// maxRecord bounds one record of a CSV file, in octets.
const maxRecord = 16 << 20

// errRecord is what a quote that does not end comes to.
var errRecord = fmt.Errorf("a record of more than %d MiB: a quote may not end", maxRecord>>20)

// table reads the certificates of a CSV file. The column that holds them is the first in
// which one is found; the record before it may be a header.
func (l *listReader) table(head []byte) error {
	within := &recordLimit{octets: l.octets}
	records := csv.NewReader(within)
	records.Comma, records.LazyQuotes, records.FieldsPerRecord, records.ReuseRecord = delimiter(head), true, -1, true
	t := table{listReader: l, records: records, column: -1}
	for number := 0; ; number++ {
		within.read = 0
		record, err := records.Read()
		switch {
		case errors.Is(err, io.EOF) && t.column < 0:
			return errors.New("no column of it holds a certificate as PEM, base64 or hex")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			line, _ := records.FieldPos(0)
			var syntax *csv.ParseError
			if errors.As(err, &syntax) {
				line, err = syntax.StartLine, syntax.Err
			}
			return fmt.Errorf("line %d: %w", line, err)
		}
		if !t.record(record, number == 0) {
			return nil
		}
	}
}

// table is a CSV file while it is read.
type table struct {
	*listReader
	records *csv.Reader
	column  int    // of the certificates; negative while it is not known
	name    string // of that column, empty where there is no header
	header  []string
}

// record takes the certificate of a record, and reports whether to go on.
func (t *table) record(record []string, first bool) bool {
	if t.column < 0 {
		t.column = certificateColumn(record)
		if t.column >= 0 && t.column < len(t.header) {
			t.name = fmt.Sprintf(" (%.40q)", t.header[t.column])
		}
	}
	line, _ := t.records.FieldPos(0)
	at := Place{t.listReader.name, "line", int64(line)}
	switch {
	case t.column < 0 && first:
		t.header = append(t.header, record...)
		return true
	case t.column < 0:
		return t.problem(at, errors.New("no certificate in any column"))
	case t.column >= len(record) || strings.TrimSpace(record[t.column]) == "":
		return t.problem(at, fmt.Errorf("no certificate in column %d%s", t.column+1, t.name))
	}
	der, err := decodeField(record[t.column])
	if err != nil {
		return t.problem(at, fmt.Errorf("column %d%s: %w", t.column+1, t.name, err))
	}
	return t.certificate(der, at)
}

// certificateColumn returns the first column of a record that holds a certificate.
func certificateColumn(record []string) int {
	for i, field := range record {
		der, err := decodeField(field)
		if err == nil && revocation.Recognise(der[:min(len(der), revocation.HeadSize)], int64(len(der))).Kind == revocation.KindCertificate {
			return i
		}
	}
	return -1
}

// delimiter returns what parts the fields of a CSV file's first line.
func delimiter(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := ',', 0
	for _, d := range ",;\t|" {
		if n := bytes.Count(line, []byte(string(d))); n > most {
			best, most = d, n
		}
	}
	return best
}

// decodeField decodes PEM, whose line ends may be lost or written as \n, hex as databases
// write it (\x30...), or base64. The CCADB has apostrophes around PEM.
func decodeField(field string) ([]byte, error) {
	text := strings.Trim(field, " \t\r\n'\"")
	if body, armoured := strings.CutPrefix(text, "-----BEGIN "); armoured {
		_, body, _ = strings.Cut(body, "-----")
		text, _, _ = strings.Cut(body, "-----END")
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\r`, ""), `\n`, "")
	}
	if digits := strings.TrimPrefix(text, `\x`); strings.HasPrefix(digits, "30") {
		if der, err := hex.DecodeString(digits); err == nil {
			return der, nil
		}
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "MI") {
		return nil, errors.New("no certificate as PEM, base64 or hex")
	}
	text = strings.NewReplacer("\n", "", "\r", "", " ", "", "\t", "", "-", "+", "_", "/", "=", "").Replace(text)
	der, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("decoding a certificate: %w", err)
	}
	return der, nil
}

// recordLimit gives up where one record goes on for ever.
type recordLimit struct {
	octets io.Reader
	read   int // of this record, and what is read ahead
}

func (r *recordLimit) Read(p []byte) (int, error) {
	if r.read > maxRecord {
		return 0, errRecord
	}
	n, err := r.octets.Read(p)
	r.read += n
	return n, err
}
