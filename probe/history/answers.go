package history

import (
	"crypto/x509"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// answers returns what the service said in the run of the serials of certificates that
// exist, each by the answer with the latest thisUpdate. Those that are not signed with its
// authority are not the responder's.
func (s *service) answers(memory *revocation.Memory, pool []*x509.Certificate) map[string]evidence.PastAnswer {
	said := map[string]evidence.PastAnswer{}
	for _, x := range s.exchanges {
		if !x.Ask.Has(evidence.Assigned) || !x.Answered() {
			continue
		}
		a, ok := s.answer(x, memory, pool)
		if before, known := said[a.Serial]; ok && (!known || a.ThisUpdate.After(before.ThisUpdate)) {
			said[a.Serial] = a
		}
	}
	return said
}

// answer reads one answer; ok is false where it says nothing of the serial, or nobody with
// authority does.
func (s *service) answer(x *evidence.Exchange, memory *revocation.Memory, pool []*x509.Certificate) (a evidence.PastAnswer, ok bool) {
	id := x.CertID()
	if id == nil {
		return a, false
	}
	response := revocation.ReadOCSPResponse(x.Body)
	a = evidence.PastAnswer{Serial: id.Serial.String(), Reason: -1, Seen: x.At, FirstSeen: x.At}
	if response.Status == revocation.Unauthorized {
		a.Status, a.LastUnassigned = "unauthorized", x.At
		return a, true
	}
	if response.Basic == nil || s.issuer == nil {
		return a, false
	}
	signer := memory.FindSigner(response.Basic, s.issuer, pool)
	if signer.Signature.State != revocation.SignatureValid || !signer.Authorized() {
		return a, false
	}
	if !signer.IsIssuer {
		a.Signer, a.SignerNotAfter = evidence.Fingerprint(signer.Certificate.Raw), signer.Certificate.NotAfter
	}
	for i := range response.Basic.Singles {
		if single := &response.Basic.Singles[i]; single.CertID.Equal(*id) {
			a.ProducedAt = response.Basic.ProducedAt.Time
			return withSingle(a, single), single.Status != revocation.StatusAbsent && !single.ThisUpdate.After(x.At.Add(early))
		}
	}
	return a, false
}

// withSingle adds what a SingleResponse says.
func withSingle(a evidence.PastAnswer, single *revocation.SingleResponse) evidence.PastAnswer {
	a.Status, a.ThisUpdate, a.NextUpdate = single.Status.String(), single.ThisUpdate.Time, single.NextUpdate.Time
	switch single.Status {
	case revocation.StatusGood:
		a.FirstGood = a.Seen
	case revocation.StatusUnknown:
		a.LastUnassigned = a.Seen
	case revocation.StatusRevoked:
		if single.RevocationTime.Unix() == 0 { // the form of what was never issued (RFC 6960 §2.2)
			a.Status, a.LastUnassigned = "extended-revoked", a.Seen
			break
		}
		a.FirstRevoked, a.Revoked = a.Seen, single.RevocationTime.Time
		if single.HasReason {
			a.Reason = int(single.Reason)
		}
	}
	return a
}

// merged is what is known of a serial after another run: the answer with the later
// thisUpdate, and the first and last times of both.
func merged(before, now evidence.PastAnswer) evidence.PastAnswer {
	after := now
	if now.ThisUpdate.Before(before.ThisUpdate) || now.ThisUpdate.IsZero() {
		after = before
	}
	if now.ThisUpdate.Equal(before.ThisUpdate) && now.Status == before.Status {
		after.FirstSeen, after.Seen = earlier(before.FirstSeen, now.FirstSeen), latest(before.Seen, now.Seen)
	}
	after.FirstGood = earlier(before.FirstGood, now.FirstGood)
	if after.FirstRevoked = earlier(before.FirstRevoked, now.FirstRevoked); after.Status == "good" {
		after.FirstRevoked = time.Time{} // it was on hold
	}
	after.LastUnassigned = latest(before.LastUnassigned, now.LastUnassigned)
	after.LastStatus, after.LastThisUpdate = now.Status, now.ThisUpdate
	return after
}

// earlier returns the earlier of two times that are not zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
