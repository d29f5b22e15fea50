package relay

import (
	"voicerelay/relay/metrics"
	"voicerelay/relay/outcome"
	"voicerelay/relay/providers"
	"voicerelay/upstream"
)

// Expected is all that may be counted of the setup, but for codes of errors, which are the clients' matter.
func Expected(set *providers.Setup) metrics.Expected {
	e := metrics.Expected{
		Reasons:  []string{string(Completed), string(Cancelled), string(Failed)},
		Outcomes: []string{outcome.Completed, outcome.Cancelled, outcome.Hedged, outcome.Superseded},
		Failed:   outcome.Failed,
	}
	for _, p := range set.Providers() {
		e.Providers = append(e.Providers, p.Name)
	}
	for kind := range upstream.Policies {
		if kind != upstream.Canceled {
			e.Failures = append(e.Failures, string(kind))
		}
	}
	for _, reason := range outcome.RerouteReasons {
		e.RerouteReasons = append(e.RerouteReasons, string(reason))
	}
	if table := set.Table(); table != nil {
		e.Successions, e.Routes = table.Successions(), table.RouteNames()
	}
	return e
}
