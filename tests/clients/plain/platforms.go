// Package plain replays what platforms for voice agents ask of a customer's own speech server. The platforms are hosted, so their
// requests are written from their documentation.
package plain

import (
	"context"
	"embed"
	"net/http"
	"strings"
	"testing"

	"voicerelay/tests/clients/rig"
)

//go:embed testdata
var requests embed.FS

// Platform is what a platform sends.
type Platform struct {
	Name, Path string
	Header     http.Header // beside the key
	Inside     bool        // the key is in the body
	MediaType  string      // of the answer
}

// Platforms are all that have a request of their own.
var Platforms = []Platform{
	{Name: "vapi", Path: "/vapi/voice", MediaType: "application/octet-stream"},
	{Name: "jambonz", Path: "/jambonz/tts?sample_rate=24000", MediaType: "audio/l16;rate=24000"},
	{Name: "tencent", Path: "/tencent/tts?voice=narrator", Header: http.Header{"X-Request-Id": {"0b6e7b1c"}}, MediaType: "audio/pcm"},
	{Name: "alibaba", Path: "/alibaba/tts", Inside: true, MediaType: "audio/pcm"},
	{Name: "agora", Path: "/openai/v1/audio/speech", Inside: true, MediaType: "audio/pcm"}, // whose generic_http has the shape of OpenAI's
}

// Ask sends the platform's request, with each odd one of some texts changed for the next. The answer is closed by the end of the test.
func (p Platform) Ask(ctx context.Context, t *testing.T, r *rig.Rig, change ...string) *http.Response {
	t.Helper()
	body, err := requests.ReadFile("testdata/" + p.Name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(append(change, `"KEY"`, `"`+r.Key+`"`)...).Replace(string(body))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL+p.Path, strings.NewReader(changed))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for name, values := range p.Header {
		request.Header[name] = values
	}
	if !p.Inside {
		request.Header.Set("Authorization", "Bearer "+r.Key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() }) // it was read, or is over
	return answer
}
