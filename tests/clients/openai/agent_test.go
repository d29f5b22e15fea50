package openai_test

import (
	"testing"

	"voicerelay/tests/clients/rig"
)

func TestAgentsSpeak(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "speak", first)
		told.Quiet(t)
		told.Only(t).Says(t, rate, first)
		if got := r.Records(t, 1)[0]; got.Outcome != "completed" || got.Metadata["dialect"] != "openai" {
			t.Errorf("recorded %+v", got)
		}
	})
}

// LiveKit's plugin with the format that its versions before 1.8 need: events with samples in them.
func TestLiveKitSpeaksSamplesInEvents(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := livekitPython.play(t, r, "pcm", text)
	told.Quiet(t)
	told.Only(t).Says(t, rate, text)
}

// LiveKit asks for MP3, and takes a WAV file where there is none.
func TestLiveKitSpeaksWithoutMP3(t *testing.T) {
	r := rig.Start(t, withoutMP3(nil))
	told := livekitPython.play(t, r, "speak", text)
	told.Quiet(t)
	told.Only(t).Says(t, rate, text)
	r.Records(t, 1)
}

// A sentence is a request, one after the other.
func TestAgentsSpeakTokens(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		behind := count(t, r)
		told := p.play(t, behind.Rig, "tokens", text)
		told.Quiet(t)
		told.Only(t).Says(t, rate, text)
		if n := behind.posts.Load(); n != 2 {
			t.Errorf("%d requests, want one for each sentence", n)
		}
	})
}

// The headline: a vendor is lost in the middle of a word, and an agent notices nothing.
func TestAVendorBreaksInAWordAndAgentsDoNotNotice(t *testing.T) {
	for _, word := range []int{1, 8} {
		each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
			r.BreakIn(t, "first", first, word)
			behind := count(t, r)
			told := p.play(t, behind.Rig, "speak", first)
			r.Takeover(told, "", rate, first, false).Unnoticed(t)
			if got := r.Records(t, 1)[0]; len(got.Attempts) != 2 || got.Attempts[1].Provider != "second" || behind.posts.Load() != 1 {
				t.Errorf("recorded %+v after %d requests", got, behind.posts.Load())
			}
		})
	}
}

func TestAgentsKeepTheirConnection(t *testing.T) { each(t, rig.Options{}, agents, keeps) }

func TestAgentsInterrupt(t *testing.T) {
	long := text + " " + text
	each(t, rig.Options{Pace: 1}, agents, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "interrupt", long, second)
		told.Quiet(t)
		told.Turn("t1").Begins(t, rate, long)
		told.Whole(t, "t2").Says(t, rate, second)
		if generated := r.Stopped(t, "first"); generated[0] > r.Length(t, "first", long)/2 {
			t.Errorf("the vendor generated %v", generated)
		}
		if got := r.Records(t, 2); got[0].Outcome != "cancelled" || got[1].Outcome != "completed" {
			t.Errorf("recorded %+v", got)
		}
	})
}

func TestAgentsAreRefusedAWrongKeyOnce(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		behind := count(t, r.As("sk-wrong"))
		if failed := p.play(t, behind.Rig, "speak", first).Failed(t, ""); failed.Status != 401 && p.name != "pipecat" {
			t.Errorf("%+v", failed)
		}
		if n := behind.posts.Load(); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
	})
}

func TestAgentsAreRefusedAnUnknownVoice(t *testing.T) {
	each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
		if failed := p.play(t, r, "unknown", first).Failed(t, ""); failed.Status != 404 {
			t.Errorf("%+v", failed)
		}
	})
}

// An answer without audio is an error to LiveKit, after four requests.
func TestAgentsTakeATextWithNothingToSpeak(t *testing.T) {
	each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "speak", "…")
		told.Quiet(t)
		if turn := told.Only(t); len(turn.Audio) == 0 || len(turn.Audio) > 2*rate/5 {
			t.Errorf("%d bytes of audio", len(turn.Audio))
		}
		r.Records(t, 1)
	})
}

func TestAgentsNoticeThatAllVendorsAreLost(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		r.KillAll(t)
		p.play(t, r, "speak", first).Failed(t, "")
	})
}
