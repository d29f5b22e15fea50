package downstream

import (
	"net/http"
	"strings"

	"voicerelay/relay"
)

// TraceOf is the trace that a request is part of, by its headers. Several traceparent are none, as W3C Trace Context has it.
func TraceOf(r *http.Request) relay.TraceContext {
	parents := r.Header["Traceparent"]
	if len(parents) != 1 {
		return relay.TraceContext{}
	}
	return relay.TraceContext{Parent: parents[0], State: strings.Join(r.Header["Tracestate"], ",")}
}
