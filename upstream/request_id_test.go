package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestOnlyAnIdentifierIsARequestID(t *testing.T) {
	for name, c := range map[string]struct{ id, want string }{
		"a vendor's":          {"req_01HX-9z/3.4", "req_01HX-9z/3.4"},
		"none":                {"", ""},
		"a terminal's escape": {"id\x1b[2J", ""},
		"a line break":        {"id\nlevel=error", ""},
		"a space":             {"two words", ""},
		"beyond ASCII":        {"idé", ""},
		"no UTF-8":            {"id\xff", ""},
		"as long as may be":   {strings.Repeat("a", 128), strings.Repeat("a", 128)},
		"too long":            {strings.Repeat("a", 129), ""},
	} {
		if got := RequestID(c.id); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestARequestIDInAFrameIsAText(t *testing.T) {
	for raw, want := range map[string]string{`"r-1"`: "r-1", `"a\u0007"`: "", `12`: "", `{"id":"x"}`: "", `null`: "", ``: ""} {
		if got := RequestIDIn([]byte(raw)); got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

func TestAStreamIsNamedWithItsConnection(t *testing.T) {
	long := strings.Repeat("c", 120)
	for _, c := range []struct{ connection, stream, want string }{
		{"c-1", "s.2", "c-1/s.2"}, {"", "s.2", "s.2"}, {"c-1", "", "c-1"}, {"", "", ""}, {long, "stream-12", "stream-12"},
	} {
		if got := JoinRequestIDs(c.connection, c.stream); got != c.want {
			t.Errorf("%q, %q: got %q, want %q", c.connection, c.stream, got, c.want)
		}
	}
}

func TestARefusalHasTheIDOfItsHeader(t *testing.T) {
	answer := &http.Response{Header: http.Header{"X-Request-Id": {"r-1"}, "X-Other": {"bad id"}}}
	for header, want := range map[string]string{"x-request-id": "r-1", "x-other": "", "x-none": "", "": ""} {
		if got := RequestIDHeader(answer, header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	if got := RequestIDHeader(nil, "x-request-id"); got != "" {
		t.Errorf("no answer: got %q", got)
	}
	err := fmt.Errorf("open: %w", &Error{Kind: AuthFailed, RequestID: "r-1"})
	if got := RequestIDOf(err); got != "r-1" {
		t.Errorf("got %q, want r-1", got)
	}
	if got := RequestIDOf(errors.New("none")); got != "" {
		t.Errorf("got %q, want none", got)
	}
}
