package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/downstream/openai"
	"voicerelay/server"
)

// Several vendors have the same path at the root. Each client gets the answer of the vendor for which it has its key.
func TestDialectsShareTheRoot(t *testing.T) {
	const key = downstreamtest.Key
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, openai.Dialect{}, func(_ *server.Config, parts *server.Parts) { parts.Dialects = dialects() })
		for _, tt := range []struct{ path, header, value, want string }{
			{"/v1/models", "Authorization", "Bearer " + key, `{"object":"list"`},
			{"/v1/models", "Xi-Api-Key", key, `[{"`},
			{"/v1/models", "Authorization", "Token " + key, `{"stt":`},
			{"/openai/v1/models", "Xi-Api-Key", key, `{"object":"list"`},
			{"/v1/audio/voices", "Authorization", "Bearer " + key, `{"voices":[{"id":"narrator"`},
			{"/v1/voices", "Authorization", "Bearer " + key, `{"voices":[{"name":"narrator"`},
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set(tt.header, tt.value)
			answer, err := r.HTTP().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if err := answer.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if err != nil || answer.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), tt.want) {
				t.Errorf("%s with %s: got %d %.100s, want %s…", tt.path, tt.header, answer.StatusCode, body, tt.want)
			}
		}
	})
}
