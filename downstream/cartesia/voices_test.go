package cartesia_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"voicerelay/downstream/downstreamtest"
)

// get asks with a key in the query, as browsers do.
func get(t *testing.T, r *downstreamtest.Relay, path string) (status int, body map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.HTTP().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || json.Unmarshal(data, &body) != nil {
		t.Fatalf("%s: %s, %v", path, data, err)
	}
	return answer.StatusCode, body
}

func TestVoicesAreListed(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, _ *caller) {
		const key = "api_key=" + downstreamtest.Key
		voices := r.Prefix + "/voices"
		status, body := get(t, r, voices+"?"+key)
		data, _ := body["data"].([]any)
		if status != 200 || len(data) != 1 || body["has_more"] != false || data[0].(map[string]any)["id"] != downstreamtest.Voice {
			t.Errorf("%d %v", status, body)
		}
		for path, want := range map[string]struct {
			status int
			has    string
		}{
			voices + "/" + downstreamtest.Voice + "?" + key:                {200, "language"},
			voices + "/" + downstreamtest.Voice + "?access_token=token":    {401, "error_code"},
			voices + "/nobody?" + key:                                      {404, "error_code"},
			voices + "?limit=0&" + key:                                     {400, "error_code"},
			voices + "?limit=many&" + key:                                  {400, "error_code"},
			voices + "?starting_after=nobody&" + key:                       {404, "error_code"},
			voices + "?starting_after=" + downstreamtest.Voice + "&" + key: {200, "data"},
			voices: {401, "title"},
		} {
			if status, body := get(t, r, path); status != want.status || body[want.has] == nil {
				t.Errorf("%s: %d %v, want %d with %s", path, status, body, want.status, want.has)
			}
		}
	})
}
