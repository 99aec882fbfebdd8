package conformance

import (
	"fmt"
	"slices"

	"github.com/revprobe/revprobe/fixtures"
)

// Rules returns every rule, in the order of the documentation.
func Rules() []*Rule {
	return slices.Concat(
		unassignedRules(), assignedRules(),
		envelopeRules(), certIDRules(), certIDHashRules(), ocspTimeRules(), signerRules(), signerKeyRules(), methodRules(),
		malformedRules(), rareRequestRules(), rareCertIDRules(), rareHTTPRules(), clientRules(), spellingRules(), oddPathRules(),
		nonceRules(), protocolRules(),
		structureRules(), ocspExtensionRules(), programRules(), ocspStatusRules(), stockRules(),
		crlEncodingRules(), crlSignatureRules(), crlTimeRules(), crlExtensionRules(), crlEntryRules(),
		crlIssuerRules(), crlDateRules(), crlExtensionListRules(), crlOptionalExtensionRules(), crlIDPRules(), crlIDPScopeRules(),
		crlEntryFieldRules(), crlReasonRules(),
		availabilityRules(), historyRules(), httpBodyRules(), caIssuersRules(), accessibleRules(), headerRules(),
		cachingRules(), cacheKeyRules(), crlCachingRules(), conditionalRules(), replicaRules(),
		certificateRules(), accessRules(), distributionPointRules(),
		locationRules(), issuerRules(), purposeRules(), serialRules(),
		resolutionRules(), zoneRules(), addressRules(), registrationRules(),
		ocspAgainstCRLRules(), crlAgainstOCSPRules(), crlScopeRules(), partitionRules(), copyRules(), deltaRules(),
		delegateIdentityRules(), delegateExtensionRules(), delegateAbsenceRules(),
	)
}

// RuleNamed returns the rule of that id, or nil.
func RuleNamed(id string) *Rule {
	for _, r := range Rules() {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// fake is the responder that a case misconfigures.
type fake = fixtures.Responder

func when(name string, change func(*fake)) fixtures.Case {
	return fixtures.Case{Name: name, Change: change}
}

func singleField(index int, name string) string { return fmt.Sprintf("responses[%d].%s", index, name) }
