package downstream

import (
	"net/http"
	"strings"

	"voicerelay/relay/trace"
)

// TraceOf is the trace that a request is part of, by its headers. Several traceparent are none, as W3C Trace Context has it.
func TraceOf(r *http.Request) trace.Context {
	parents := r.Header["Traceparent"]
	if len(parents) != 1 {
		return trace.Context{}
	}
	return trace.Context{Parent: parents[0], State: strings.Join(r.Header["Tracestate"], ",")}
}
