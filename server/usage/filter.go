package usage

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/downstream"
)

// filterNames are the parameters that narrow a question about usage.
func filterNames() []string {
	return []string{"tenant", "key", "route", "outcome", "provider", "model", "voice", "metadata"}
}

// parseFilter reads what a question about usage is narrowed by.
func parseFilter(values url.Values) (tenant string, f billing.Filter, refused *protocol.Error) {
	f = billing.Filter{
		Key: values.Get("key"), Route: values.Get("route"), Outcome: billing.Outcome(values.Get("outcome")),
		Provider: values.Get("provider"), Model: values.Get("model"), Voice: values.Get("voice"),
	}
	for _, name := range filterNames() {
		if values.Has(name) && values.Get(name) == "" {
			return "", f, downstream.Invalid(name, name+" is empty: leave it out for all")
		}
	}
	outcomes := billing.Outcomes()
	if f.Outcome != "" && !slices.Contains(outcomes, f.Outcome) {
		return "", f, downstream.Invalid("outcome", fmt.Sprintf("outcome must be one of %v", outcomes))
	}
	f.Metadata, refused = ParseMetadata(values)
	return values.Get("tenant"), f, refused
}

// ParseMetadata reads a pair that metadata must have, as KEY=VALUE.
func ParseMetadata(values url.Values) (billing.Pair, *protocol.Error) {
	if !values.Has("metadata") {
		return billing.Pair{}, nil
	}
	key, value, ok := strings.Cut(values.Get("metadata"), "=")
	if !ok || key == "" {
		return billing.Pair{}, downstream.Invalid("metadata", "metadata must be KEY=VALUE")
	}
	return billing.Pair{Key: key, Value: value}, nil
}

// parsePeriod reads a period, which excludes from and to.
func parsePeriod(values url.Values) (from, to time.Time, refused *protocol.Error) {
	if values.Has("from") || values.Has("to") {
		return from, to, downstream.Invalid("period", "period excludes from and to")
	}
	from, to, err := billing.ParsePeriod(values.Get("period"))
	if err != nil {
		return from, to, downstream.Invalid("period", "period "+err.Error())
	}
	return from, to, nil
}

// TenantFor is whose usage a key is told of that asks about a tenant; empty: everyone's.
func TenantFor(key *access.Key, asked string) (string, *protocol.Error) {
	switch {
	case key.Admin:
		return asked, nil
	case asked != "" && asked != key.Tenant:
		return "", downstream.Invalid("tenant", "tenant: only an admin key may ask about another tenant")
	}
	return key.Tenant, nil
}
