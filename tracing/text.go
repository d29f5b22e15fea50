package tracing

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// text is an attribute of a name that a client or an operator chose. One that is no UTF-8 would cost the whole batch that it is in.
func text(key attribute.Key, value string) attribute.KeyValue { return key.String(valid(value)) }

// valid is a text as UTF-8.
func valid(value string) string { return strings.ToValidUTF8(value, "\uFFFD") }
