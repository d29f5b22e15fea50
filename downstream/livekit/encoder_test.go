package livekit

import (
	"testing"
	"time"

	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/refusals"
	"voicerelay/relay/relaytest"
)

func encoderOf(model, text string, from time.Duration) *encoder {
	var script downstream.Script
	script.Append(text)
	return newEncoder("S1", model, &script, from)
}

func TestFramesAllocateNothing(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	e, room := encoderOf("cartesia/sonic-3", "", 0), make([]byte, 0, 1024)
	f := relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
	if got := testing.AllocsPerRun(100, func() { room = e.AppendTail(e.AppendHead(room[:0], f), f) }); got > 0 {
		t.Errorf("a frame allocates %v times", got)
	}
	if got, want := string(room), `{"type":"output_audio","session_id":"S1","audio":""}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkFrame(b *testing.B) {
	e, room := encoderOf("cartesia/sonic-3", "", 0), make([]byte, 0, 1024)
	f := relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
	b.ReportAllocs()
	for b.Loop() {
		room = e.AppendTail(e.AppendHead(room[:0], f), f)
	}
}

func TestWordsAreWhatClientsOfAModelJoin(t *testing.T) {
	words := relay.Words{Words: []relay.Word{
		{Text: "Hi", Start: 50 * time.Millisecond, End: 300 * time.Millisecond, CharEnd: 2},
		{Text: "there", Start: 310 * time.Millisecond, End: 600 * time.Millisecond, CharStart: 4, CharEnd: 9},
	}}
	for model, want := range map[string]string{
		"cartesia/sonic-3": `{"type":"output_alignment","session_id":"S1","words":[{"word":"Hi,","start":2.05,"end":2.3},{"word":"there!","start":2.31,"end":2.6}]}`,
		"inworld/tts-2":    `{"type":"output_alignment","session_id":"S1","words":[{"word":"Hi, ","start":2.05,"end":2.3},{"word":"there! ","start":2.31,"end":2.6}]}`,
	} {
		if got := string(encoderOf(model, "Hi, there!", 2*time.Second).Words(words)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", model, got, want)
		}
	}
}

func TestEndsAreToldOnceATurn(t *testing.T) {
	for name, test := range map[string]struct {
		last   bool
		result relay.Result
		want   string
	}{
		"the last of its turn": {true, relay.Result{Reason: relay.Completed}, `{"type":"done","session_id":"S1"}`},
		"another follows":      {false, relay.Result{Reason: relay.Completed}, ""},
		"its client is gone":   {false, relay.Result{Reason: relay.Cancelled}, ""},
		"failed": {
			false,
			relay.Result{Reason: relay.Failed, Err: &refusals.Error{Code: refusals.CodeUpstreamFailed, Message: "all targets have failed"}},
			`{"type":"error","session_id":"S1","message":"all targets have failed","code":"upstream_failed"}`,
		},
	} {
		e := encoderOf("cartesia/sonic-3", "", 0)
		e.last = test.last
		if got := string(e.Ended(test.result)); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
