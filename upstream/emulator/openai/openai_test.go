package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestOpenAITranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "sk-test"},
		Quirks: []string{"errors:envelope", "onlyWAV:false"},
		Fixed:  []string{"type", "code"},
		Replace: []string{
			"<4096 characters>", strings.Repeat("a", maxInput), "<4097 characters>", strings.Repeat("a", maxInput+1),
		},
	}
	enginetest.PlayScenes(t, d, func(t *testing.T, w *enginetest.Wire, s enginetest.Scene) { play(t, d, w, s) })
	// What servers do in different ways, in each of those that may be drawn.
	d.Files, d.Quirks = "quirks/*", nil
	enginetest.PlayScenes(t, d, func(t *testing.T, w *enginetest.Wire, s enginetest.Scene) { play(t, d, w, s) })
}

func TestOpenAIQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{
		"errors": 3, "wrongModel": 3, "instructions": 3, "streamFormat": 3, "pcmType": 3, "wavType": 4, "wavRate": 3, "wavSize": 3, "chunk": 10,
	})
}

// play asks what a scene asks, and compares the answer with the scene's.
func play(t *testing.T, d enginetest.Dialect, w *enginetest.Wire, s enginetest.Scene) {
	t.Helper()
	header, body := make(http.Header), []byte(nil)
	for name, value := range s.Open.Header {
		header.Set(name, value)
	}
	lines := s.Lines
	if lines[0].Dir == "c2s" {
		body, lines = lines[0].Frame, lines[1:]
		header.Set("Content-Type", "application/json")
	}
	response, err := w.TryRequest(t, s.Open.Path, header, body)
	if lines[0].End == "broken" {
		if err == nil {
			t.Errorf("answered %d, want no answer", response.StatusCode)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := lines[0]; response.StatusCode != want.Status || response.Header.Get("Content-Type") != want.Type {
		t.Fatalf("got %d, %s, want %d, %s", response.StatusCode, response.Header.Get("Content-Type"), want.Status, want.Type)
	}
	data, err := io.ReadAll(response.Body)
	frames := frames(t, response, data)
	for _, line := range lines[1:] {
		if line.End != "" {
			if broken := line.End == "broken"; broken != errors.Is(err, io.ErrUnexpectedEOF) || len(frames) > 0 {
				t.Errorf("ended by %v with %v left, want it %s", err, frames, line.End)
			}
			return
		}
		want := fields(t, append([]byte(line.Packet), line.Frame...))
		if len(frames) == 0 {
			t.Fatalf("nothing came, want %v", want)
		}
		got := frames[0]
		d.SameFields(t, got, want)
		for frames = frames[1:]; isAudio(got) && len(frames) > 0 && isAudio(frames[0]); {
			frames = frames[1:]
		}
	}
	t.Fatal("the scene has no end")
}

func isAudio(frame map[string]any) bool {
	return frame["binary"] != nil || frame["type"] == "speech.audio.delta"
}

// frames are what a body consists of: events, an object, or audio.
func frames(t *testing.T, response *http.Response, body []byte) (all []map[string]any) {
	t.Helper()
	switch kind := response.Header.Get("Content-Type"); {
	case kind == "text/event-stream":
		for block := range strings.SplitSeq(strings.TrimSuffix(string(body), "\n\n"), "\n\n") {
			all = append(all, fields(t, []byte(eventData(block))))
		}
	case kind == "application/json":
		all = append(all, fields(t, body))
	case len(body) > 0:
		all = append(all, map[string]any{"binary": true})
	}
	return all
}

// eventData is the data of an event, whatever else it says.
func eventData(block string) (data string) {
	for line := range strings.SplitSeq(block, "\n") {
		if value, ok := strings.CutPrefix(line, "data: "); ok {
			data += value
		}
	}
	return data
}

// fields are a frame's, or what is no object as a packet.
func fields(t *testing.T, text []byte) map[string]any {
	t.Helper()
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return map[string]any{"packet": string(text)}
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if inner, ok := object["error"].(map[string]any); ok { // what counts of an error is in it
		object["code"] = inner["code"]
	}
	return object
}
