package attack

import (
	"fmt"
	"net/http"
	"strings"
)

// reports are what somebody with a key can ask besides.
func reports() []attack {
	return []attack{
		{name: "reports of usage", does: usageReports, least: 20, grows: 48},
		{name: "metrics and providers, 1000 a second", does: statePolled, least: 50, grows: 48},
	}
}

func usageReports(h *hostile) {
	h.wg.Go(func() { // something to report
		h.flood(4, 200, func(i int) string {
			return generate(fmt.Sprint("g", i), `"text":"","metadata":{"a":"`+strings.Repeat("b", 250)+`"}`)
		})
	})
	for range 8 {
		h.wg.Go(func() {
			h.each(1, 10, func() error { return h.request(http.MethodGet, "/v1/usage/records?limit=1000", hostileKey, "") })
		})
	}
	h.each(20, 10, func() error {
		return h.request(http.MethodGet, "/v1/usage?from=2020-01-01&group_by=tenant,key,day,provider,model,voice,outcome", hostileKey, "")
	})
}

func statePolled(h *hostile) {
	paths := []string{"/metrics", "/v1/providers", "/v1/voices", "/readyz"}
	h.each(10, 100, func() error { return h.request(http.MethodGet, paths[h.acts.Load()%4], hostileKey, "") })
}
