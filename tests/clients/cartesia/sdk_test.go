package cartesia_test

import (
	"fmt"
	"os/exec"
	"testing"

	"voicerelay/tests/clients/rig"
)

var sdks = []program{sdkPython, sdkNode}

// secured is what the SDKs run over: that in JavaScript has no other WebSocket.
func secured() rig.Options { return rig.Options{TLS: true} }

func TestSDKsSpeakATextAtOnce(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "speak", text)
		told.Quiet(t)
		told.Only(t).Says(t, rate, text)
		if notes := told.Notes(); len(notes) != 1 || notes[0] != "audio/pcm" {
			t.Errorf("told %v", notes)
		}
	})
}

// The SDK's own example asks for a file of floats; it gets one that says what it has.
func TestSDKsGetAFile(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "speak", text, "wav")
		told.Quiet(t)
		told.Only(t).Samples(t, rate).Says(t, rate, text)
	})
}

func TestSDKsGetMP3(t *testing.T) {
	if _, err := exec.LookPath("lame"); err != nil {
		t.Skip("lame is not installed")
	}
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "speak", text, "mp3")
		told.Quiet(t)
		told.Only(t).Samples(t, rate).Says(t, rate, text)
		if notes := told.Notes(); len(notes) != 1 || notes[0] != "audio/mpeg" {
			t.Errorf("told %v", notes)
		}
	})
}

func TestSDKsGetEvents(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "events", text)
		told.Quiet(t)
		turn := told.Only(t)
		turn.Says(t, rate, text)
		turn.Timed(t, rate, text)
	})
}

func TestSDKsPushAndFlush(t *testing.T) {
	each(t, secured(), sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "context", first, second)
		told.Quiet(t)
		turn := told.Only(t)
		turn.Says(t, rate, text)
		turn.Timed(t, rate, text)
		if notes := told.Notes(); len(notes) != 1 || notes[0] != "flush_done" {
			t.Errorf("told %v", notes)
		}
	})
}

func TestSDKsHaveTwoContextsAtOnce(t *testing.T) {
	each(t, secured(), sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "parallel", first, second)
		told.Quiet(t)
		told.Whole(t, "t1").Timed(t, rate, first)
		told.Whole(t, "t2").Timed(t, rate, second)
	})
}

func TestSDKsCancel(t *testing.T) {
	long := text + " " + text + " " + text
	o := secured()
	o.Pace = 1
	each(t, o, sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "cancel", long, second)
		told.Quiet(t)
		told.Turn("t1").Begins(t, rate, long)
		told.Whole(t, "t2").Says(t, rate, second)
		generated, whole := r.Stopped(t, "first"), r.Length(t, "first", long)
		if len(generated) != 2 || generated[0] > whole/2 {
			t.Errorf("the vendor generated %v, of them first of %v", generated, whole)
		}
	})
}

func TestAVendorBreaksInAWordAndSDKsDoNotNotice(t *testing.T) {
	each(t, secured(), sdks, func(t *testing.T, r *rig.Rig, p program) {
		r.BreakIn(t, "first", first, 4)
		told := p.play(t, r, "context", first, second)
		r.Takeover(told, "", rate, text, true).Unnoticed(t)
	})
}

// An error ends a context for an SDK, with all that it can know.
func TestSDKsAreToldOfAnUnknownVoice(t *testing.T) {
	each(t, secured(), sdks, func(t *testing.T, r *rig.Rig, p program) {
		if failed := p.play(t, r, "speak", text, "raw", "nobody").Failed(t, ""); failed.Status != 404 {
			t.Errorf("over HTTP: %+v", failed)
		}
		told := p.play(t, r, "context", first, second, "nobody")
		failed := told.Failed(t, "")
		t.Log(failed)
		if p.name == sdkPython.name {
			told := fmt.Sprint(told.Notes())
			if want := "map[code:voice_not_found id: message:unknown voice \"nobody\" (status 404) status:500 title:Voice not found]"; told != "["+want+"]" {
				t.Errorf("told %s", told)
			}
		}
	})
}

func TestTheOldInterfaceOfTheSDKSpeaks(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := sdkPython.play(t, r, "old", text)
	told.Quiet(t)
	turn := told.Only(t)
	turn.Says(t, rate, text)
	turn.Timed(t, rate, text)
}

func TestSDKsListVoices(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		if notes := fmt.Sprint(p.play(t, r, "voices").Notes()); notes != "[[narrator actor] narrator]" && notes != "[[actor narrator] narrator]" {
			t.Errorf("told %s", notes)
		}
	})
}

func TestSDKsAreRefusedByAWrongKey(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		if failed := p.play(t, r.As("sk-wrong"), "speak", text).Failed(t, ""); failed.Status != 401 {
			t.Errorf("%+v", failed)
		}
	})
}
