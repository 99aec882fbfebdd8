package revocation

import (
	"iter"
	"math"
	"math/bits"
	"time"
)

// EntryMarks are what can be told of a CRL entry without reading it again: how it is
// encoded, what its extensions are and what their values say. Whoever looks for one thing
// among millions of entries asks for its mark.
type EntryMarks uint32

// The marks. Of MarkReason and MarkNoReason every entry has exactly one.
const (
	markReasons EntryMarks = 1 << iota // of reason 0; those of 1 to 10 follow
	_
	_
	_
	_
	_
	_
	_
	_
	_
	_
	MarkOtherReason       // a reason code above 10 or below 0
	MarkNoReason          // no reasonCode, or one that cannot be read
	MarkReasonCritical    // reasonCode is critical
	MarkInvalidityDate    // invalidityDate is present
	MarkInvalidityForm    // it is critical, or no GeneralizedTime in the form of RFC 5280 §5.3.2
	MarkCertificateIssuer // certificateIssuer is present
	MarkIssuerNotCritical // certificateIssuer is not critical
	MarkOtherExtension    // an extension that RFC 5280 §5.3 does not know
	MarkUnknownCritical   // one of those is critical
	MarkRepeated          // two extensions have the same extnID
	MarkNoExtensions      // crlEntryExtensions is there, without an extension
	MarkSerial            // the serial number is not positive, not minimal, or longer than 20 octets
	MarkTimeForm          // revocationDate is not in the one form of RFC 5280 §5.1.2.6
	MarkLate              // revocationDate is after thisUpdate
	MarkAncient           // revocationDate is before 1999, when RFC 2459 defined these CRLs
)

// Marks is how many there are at most.
const Marks = 32

// All gives the places of the marks that are set, from 0.
func (m EntryMarks) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; m != 0 && yield(bits.TrailingZeros32(uint32(m))); m &= m - 1 {
		}
	}
}

// MarkAnyReason is every MarkReason.
const MarkAnyReason = MarkNoReason - 1

// maxReason is the largest code of RFC 5280 §5.3.1.
const maxReason = ReasonAACompromise

// MarkReason is the mark of an entry with that reason.
func MarkReason(r ReasonCode) EntryMarks {
	if r < 0 || r > maxReason {
		return MarkOtherReason
	}
	return markReasons << r
}

// maxSerial is how many octets a serial number has at most (RFC 5280 §4.1.2.2).
const maxSerial = 20

var firstProfile = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// fieldMarks are those of the serial number and the date, of an entry that is read.
func (r *crlReader) fieldMarks() (marks EntryMarks) {
	e := &r.entry
	if s := e.Serial; len(s) == 0 || s[0] >= 0x80 || len(s) > maxSerial || s[0] == 0 && (len(s) == 1 || s[1] < 0x80) {
		marks |= MarkSerial
	}
	date := &e.RevocationDate
	if date.Tag != tagUTCTime || len(date.Raw) != len("YYMMDDHHMMSSZ") {
		marks |= timeMark(date)
	}
	if seconds := date.Unix(); seconds < firstProfile {
		if !date.IsZero() {
			marks |= MarkAncient
		}
	} else if seconds > r.issued {
		marks |= MarkLate
	}
	return marks
}

// timeMark says whether the date is in a form that is not the one of its year.
func timeMark(t *Time) EntryMarks {
	if t.IsZero() || t.PlainForm() {
		return 0
	}
	return MarkTimeForm
}

// extensionMarks are those of one extension other than a plain reasonCode.
func extensionMarks(id []byte, critical bool, value []byte) EntryMarks {
	switch OID(id) {
	case OIDReasonCode:
		if critical {
			return MarkReasonCritical
		}
		return 0
	case OIDInvalidityDate:
		if critical || !plainGeneralized(value) {
			return MarkInvalidityDate | MarkInvalidityForm
		}
		return MarkInvalidityDate
	case OIDCertificateIssuer:
		if !critical {
			return MarkCertificateIssuer | MarkIssuerNotCritical
		}
		return MarkCertificateIssuer
	}
	if critical {
		return MarkOtherExtension | MarkUnknownCritical
	}
	return MarkOtherExtension
}

// listMarks are those of crlEntryExtensions that were read one by one.
func listMarks(list []Extension) (marks EntryMarks) {
	if len(list) == 0 {
		return MarkNoExtensions
	}
	if _, again := RepeatedExtension(list); again {
		marks = MarkRepeated
	}
	for _, x := range list {
		marks |= extensionMarks([]byte(x.ID), x.Critical, x.Value)
	}
	return marks
}

// RepeatedExtension returns the first extension whose extnID an earlier one has, if any.
func RepeatedExtension(list []Extension) (Extension, bool) {
	if len(list) < 2 {
		return Extension{}, false
	}
	seen := make(map[OID]bool, len(list))
	for _, x := range list {
		if seen[x.ID] {
			return x, true
		}
		seen[x.ID] = true
	}
	return Extension{}, false
}

func (e *CRLEntry) setReason(r ReasonCode) {
	e.HasReason, e.Reason = true, r
	e.Marks = e.Marks&^MarkNoReason | MarkReason(r)
}

// issued is thisUpdate in seconds, or later than any time where it gives no instant.
func (c *CRL) issued() int64 {
	if c.ThisUpdate.IsZero() {
		return math.MaxInt64
	}
	return c.ThisUpdate.Unix()
}

// plainGeneralized reports whether value is one GeneralizedTime with seconds, in Zulu and
// without a fraction (RFC 5280 §5.3.2).
func plainGeneralized(value []byte) bool {
	const length = len("YYYYMMDDHHMMSSZ")
	if len(value) != 2+length || value[0] != tagGeneralizedTime || value[1] != byte(length) {
		return false
	}
	_, ok := plainTime(tagGeneralizedTime, value[2:])
	return ok
}
