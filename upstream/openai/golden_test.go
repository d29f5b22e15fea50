package openai

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// goldenSpeech is what a server of a transcript says.
const goldenSpeech = "some samples"

// TestGolden asks for what the requests of OpenAI's own examples ask for, and plays their answers.
func TestGolden(t *testing.T) {
	goldentest.Each(t, "openai", "*.jsonl", func(t *testing.T, e goldentest.Exchange) {
		if !strings.HasSuffix(e.Path, "/audio/speech") || len(e.Lines) == 0 || e.Lines[0].Dir != "c2s" {
			t.Skip("asks for something else than speech")
		}
		asked, answered := e.Lines[0].Object(), e.Lines[1:]
		cfg, req := goldenRequest(t, asked)
		if !sendable(asked) {
			t.Skip("the adapter never asks for that")
		}
		text, _ := asked["input"].(string)
		got, h := askFor(t, text, cfg, "http://server/v1", req, func(w http.ResponseWriter) { answerGolden(t, w, answered) })
		for field, want := range asked {
			if fmt.Sprint(got.body[field]) != fmt.Sprint(want) {
				t.Errorf("%s: sent %v, want %v", field, got.body[field], want)
			}
		}
		checkGolden(t, h, answered)
	})
}

// sendable reports whether the relay can ask so: pieces of a length and a speed that the server takes.
func sendable(asked map[string]any) bool {
	text, _ := asked["input"].(string)
	speed, _ := asked["speed"].(float64)
	return !strings.HasPrefix(text, "<") && speed <= maxSpeed
}

// goldenRequest is what has the adapter ask so.
func goldenRequest(t *testing.T, asked map[string]any) (Config, upstream.Request) {
	t.Helper()
	data, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	r := struct {
		request
		Speed        float64 `json:"speed"`
		Instructions string  `json:"instructions"`
	}{Speed: 1}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	cfg := with(func(c *Config) { c.Instructions = r.Instructions })
	if r.Format == formatWAV {
		cfg.Format = formatWAV
	}
	if r.Stream != "" {
		cfg.StreamFormat = r.Stream
	}
	req := testRequest
	req.Model, req.Voice, req.Speed = r.Model, r.Voice, r.Speed
	return cfg, req
}

// answerGolden plays what the server says.
func answerGolden(t *testing.T, w http.ResponseWriter, lines []goldentest.Entry) {
	t.Helper()
	media := ""
	for _, line := range lines {
		switch {
		case line.Status != 0:
			media = line.Type
			w.Header().Set("Content-Type", media)
			w.WriteHeader(line.Status)
		case line.End == "broken":
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case line.End != "":
		case media == eventsType:
			data := strings.Replace(string(line.Frame), "<b64>", base64.StdEncoding.EncodeToString([]byte(goldenSpeech)), 1)
			fmt.Fprintf(w, "%sdata: %s\n\n", line.Packet, data)
		case line.Object()["binary"] == true && media == "audio/wav":
			fmt.Fprint(w, string(audio.WAVHeader(22050))+goldenSpeech)
		case line.Object()["binary"] == true:
			fmt.Fprint(w, goldenSpeech)
		default:
			_, _ = w.Write(line.Frame)
		}
	}
}

// checkGolden checks what has come of it.
func checkGolden(t *testing.T, h upstreamtest.Heard, lines []goldentest.Entry) {
	t.Helper()
	first := lines[0]
	var want upstream.Kind
	switch {
	case first.End == "broken":
		want = upstream.Dropped
	case first.Status != http.StatusOK && strings.Contains(string(lines[1].Frame), "insufficient_quota"):
		want = upstream.NoCredit
	case first.Status != http.StatusOK:
		want = statusKinds()[first.Status]
	case first.Type == "application/json":
		want = upstream.UpstreamError
	case first.Type == "audio/mpeg":
		want = upstream.Garbled
	}
	if upstream.KindOf(h.Err) != want {
		t.Errorf("got %v, want %q", h.Err, want)
	}
	if want == "" && (string(h.Audio) != goldenSpeech || len(h.Pieces) != 1) {
		t.Errorf("heard %q, pieces %v", h.Audio, h.Pieces)
	}
}
