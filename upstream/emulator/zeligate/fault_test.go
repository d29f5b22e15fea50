package zeligate

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestZeligateFaults(t *testing.T) {
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/v1/text-to-speech/zeli-voice-1/stream-input?output_format=pcm_24000",
		Quirks: []string{"telling:detail", "workers:1"},
		Speak:  []string{bos, `{"text":"One two three four. Five six seven eight. "}`, eos}, Rate: 24000, Audio: "audio", Code: "cuda_gone", NoRetryAfter: true,
		Ended: func(m map[string]any) bool { return m["isFinal"] == true },
		Failed: func(m map[string]any, code string) bool {
			detail, _ := m["detail"].(map[string]any)
			return detail["status"] == code
		},
	})
}

// longText is one sentence of more than two seconds, so that a fault can come in its middle.
const longText = `{"text":"This is a long sentence that nobody hears to its end because of the fault. "}`

// A stalled stream has its engine, and its socket, and says nothing whatever its client does.
func TestZeligateStallLastsUntilTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Stall}}, "workers:1", "telling:detail")
		stalled := dial(t, base, "pcm_24000", bos, sentence)
		pauseFor(t, server) // so that it has stalled
		stalled.Send("no JSON")
		server.SetFault(engine.Fault{})
		dial(t, base, "pcm_24000", bos, sentence)
		if server.WaitFor(spoken(1), waits) || server.Stats().Streams[0].Over {
			t.Error("the stall is over before its client has left")
		}
		if h := stalled.listen(waits); !h.late { // it leaves when its patience is over
			t.Errorf("got %+v, want silence", h)
		}
		if !server.WaitFor(spoken(1), 5*time.Second) {
			t.Error("the engine is not free")
		}
	})
}

// A fault is that of the streams that begin from then on.
func TestZeligateFaultIsOfStreamsThatBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, base := start(t, engine.Options{}, "workers:2")
		before := dial(t, base, "pcm_24000", bos)
		if !server.WaitFor(func(st engine.Stats) bool { return len(st.Streams) == 1 }, 5*time.Second) {
			t.Fatal("the stream has not begun")
		}
		server.SetFault(engine.Fault{Kind: engine.Empty})
		before.Send(sentence, eos)
		if h := before.listen(5 * time.Second); !h.final || h.audio == nil {
			t.Errorf("before: got %+v, want audio", h)
		}
		_ = before.Conn.CloseNow() // it is over
		if h := dial(t, base, "pcm_24000", bos, sentence, eos).listen(5 * time.Second); !h.final || h.audio != nil {
			t.Errorf("after: got %+v, want a final frame alone", h)
		}
	})
}

func TestZeligateRefusals(t *testing.T) {
	const address = "/v1/text-to-speech/zeli-voice-1/stream-input"
	tests := map[int]string{503: "model_loading", 401: "invalid_api_key", 404: "voice_not_found", 429: "too_many_requests"}
	for status, want := range tests {
		server, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Refuse, Code: status}})
		response := base.Upgrade(t, address, nil)
		var body struct {
			Detail struct{ Status, Message string }
		}
		if err := json.NewDecoder(response.Body).Decode(&body); err != nil || response.StatusCode != status || body.Detail.Status != want {
			t.Errorf("got %d, %+v, %v, want %d, %s", response.StatusCode, body, err, status, want)
		}
		if st := server.Stats(); st.Refused != 1 || st.Sockets != 0 {
			t.Errorf("%d: got %+v, want one refused", status, st)
		}
	}
}

// A stream without audio has no file header either.
func TestZeligateEmptyHasNoHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, format := range []string{"wav_24000", "opus_48000_32", "mp3_44100_128"} {
			_, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Empty}})
			if h := dial(t, base, format, bos, sentence, eos).listen(5 * time.Second); !h.final || h.audio != nil {
				t.Errorf("%s: got %+v, want a final frame alone", format, h)
			}
		}
	})
}
