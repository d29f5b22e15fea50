package elevenlabs_test

import (
	"strconv"
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

type program = func(r *rig.Rig, t *testing.T, args ...string) *rig.Told

// agents are LiveKit's two plugins.
var agents = map[string]program{
	"python": func(r *rig.Rig, t *testing.T, args ...string) *rig.Told {
		return r.Python(t, "agent_livekit.py", args...)
	},
	"node": func(r *rig.Rig, t *testing.T, args ...string) *rig.Told {
		return r.Node(t, "agent_livekit.mjs", args...)
	},
}

// inEach runs a test for both.
func inEach(t *testing.T, test func(t *testing.T, run program)) {
	for name, run := range agents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, run)
		})
	}
}

// spokenAs wants a program's only turn to be a text, with its times, and nothing in the client's log.
func spokenAs(t *testing.T, told *rig.Told, text string) {
	t.Helper()
	told.Quiet(t)
	turn := told.Only(t)
	turn.Says(t, rate, text)
	turn.Timed(t, rate, text)
	if got := strings.TrimSpace(transcript(turn)); got != text {
		t.Errorf("the transcript is %q, want %q", got, text)
	}
}

// transcript is what a turn's words are together.
func transcript(turn *rig.Turn) string {
	var all strings.Builder
	for _, word := range turn.Words {
		all.WriteString(word.Text)
	}
	return all.String()
}

// Whole texts, tokens and words, at the root and below the prefix, with both alignments.
func TestLiveKitSpeaks(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		stories := [][]string{{"speak", text}, {"speak", text, "root"}, {"tokens", text}, {"wordwise", text}, {"original", text}}
		for _, story := range stories {
			spokenAs(t, run(r, t, story...), text)
		}
		for _, record := range r.Records(t, len(stories)) {
			if record.Outcome != "completed" || record.Key != "agent" || record.Metadata["dialect"] != "elevenlabs" {
				t.Errorf("recorded %+v", record)
			}
		}
	})
}

func TestLiveKitSynthesizes(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "synthesize", text)
		told.Quiet(t)
		told.Only(t).Says(t, rate, text)
	})
}

// Where a program names neither, the plugins ask for a voice of the vendor's and for a format: MP3 in Python, samples in JavaScript.
func TestLiveKitsUsualVoice(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	t.Run("python", func(t *testing.T) {
		spokenAs(t, r.Python(t, "agent_livekit.py", "usual", text), text)
		told := r.Python(t, "agent_livekit.py", "mp3", text)
		told.Quiet(t)
		turn := told.Only(t) // the plugin decodes it
		turn.Says(t, 22050, text)
		if got := strings.TrimSpace(transcript(turn)); got != text {
			t.Errorf("the transcript is %q, want %q", got, text)
		}
	})
	t.Run("node", func(t *testing.T) {
		told := r.Node(t, "agent_livekit.mjs", "usual", text)
		told.Quiet(t)
		told.Only(t).Says(t, 22050, text)
	})
}

func TestLiveKitsTurnsShareASocket(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		for _, story := range []string{"turns", "parallel"} {
			r := rig.Start(t, rig.Options{})
			told := run(r, t, story, text, another, text)
			told.Quiet(t)
			for id, said := range map[string]string{"t0": text, "t1": another, "t2": text} {
				turn := told.Whole(t, id)
				turn.Says(t, rate, said)
				turn.Timed(t, rate, said)
			}
			records := r.Records(t, 3)
			if records[0].SessionID != records[1].SessionID || records[1].SessionID != records[2].SessionID {
				t.Errorf("%s: recorded %+v, want one connection", story, records)
			}
		}
	})
}

// Interrupted while its text goes on, the plugin closes the context, and the vendor stops. Interrupted after that it says nothing:
// then the vendor is held back by the pace of playback alone.
func TestLiveKitIsInterrupted(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat(text+" ", 4))
	inEach(t, func(t *testing.T, run program) {
		for _, when := range []string{"on", "over"} {
			r := rig.Start(t, rig.Options{Pace: 4})
			told := run(r, t, "interrupt", long, another, when)
			told.Quiet(t)
			told.Turn("t0").Begins(t, rate, long)
			told.Whole(t, "t1").Says(t, rate, another)
			if when == "over" {
				continue
			}
			records := r.Records(t, 2)
			if records[0].Outcome != "cancelled" || records[1].Outcome != "completed" {
				t.Errorf("recorded %+v", records)
			}
			if generated, whole := r.Stopped(t, "first")[0], r.Length(t, "first", long); generated > whole/2 {
				t.Errorf("the vendor generated %v of %v", generated, whole)
			}
		}
	})
}

// refusedBy wants a turn to have failed by a status. The plugin for JavaScript does not tell it.
func refusedBy(t *testing.T, told *rig.Told, status string) {
	t.Helper()
	failed := told.Failed(t, "")
	says := strings.Contains(failed.Message, status) || strconv.Itoa(failed.Status) == status
	if !says && failed.Message != "could not connect to ElevenLabs" {
		t.Errorf("failed with %+v, want %s", failed, status)
	}
}

func TestLiveKitTriesAWrongKeyOnce(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r.As("sk-wrong-and-long-enough"), t, "speak", text)
		refusedBy(t, told, "401")
		if notes := told.Notes(); len(notes) != 1 {
			t.Errorf("told %v, want one attempt", notes)
		}
	})
}

func TestLiveKitIsToldOfAnUnknownVoice(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "voice", text, "nobody")
		refusedBy(t, told, "404")
		if notes := told.Notes(); len(notes) != 1 {
			t.Errorf("told %v, want one attempt", notes)
		}
	})
}

// A connection too many is refused, and tried again.
func TestLiveKitTriesAgainWhereThereAreTooMany(t *testing.T) {
	r := rig.Start(t, rig.Options{Limits: map[string]any{"max_connections_per_key": 1}})
	told := r.Python(t, "agent_livekit.py", "crowd", another, another)
	told.Whole(t, "t0").Says(t, rate, another)
	told.Whole(t, "t1").Says(t, rate, another)
	if notes := told.Notes(); len(notes) == 0 {
		t.Error("no attempt was refused")
	}
}

// A vendor that breaks off in the middle of a word is not noticed: every word is heard once, its time is true, and the client's log
// has nothing.
func TestLiveKitNoticesNoFailover(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		for _, word := range []int{0, 7} {
			r := rig.Start(t, rig.Options{})
			r.BreakIn(t, "first", text, word)
			told := run(r, t, "speak", text)
			r.Takeover(told, "", rate, text, true).Unnoticed(t)
			if got := strings.TrimSpace(transcript(told.Only(t))); got != text {
				t.Errorf("the transcript is %q, want %q", got, text)
			}
			if record := r.Records(t, 1)[0]; len(record.Attempts) < 2 || record.Outcome != "completed" {
				t.Errorf("word %d: recorded %+v", word, record)
			}
		}
	})
}

func TestLiveKitIsToldWhereAllVendorsAreGone(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		r.KillAll(t)
		told := run(r, t, "once", text)
		told.Failed(t, "")
		notes := told.Notes()
		r.Soon(t, notes[len(notes)-1], time.Second)
	})
}

func TestLiveKitHasNothingToSpeak(t *testing.T) {
	inEach(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "speak", "…")
		told.Quiet(t)
		if turn := told.Only(t); len(turn.Audio) == 0 {
			t.Error("no audio, which the plugin takes for a failure")
		}
	})
}

// A socket on which nothing was said for minutes is as good as a new one.
func TestLiveKitSpeaksAfterSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes three minutes")
	}
	t.Parallel()
	told := rig.Start(t, rig.Options{}).Python(t, "agent_livekit.py", "silence", another, text, "100")
	told.Quiet(t)
	told.Whole(t, "t0").Says(t, rate, another)
	told.Whole(t, "t1").Says(t, rate, text)
}

func TestLiveKitListsVoices(t *testing.T) {
	told := rig.Start(t, rig.Options{}).Python(t, "agent_livekit.py", "voices")
	told.Quiet(t)
	notes := told.Notes()
	if all, ok := notes[0].([]any); !ok || len(all) != 2 {
		t.Errorf("the voices are %v", notes)
	}
}
