package downstream

import (
	"encoding/base64"
	"net/http/httptest"
	"testing"
)

// A key is found wherever a client of some dialect puts it.
func TestKeysAreFoundWhereClientsPutThem(t *testing.T) {
	basic := func(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }
	tests := map[string]struct{ header, value, query, want string }{
		"bearer":                   {"Authorization", "Bearer k1", "", "k1"},
		"any case":                 {"Authorization", "bearer  k1 ", "", "k1"},
		"Deepgram's":               {"Authorization", "Token k1", "", "k1"},
		"bare":                     {"Authorization", "k1", "", "k1"},
		"a password":               {"Authorization", basic("user:k1"), "", "k1"},
		"a user":                   {"Authorization", basic("k1:"), "", "k1"},
		"a scheme that has none":   {"Authorization", "Digest k1", "", ""},
		"ElevenLabs'":              {"xi-api-key", "k1", "", "k1"},
		"Cartesia's":               {"X-API-Key", "k1", "", "k1"},
		"Azure's":                  {"api-key", "k1", "", "k1"},
		"a browser's":              {"Sec-WebSocket-Protocol", "token, k1", "", "k1"},
		"a browser's for a while":  {"Sec-WebSocket-Protocol", "bearer, k1", "", "k1"},
		"another subprotocol":      {"Sec-WebSocket-Protocol", "k1", "", ""},
		"in the query":             {"", "", "?access_token=k1", "k1"},
		"a bearer in the query":    {"", "", "?authorization=Bearer%20k1", "k1"},
		"the header goes first":    {"xi-api-key", "k1", "?api_key=k2", "k1"},
		"an empty header does not": {"xi-api-key", " ", "?xi_api_key=k2", "k2"},
		"nowhere":                  {"", "", "?key=k1", ""},
	}
	for name, tt := range tests {
		r := httptest.NewRequest("GET", "/"+tt.query, nil)
		if tt.header != "" {
			r.Header.Set(tt.header, tt.value)
		}
		if got := AnyKey(r); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
