package elevenlabs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// The third generation of models, and those after it, have dialogues; all others have contexts.
func TestModelsWithDialogues(t *testing.T) {
	for model, want := range map[string]bool{
		"eleven_v3": true, "eleven_v3_conversational": true, "eleven_v4": true, "eleven_v4_turbo": true,
		"eleven_flash_v2_5": false, "eleven_turbo_v2_5": false, "eleven_multilingual_v2": false, "eleven_monolingual_v1": false, "": false,
	} {
		if got := hasDialogue(model); got != want {
			t.Errorf("%q has dialogues: %t, want %t", model, got, want)
		}
	}
}

// turn is the message of a piece.
func turn(text string) string {
	return fmt.Sprintf(`{"inputs":[{"text":%q,"voice_id":%q}],"flush":true}`, text, request.Voice)
}

// TestATurnAPiece has each piece wait until the vendor has ended the one before.
func TestATurnAPiece(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		l := r.Open(dialogueRequest)
		c := r.Conn()
		time.Sleep(keepAlive + time.Millisecond)
		r.Want() // a keep-alive may not come before the voices
		l.MustOrder(false, "Hello there.")
		r.Want(fmt.Sprintf(`{"voices":[%q]}`, request.Voice), turn("Hello there."))
		l.MustOrder(false, "And more.")
		l.MustOrder(true, "The end.")
		r.Want()
		c.SendRaw([]byte(`{"audio":"AAAA","is_final_audio_for_turn":true}`))
		r.Want(turn("And more."))
		time.Sleep(keepAlive + time.Millisecond)
		r.Want(`{"keep_alive":true}`)
		c.SendRaw([]byte(`{"audio":null,"is_final_audio_for_turn":true}`))
		r.Want(turn("The end."))
		c.SendRaw([]byte(`{"is_final_audio_for_turn":true}`))
		h := l.Finish()
		if h.Err != nil || len(h.Pieces) != 3 {
			r.Errorf("ended with %v after %d pieces, want a good end after 3", h.Err, len(h.Pieces))
		}
	})
}

func TestADialoguesAddressAndOpening(t *testing.T) {
	recorded(t, Config{StreamsPerSocket: 1, Idle: time.Minute}, func(r *recorder) {
		opts, err := r.Provider.ParseOptions(json.RawMessage(`{"stability":0.5,"seed":7,
			"pronunciation_dictionary_locators":[{"pronunciation_dictionary_id":"d","version_id":"v"}]}`))
		if err != nil {
			r.Fatal(err)
		}
		l := r.Open(upstream.Request{
			ID: "g", Voice: "a b;c", Model: "eleven_v3", Language: "de-AT", Speed: 2, Options: opts, Tenant: "t enant",
			Output: audio.Format{Encoding: audio.MuLaw, Rate: 8000},
		})
		c := r.Conn()
		if got, want := c.Request.URL.Path, "/v1/text-to-dialogue/stream-input"; got != want {
			r.Errorf("dialled %s, want %s", got, want)
		}
		want := url.Values{
			"model_id": {"eleven_v3"}, "output_format": {"ulaw_8000"}, "language_code": {"de"}, "sync_alignment": {"true"},
			"apply_text_normalization": {"off"}, "seed": {"7"}, "enable_logging": {"false"},
		}
		if got := c.Request.URL.Query(); !reflect.DeepEqual(got, want) {
			r.Errorf("query %v, want %v", got, want)
		}
		if got := c.Request.Header.Get("Xi-Api-Key"); got != "sk_1&2" {
			r.Errorf("key %q", got)
		}
		l.MustOrder(true, "Hi.")
		r.Want(`{"voices":["a b;c"],"voice_settings":{"stability":0.5,"speed":1.2},`+
			`"pronunciation_dictionary_locators":[{"pronunciation_dictionary_id":"d","version_id":"v"}]}`,
			`{"inputs":[{"text":"Hi.","voice_id":"a b;c"}],"flush":true}`)
		l.Cut()
		r.Want()
	})
}

// dialogueHere is a dialect whose vendor is the test's, whatever the address.
type dialogueHere struct{ dialogueDialect }

func (dialogueHere) Address(string) (string, http.Header) { return upstreamtest.URL, nil }

// dialogueReader opens dialogues, and is in the place of their sockets' reader.
type dialogueReader struct {
	*provider
	tap *upstreamtest.Tap
}

func newDialogueReader(tb testing.TB) *dialogueReader {
	tb.Helper()
	tap := upstreamtest.NewTap(tb, dialogueHere{dialogueDialect{&dialect{}}}, vendorsocket.PoolConfig{StreamsPerSocket: 1, SingleUse: true}, upstreamtest.SaysOne)
	return &dialogueReader{
		&provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults()), Ahead: new(vendorsocket.Ahead)}, dialogues: tap.Pool}, tap,
	}
}

// open opens a stream with a piece under way and another ordered.
func (r *dialogueReader) open(tb testing.TB, sink upstream.Sink) (*dialogue, *vendorsocket.Mux) {
	tb.Helper()
	opened, err := r.Open(tb.Context(), dialogueRequest, sink)
	if err != nil {
		tb.Fatal(err)
	}
	s := opened.(*dialogue)
	if err := s.Speak(tb.Context(), upstream.Piece{Text: "a b"}); err != nil {
		tb.Fatal(err)
	}
	if err := s.Speak(tb.Context(), upstream.Piece{ID: 1, Text: "c", Last: true}); err != nil {
		tb.Fatal(err)
	}
	return s, <-r.tap.Muxes
}

func (r *dialogueReader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s, mux := r.open(t, sink)
	return upstreamtest.Reading{
		Frame: func(data string) *upstream.Error { return dialogueDialect{}.Frame(mux, false, []byte(data)) },
		Lose:  func() { s.Lost(&upstream.Error{Kind: upstream.Dropped}) },
	}
}

func TestDialogueFrames(t *testing.T) {
	const times = `{"chars":["a"," ","b"],"char_start_times_ms":[0,1,2],"char_durations_ms":[1,1,1]}`
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"audio":                     {Frame: `{"audio":"AAAA","alignment":null,"is_final":false}`, Frames: 1},
		"audio with times":          {Frame: `{"audio":"AAAA","alignment":` + times + `}`, Frames: 1, Words: 2},
		"times as they are spoken":  {Frame: `{"audio":"AAAA","normalized_alignment":` + times + `}`, Frames: 1, Words: 2},
		"times alone":               {Frame: `{"alignment":` + times + `}`, Words: 2},
		"the last audio":            {Frame: `{"audio":"AAAA","is_final_audio_for_turn":true}`, Frames: 2, Pieces: 1}, // completed to a sample
		"an end":                    {Frame: `{"is_final_audio_for_turn":true}`, Pieces: 1},
		"an end with a message":     {Frame: `{"is_final_audio_for_turn":true,"message":"x"}`, Pieces: 1},
		"the end of all":            {Frame: `{"audio":null,"is_final":true}`, Pieces: 1},
		"no end":                    {Frame: `{"audio":null,"is_final_audio_for_turn":false}`},
		"noise":                     {Frame: `{"type":"flush_done"}`},
		"an escape":                 {Frame: `{"audio":"AA\/A"}`, Frames: 1},
		"audio that is no string":   {Frame: `{"audio":1}`, Kind: upstream.Garbled},
		"an end that is no flag":    {Frame: `{"is_final_audio_for_turn":"yes"}`, Kind: upstream.Garbled},
		"times that are no numbers": {Frame: `{"alignment":{"chars":["a"],"char_start_times_ms":["0"]}}`, Kind: upstream.Garbled},
		"an error":                  {Frame: `{"error":"quota_exceeded","message":"x","code":1008,"param":null}`, Kind: upstream.NoCredit},
		"a message alone":           {Frame: `{"message":"Invalid API key"}`, Kind: upstream.AuthFailed},
		"white space":               {Frame: ` `, Kind: upstream.Garbled},
	}, func(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
		return newDialogueReader(t).reading(t, sink)
	})
}

// A frame's times count from its own audio, however short the one before was.
func TestTimesOfADialogueCountFromTheirFrame(t *testing.T) {
	sink := &upstreamtest.Loose{TB: t}
	r := newDialogueReader(t).reading(t, sink)
	silence := base64.StdEncoding.EncodeToString(make([]byte, 9600)) // 200 ms
	for _, frame := range []string{
		`{"audio":"` + silence + `","alignment":{"chars":["a"," "],"char_start_times_ms":[10,20],"char_durations_ms":[10,10]}}`,
		`{"audio":"` + silence + `","alignment":{"chars":["b"],"char_start_times_ms":[160],"char_durations_ms":[10]}}`,
	} {
		if err := r.Frame(frame); err != nil {
			t.Fatal(err)
		}
	}
	want := []time.Duration{10 * time.Millisecond, 360 * time.Millisecond}
	if len(sink.Told) != 2 || sink.Told[0].Start != want[0] || sink.Told[1].Start != want[1] {
		t.Errorf("words %+v, want them to start at %v", sink.Told, want)
	}
	r.Lose()
}

// FuzzDialogueFrame gives the reader frames of any bytes, three in a row, in the middle of a dialogue.
func FuzzDialogueFrame(f *testing.F) {
	f.Add(`{"audio":"AAAA","is_final":null,"alignment":null}`,
		`{"audio":"AA==","alignment":{"chars":["a"," ","b"],"char_start_times_ms":[1e300,-5,3],"char_durations_ms":[9,9,-9]}}`,
		`{"is_final_audio_for_turn":true}`)
	f.Add(`{"is_final_audio_for_turn":true}`, `{"audio":"AAAA"}`, `{"is_final":true}`)
	f.Add(`{"message":"x","error":"quota_exceeded","code":1008,"param":"voices"}`, ``, "\xff")
	upstreamtest.FuzzFrames(f, func(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
		return newDialogueReader(t).reading(t, sink)
	})
}

func TestDialogueAudioAllocatesNothing(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	s, mux := newDialogueReader(t).open(t, sink)
	frame := fmt.Appendf(nil, `{"audio":%q,"is_final":null,"alignment":null}`, base64.StdEncoding.EncodeToString(make([]byte, 9600)))
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return dialogueDialect{}.Frame(mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

// Both kinds of sockets are counted, and each stream has its own.
func TestModelsDoNotShareSockets(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		first, second := r.Open(request), r.Open(dialogueRequest)
		if idle, busy := r.Provider.Sockets(); idle != 0 || busy != 2 {
			r.Errorf("%d sockets idle, %d busy, want two busy ones", idle, busy)
		}
		first.Cut()
		second.Cut()
	})
}
