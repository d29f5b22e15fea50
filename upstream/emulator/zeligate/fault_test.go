package zeligate

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// longText is one sentence of more than two seconds, so that a fault can come in its middle.
const longText = `{"text":"This is a long sentence that nobody hears to its end because of the fault. "}`

// Each fault, at the start of a stream and behind some audio of it.
func TestZeligateFaults(t *testing.T) {
	const frame = 100 * time.Millisecond
	full := func(t *testing.T) int { // bytes of a stream without fault
		_, base := start(t, engine.Options{Chunk: frame}, "workers:1", "telling:detail", "lingers:true")
		return len(dial(t, base, "pcm_24000", bos, longText, eos).listen(5 * time.Second).audio)
	}(t)
	tests := map[engine.Fault]func(h heard) bool{
		{}: func(h heard) bool { return h.final && len(h.audio) == full },
		{Kind: engine.Late, After: 300 * time.Millisecond}: func(h heard) bool {
			return h.final && len(h.audio) == full && h.first >= 300*time.Millisecond
		},
		{Kind: engine.Stall}:                               func(h heard) bool { return h.late && h.audio == nil },
		{Kind: engine.Stall, After: 3 * frame}:             func(h heard) bool { return h.late && len(h.lengths) == 3 },
		{Kind: engine.Drop}:                                func(h heard) bool { return !h.late && h.closed < 0 && h.audio == nil },
		{Kind: engine.Drop, After: 3 * frame}:              func(h heard) bool { return !h.late && h.closed < 0 && len(h.lengths) <= 3 },
		{Kind: engine.Garbage}:                             func(h heard) bool { return strings.HasPrefix(h.other, "<html>") && h.audio == nil },
		{Kind: engine.Garbage, After: 2 * frame}:           func(h heard) bool { return strings.HasPrefix(h.other, "<html>") && len(h.lengths) == 2 },
		{Kind: engine.CloseCode, Code: 1011}:               func(h heard) bool { return h.closed == 1011 && h.audio == nil },
		{Kind: engine.CloseCode, Code: 1000, After: frame}: func(h heard) bool { return h.closed == 1000 && len(h.lengths) == 1 },
		{Kind: engine.ErrorFrame, Name: "model_loading"}: func(h heard) bool {
			return strings.Contains(h.other, `"status":"model_loading"`) && h.audio == nil
		},
		{Kind: engine.ErrorFrame, Name: "cuda_gone", After: frame}: func(h heard) bool {
			return strings.Contains(h.other, `"status":"cuda_gone"`) && len(h.lengths) == 1
		},
		{Kind: engine.WrongLength}: func(h heard) bool { return h.final && len(h.audio) == 2*engine.NativeRate/50 },
		{Kind: engine.Slow}:        func(h heard) bool { return !h.final && len(h.lengths) > 0 && len(h.lengths) < 9 },
		{Kind: engine.OddChunks}: func(h heard) bool {
			return h.final && len(h.audio) == full && h.lengths[0]%2 == 1 && h.lengths[1]%2 == 0
		},
		{Kind: engine.Empty}:    func(h heard) bool { return h.final && h.audio == nil },
		{Kind: engine.NullCost}: func(h heard) bool { return h.final && len(h.audio) == full },
	}
	for fault, right := range tests {
		t.Run(string(fault.Kind)+fault.After.String(), func(t *testing.T) {
			t.Parallel()
			server, base := start(t, engine.Options{Chunk: frame, Fault: fault}, "workers:1", "telling:detail", "lingers:true")
			client := dial(t, base, "pcm_24000", bos, longText, eos)
			patience := 10 * time.Second
			if fault.Kind == engine.Stall {
				patience = 300 * time.Millisecond // for what must not come
			}
			if fault.Kind == engine.Slow {
				client.endsIn(time.Second)
			}
			if h := client.listen(patience); !right(h) {
				h.audio = h.audio[:min(len(h.audio), 8)]
				t.Errorf("got %+v", h)
			}
			_ = client.conn.CloseNow() // the fault may have done so
			over := func(st engine.Stats) bool { return st.OpenContexts == 0 && st.OpenSockets == 0 && st.Streams[0].Over }
			if !server.WaitFor(over, 5*time.Second) {
				t.Errorf("the stream is not over: %+v", server.Stats())
			}
			if err := server.Close(); err != nil { // so that an engine has ended as well
				t.Error(err)
			}
			if got := spokenAudio(server); fault.After > 0 && fault.Kind != engine.Late && got != fault.After {
				t.Errorf("got %v spoken, want none behind the fault at %v", got, fault.After)
			}
		})
	}
}

// A stalled stream has its engine, and its socket, and says nothing whatever its client does.
func TestZeligateStallLastsUntilTheClientLeaves(t *testing.T) {
	server, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Stall}}, "workers:1", "telling:detail")
	stalled := dial(t, base, "pcm_24000", bos, sentence)
	pauseFor(t, server) // so that it has stalled
	stalled.say("no JSON")
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
}

// A stream without audio has no file header either.
func TestZeligateEmptyHasNoHeader(t *testing.T) {
	for _, format := range []string{"wav_24000", "opus_48000_32", "mp3_44100_128"} {
		_, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Empty}})
		if h := dial(t, base, format, bos, sentence, eos).listen(5 * time.Second); !h.final || h.audio != nil {
			t.Errorf("%s: got %+v, want a final frame alone", format, h)
		}
	}
}

// Only the first audio of a stream is late, not that of each text.
func TestZeligateIsLateOnce(t *testing.T) {
	const late = 500 * time.Millisecond
	_, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Late, After: late}})
	began := time.Now()
	h := dial(t, base, "pcm_24000", bos, `{"text":"One. Two. Three. Four. Five. "}`, eos).listen(5 * time.Second)
	if took := time.Since(began); !h.final || took < late || took > 4*late {
		t.Errorf("took %v, want %v once: %+v", took, late, h.lengths)
	}
}

// A fault is that of the streams that begin from then on.
func TestZeligateFaultIsOfStreamsThatBegin(t *testing.T) {
	server, base := start(t, engine.Options{}, "workers:2")
	before := dial(t, base, "pcm_24000", bos)
	if !server.WaitFor(func(st engine.Stats) bool { return len(st.Streams) == 1 }, 5*time.Second) {
		t.Fatal("the stream has not begun")
	}
	server.SetFault(engine.Fault{Kind: engine.Empty})
	before.say(sentence, eos)
	if h := before.listen(5 * time.Second); !h.final || h.audio == nil {
		t.Errorf("before: got %+v, want audio", h)
	}
	_ = before.conn.CloseNow() // it is over
	if h := dial(t, base, "pcm_24000", bos, sentence, eos).listen(5 * time.Second); !h.final || h.audio != nil {
		t.Errorf("after: got %+v, want a final frame alone", h)
	}
}

func TestZeligateRefusals(t *testing.T) {
	const address = "/v1/text-to-speech/zeli-voice-1/stream-input"
	tests := map[int]string{503: "model_loading", 401: "invalid_api_key", 404: "voice_not_found", 429: "too_many_requests"}
	for status, want := range tests {
		server, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Refuse, Code: status}})
		response := enginetest.Upgrade(t, base, address, nil)
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
	_, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Refuse, Code: 1013}})
	if h := dial(t, base, "pcm_24000").listen(5 * time.Second); h.closed != websocket.StatusTryAgainLater {
		t.Errorf("got %+v, want a close with 1013", h)
	}
}

// What a validation error's frame has over HTTP, it has with its status there.
func TestZeligateValidationErrorIsAList(t *testing.T) {
	e := invalid("text", "missing", "Field required")
	got, err := json.Marshal(e.detail())
	if want := `{"detail":[{"loc":["body","text"],"msg":"Field required","type":"missing"}]}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if e.http != http.StatusUnprocessableEntity {
		t.Errorf("got %d, want 422", e.http)
	}
}
