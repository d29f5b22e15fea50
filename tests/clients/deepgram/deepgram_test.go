package deepgram_test

import (
	"net/http"
	"slices"
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

// client is a program that others wrote, by its name in client.py or client.mjs.
type client struct {
	name string
	node bool
}

// run plays a story with it.
func (c client) run(t *testing.T, r *rig.Rig, story string, args ...string) *rig.Told {
	t.Helper()
	args = append([]string{c.name, story}, args...)
	if c.node {
		return r.Node(t, "client.mjs", args...)
	}
	return r.Python(t, "client.py", args...)
}

func (c client) String() string {
	if c.node {
		return c.name + " for Node"
	}
	return c.name
}

// all are those with turns on a socket, or of single requests.
var (
	livekit  = []client{{"livekit-v1", false}, {"livekit-v2", false}, {"livekit", true}}
	pipecat  = []client{{"pipecat", false}, {"pipecat-flux", false}}
	sdks     = []client{{"sdk-v1", false}, {"sdk-v2", false}, {"sdk-v1", true}, {"sdk-v2", true}}
	requests = []client{{"pipecat-http", false}}
	all      = slices.Concat(livekit, pipecat, sdks, requests)
)

func each(t *testing.T, clients []client, test func(t *testing.T, c client)) {
	for _, c := range clients {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// Turns are spoken whole, word by word or in sentences, on one connection where the client keeps it.
func TestSpeaks(t *testing.T) {
	each(t, all, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		told := c.run(t, r, "turns", text, another)
		told.Quiet(t)
		told.Whole(t, "t0").Says(t, rate, text)
		told.Whole(t, "t1").Says(t, rate, another)
		want := 2
		if c.name == "pipecat-http" {
			want = 4 // a request for each sentence
		}
		records := r.Records(t, want)
		for _, record := range records {
			if record.Outcome != "completed" || record.Metadata["dialect"] != "deepgram" {
				t.Errorf("recorded %+v", record)
			}
		}
		if shared := records[0].SessionID == records[1].SessionID; shared != (c.name != "livekit" && c.name != "pipecat-http") {
			t.Errorf("one connection: %t, recorded %+v", shared, records)
		}
	})
}

// A single text over HTTP.
func TestSynthesizes(t *testing.T) {
	each(t, []client{{"livekit-v1", false}, {"livekit-v2", false}, {"sdk-v1", false}, {"sdk-v2", false}, {"sdk-v1", true}, {"sdk-v2", true}}, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		told := c.run(t, r, "post", text)
		told.Quiet(t)
		told.Only(t).Says(t, rate, text)
	})
}

// A request without any setting gets the vendor's own default where an encoder is there, else a WAV file.
func TestCompressedAudio(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	for _, encoding := range [][]string{nil, {"flac"}, {"mp3"}, {"opus"}} {
		told := r.Python(t, "client.py", append([]string{"sdk-v1", "encoded", text}, encoding...)...)
		if turn := told.Turn(""); turn.Error != nil && turn.Error.Status == http.StatusBadRequest && encoding != nil {
			t.Logf("this machine makes no %s", encoding[0])
			continue
		}
		told.Quiet(t)
		told.Only(t).Samples(t, rate).Says(t, rate, text)
	}
}

// Speech begins before a slow language model has written all of the text.
func TestSentencesAreSpokenWhileTextComes(t *testing.T) {
	each(t, []client{{"livekit-v1", false}, {"livekit-v2", false}}, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		told := c.run(t, r, "slowly", text)
		told.Quiet(t)
		turn := told.Whole(t, "t0")
		turn.Says(t, rate, text)
		if turn.Last-turn.First < 0.5 {
			t.Errorf("the first audio came at %v, the last at %v", turn.First, turn.Last)
		}
	})
}

// LiveKit's classes say nothing when their listener interrupts: the one for Node closes its socket, those for Python leave it
// unread until the next turn. Pipecat and the SDKs say so. The vendor stops, and the next turn is clean.
func TestInterruptionStopsTheVendor(t *testing.T) {
	long := strings.Repeat(text+" ", 4)
	each(t, slices.Concat(livekit, pipecat, sdks), func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{Pace: 4})
		told := c.run(t, r, "interrupt", long, another)
		told.Quiet(t)
		told.Turn("t0").Begins(t, rate, long)
		told.Whole(t, "t1").Says(t, rate, another)
		r.Interrupted(t, "first", long)
		if records := r.Records(t, 2); records[0].Outcome != "cancelled" || records[1].Outcome != "completed" {
			t.Errorf("recorded %+v", records)
		}
	})
}

// A wrong key is refused at the upgrade, with a status that no client tries again, and with a header that says why.
func TestWrongKeyIsTriedOnce(t *testing.T) {
	wrong := "sk-wrong-and-long-enough"
	each(t, slices.Concat(livekit, sdks), func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		told := c.run(t, r.As(wrong), "once", text)
		failed := told.Failed(t, "")
		if !strings.Contains(failed.Message, "401") && failed.Status != 401 {
			t.Errorf("failed with %+v, want 401", failed)
		}
	})
	each(t, pipecat, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		told := c.run(t, r.As(wrong), "connect")
		notes := told.Notes()
		if said, ok := notes[0].(map[string]any); !ok || !strings.Contains(said["connection"].(string), "HTTP 401") {
			t.Errorf("told %v", notes)
		}
	})
}

// A client beyond its connections is told at the upgrade to come later, and does.
func TestTooManyConnectionsAreTriedAgain(t *testing.T) {
	each(t, livekit[:2], func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{Limits: map[string]any{"max_connections_per_key": 1}})
		told := c.run(t, r, "crowd", another, another)
		if a, b := told.Turn("t0"), told.Turn("t1"); !a.Ended && !b.Ended {
			t.Errorf("neither turn was spoken: %+v, %+v", a.Error, b.Error)
		}
	})
}

// A turn beyond the rate fails, and the connection stays.
func TestTooManyTurns(t *testing.T) {
	each(t, sdks, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{Limits: map[string]any{"generations_per_minute": 1}})
		told := c.run(t, r, "turns", text, another)
		told.Turn("t0").Says(t, rate, text)
		if turn := told.Turn("t1"); len(turn.Audio) > 0 || turn.Error == nil || !strings.Contains(turn.Error.Message, "minute") {
			t.Errorf("%d bytes of a turn beyond the rate, error %+v", len(turn.Audio), turn.Error)
		}
	})
}

// Pipecat's turn that fails ends at once, without the seconds for which it waits for audio, and the next one is spoken.
func TestTurnAfterAFailedOneIsSpoken(t *testing.T) {
	t.Parallel() // it waits for a minute
	each(t, pipecat, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{Limits: map[string]any{"generations_per_minute": 1}})
		told := c.run(t, r, "later", text, another, text)
		told.Whole(t, "t0").Says(t, rate, text)
		if turn := told.Turn("t1"); len(turn.Audio) > 0 || turn.Error == nil {
			t.Errorf("%d bytes of a turn beyond the rate, error %+v", len(turn.Audio), turn.Error)
		}
		told.Whole(t, "t2").Says(t, rate, text)
	})
}

// The headline: a vendor breaks off in the middle of a word, every word is heard once, and no client notices.
func TestAVendorBreaksInAWord(t *testing.T) {
	each(t, all, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		r.BreakIn(t, "first", text, 7)
		told := c.run(t, r, "turns", text)
		r.Takeover(told, "t0", rate, text, false).Unnoticed(t)
		generations := 1
		if c.name == "pipecat-http" {
			generations = 2 // a request for each sentence, and the vendor breaks in each
		}
		for _, record := range r.Records(t, generations) {
			if len(record.Attempts) < 2 || record.Outcome != "completed" {
				t.Errorf("recorded %+v", record)
			}
		}
	})
}

// Where nothing can speak, LiveKit's classes raise at once, and Pipecat's next turn is spoken.
func TestAllVendorsAreGone(t *testing.T) {
	each(t, livekit, func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		r.KillAll(t)
		told := c.run(t, r, "once", text)
		if failed := told.Failed(t, ""); !strings.HasPrefix(failed.Type, "API") {
			t.Errorf("failed with %+v", failed)
		}
		notes := told.Notes()
		r.Soon(t, notes[len(notes)-1], 2*time.Second)
	})
}

// A text in which there is nothing to speak is an end, after one attempt.
func TestNothingToSpeak(t *testing.T) {
	each(t, slices.Concat(livekit, sdks), func(t *testing.T, c client) {
		r := rig.Start(t, rig.Options{})
		told := c.run(t, r, "turns", "…")
		turn := told.Whole(t, "t0")
		if len(turn.Audio) == 0 {
			t.Error("nothing was heard")
		}
		r.Records(t, 1)
	})
}

// An Interrupt that says how much was played is answered by what was heard of the text, as the record has it.
func TestInterruptSaysWhatWasHeard(t *testing.T) {
	r := rig.Start(t, rig.Options{Pace: 2})
	told := r.Python(t, "client.py", "sdk-v2", "played", text, "2500")
	told.Quiet(t)
	var answer map[string]any
	for _, note := range told.Notes() {
		if m, ok := note.(map[string]any); ok && m["type"] == "SpeechInterrupted" {
			answer = m
		}
	}
	spoken, _ := answer["text_spoken"].(string)
	remaining, _ := answer["text_remaining"].(string)
	if spoken+remaining != text || spoken == "" || remaining == "" || answer["audio_played_ms"] != 2500.0 {
		t.Fatalf("got %v", answer)
	}
	if record := r.Records(t, 1)[0]; record.SpokenCharacters != int64(len(spoken)) {
		t.Errorf("the record has %d characters, the answer %d", record.SpokenCharacters, len(spoken))
	}
	heard := told.Turn("t0")
	heard.Audio = heard.Audio[:2500*rate/1000*2]
	heard.Cuts = 1
	heard.Says(t, rate, spoken)
}
