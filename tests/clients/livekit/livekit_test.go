package livekit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/clients/rig"
)

const (
	text    = "One two three four five six, seven eight nine ten. Eleven twelve one three five seven, nine eleven two four."
	another = "Nine seven five three one. Two four six eight ten twelve."
	rate    = 24000
)

func TestMain(m *testing.M) { rig.Main(m) }

// languages are the two classes of the client.
var languages = map[string]func(r *rig.Rig, t *testing.T, args ...string) *rig.Told{
	"python": func(r *rig.Rig, t *testing.T, args ...string) *rig.Told { return r.Python(t, "client.py", args...) },
	"node":   func(r *rig.Rig, t *testing.T, args ...string) *rig.Told { return r.Node(t, "client.mjs", args...) },
}

// inEach runs a test for both.
func inEach(t *testing.T, test func(t *testing.T, run func(r *rig.Rig, t *testing.T, args ...string) *rig.Told)) {
	for name, run := range languages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, run)
		})
	}
}

type program = func(r *rig.Rig, t *testing.T, args ...string) *rig.Told

func TestSpeaks(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		for _, story := range []string{"speak", "tokens"} {
			told := run(r, t, story, text)
			told.Quiet(t)
			turn := told.Only(t)
			turn.Says(t, rate, text)
			turn.Timed(t, rate, text)
		}
		for _, record := range r.Records(t, 2) {
			if record.Outcome != "completed" || record.Key != "agent" || record.Metadata["dialect"] != "livekit" {
				t.Errorf("recorded %+v", record)
			}
		}
	})
}

func TestSynthesizes(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := r.Python(t, "client.py", "synthesize", text)
	told.Quiet(t)
	told.Only(t).Says(t, rate, text)
}

// The client puts spaces after words for some models, and leaves that to the gateway for others: the transcript is the same.
func TestTranscriptIsTheText(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		for _, model := range []string{"cartesia/sonic-3", "assemblyai/voice", "default"} {
			told := run(r, t, "speak", text, model)
			told.Quiet(t)
			var transcript strings.Builder
			for _, word := range told.Only(t).Words {
				transcript.WriteString(word.Text)
			}
			if got := strings.TrimSpace(transcript.String()); got != text {
				t.Errorf("%s: the transcript is %q, want %q", model, got, text)
			}
		}
	})
}

func TestTurnsShareASocket(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "turns", text, another, text)
		told.Quiet(t)
		for id, said := range map[string]string{"t0": text, "t1": another, "t2": text} {
			turn := told.Whole(t, id)
			turn.Says(t, rate, said)
			turn.Timed(t, rate, said) // from 0 in each turn
		}
		records := r.Records(t, 3)
		if records[0].SessionID != records[1].SessionID || records[1].SessionID != records[2].SessionID {
			t.Errorf("recorded %+v, want one connection", records)
		}
	})
}

// Both classes say nothing when their listener interrupts. The one for Node closes its socket, the one for Python leaves it unread
// until its next turn.
func TestInterruptionStopsTheVendor(t *testing.T) {
	long := strings.Repeat(text+" ", 4)
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{Pace: 4})
		told := run(r, t, "interrupt", long, another)
		told.Quiet(t)
		told.Turn("t0").Begins(t, rate, long)
		told.Whole(t, "t1").Says(t, rate, another)
		r.Interrupted(t, "first", long)
		if records := r.Records(t, 2); records[0].Outcome != "cancelled" || records[1].Outcome != "completed" {
			t.Errorf("recorded %+v", records)
		}
	})
}

func TestWrongKeyIsTriedOnce(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r.As("sk-wrong-and-long-enough"), t, "speak", text)
		failed := told.Failed(t, "")
		if !strings.Contains(failed.Message, "401") && failed.Status != 401 {
			t.Errorf("failed with %+v, want 401", failed)
		}
		if notes := told.Notes(); len(notes) != 1 {
			t.Errorf("told %v, want one attempt", notes)
		}
	})
}

func TestTooManyConnectionsAreTriedAgain(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{Limits: map[string]any{"max_connections_per_key": 1}})
		told := run(r, t, "crowd", another, another)
		told.Whole(t, "t0").Says(t, rate, another)
		told.Whole(t, "t1").Says(t, rate, another)
	})
}

// A vendor that breaks off in the middle of a word is not noticed.
func TestAVendorBreaksInAWord(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		for _, word := range []int{0, 7} {
			r := rig.Start(t, rig.Options{})
			r.BreakIn(t, "first", text, word)
			told := run(r, t, "speak", text)
			r.Takeover(told, "", rate, text, true).Unnoticed(t)
			if record := r.Records(t, 1)[0]; len(record.Attempts) < 2 || record.Outcome != "completed" {
				t.Errorf("word %d: recorded %+v", word, record)
			}
		}
	})
}

func TestAllVendorsAreGone(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		r.KillAll(t)
		told := run(r, t, "once", text)
		failed := told.Failed(t, "")
		if failed.Type != "APIError" {
			t.Errorf("failed with %+v", failed)
		}
		notes := told.Notes()
		r.Soon(t, notes[len(notes)-1], time.Second)
	})
}

// The class for Python changes the voice for its next turn, the one for Node at the next sentence.
func TestVoiceIsChanged(t *testing.T) {
	t.Run("python", func(t *testing.T) {
		r := rig.Start(t, rig.Options{})
		told := r.Python(t, "client.py", "voices", text, another)
		told.Quiet(t)
		told.Whole(t, "t0").Says(t, rate, text)
		told.Whole(t, "t1").Says(t, rate, another)
		records := r.Records(t, 2)
		if records[0].SessionID != records[1].SessionID {
			t.Errorf("recorded %+v, want one connection", records)
		}
	})
	t.Run("node", func(t *testing.T) {
		r := rig.Start(t, rig.Options{})
		told := r.Node(t, "client.mjs", "voices", text, another)
		told.Quiet(t)
		turn := told.Only(t)
		turn.Says(t, rate, text+" "+another)
		turn.Timed(t, rate, text+" "+another)
		r.Records(t, 2)
	})
}

func TestNothingToSpeak(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "speak", "…")
		told.Quiet(t)
		if turn := told.Only(t); len(turn.Audio) == 0 {
			t.Error("no audio, which the client takes for a failure")
		}
	})
}

// An error ends its turn alone.
func TestWrongVoiceFailsItsTurn(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "wrong_voice", text, another)
		told.Whole(t, "t0").Says(t, rate, text)
		if failed := told.Failed(t, "t1"); len(told.Turn("t1").Audio) > 0 {
			t.Errorf("failed with %+v, after some audio", failed)
		}
		told.Whole(t, "t2").Says(t, rate, another)
		if said := fmt.Sprint(told.Notes()); !strings.Contains(said, `unknown voice`) {
			t.Errorf("told %s, want the voice that is not there", said)
		}
	})
}

// Both classes keep their socket for the next turn, and the one for Node does not notice that it was closed.
func TestIdleSocketIsKept(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{Limits: map[string]any{"idle_timeout": "1s"}})
		told := run(r, t, "idle", another, another)
		told.Quiet(t)
		told.Whole(t, "t0").Says(t, rate, another)
		told.Whole(t, "t1").Says(t, rate, another)
	})
}

// An agent that says tts="cartesia/sonic-3:narrator" has all else from its environment.
func TestModelStringAndEnvironment(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "model_string", text)
		told.Quiet(t)
		asked, ok := told.Notes()[0].(float64)
		if !ok {
			t.Fatalf("told %v", told.Notes())
		}
		told.Only(t).Says(t, int(asked), text)
	})
}
