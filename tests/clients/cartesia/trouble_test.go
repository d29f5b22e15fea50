package cartesia_test

import (
	"strings"
	"testing"

	"voicerelay/tests/clients/rig"
)

func TestAWrongKeyIsRefusedOnce(t *testing.T) {
	each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
		if failed := p.play(t, r.As("sk-wrong"), "speak", text).Failed(t, ""); failed.Status != 401 {
			t.Errorf("%+v", failed)
		}
		r.Records(t, 0)
	})
}

// Pipecat reports the refusal, and goes on without speech.
func TestPipecatReportsAWrongKey(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	if failed := pipecat.play(t, r.As("sk-wrong"), "connect").Failed(t, ""); !strings.Contains(failed.Message, "401") {
		t.Errorf("%+v", failed)
	}
	r.Records(t, 0)
}

// raised is how many seconds a plugin's error came after a moment. Clients that miss an error hang for five seconds or more.
const raised = 1.5

// failedWithin wants a turn's error soon after its beginning, or after its last audio.
func failedWithin(t *testing.T, told *rig.Told) {
	t.Helper()
	told.Failed(t, "")
	since := told.Notes()[0].(map[string]any)["began"].(float64)
	if last := told.Turn("").Last; last > 0 {
		since = last
	}
	for _, line := range told.Lines {
		if line.Error != nil && line.At-since > raised {
			t.Errorf("the error came %.1f s later", line.At-since)
		}
	}
}

func TestPluginsRaiseAtOnce(t *testing.T) {
	t.Run("where all vendors are gone", func(t *testing.T) {
		each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
			r.KillAll(t)
			failedWithin(t, p.play(t, r, "once", text))
		})
	})
	t.Run("where all vendors break in a word", func(t *testing.T) {
		each(t, rig.Options{Pace: 2}, plugins, func(t *testing.T, r *rig.Rig, p program) {
			r.BreakIn(t, "first", text, 4)
			r.BreakIn(t, "second", text, 2)
			told := p.play(t, r, "once", text)
			failedWithin(t, told)
			if told.Turn("").First == 0 {
				t.Error("nothing was heard")
			}
		})
	})
	t.Run("where there is no such voice", func(t *testing.T) {
		each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
			failedWithin(t, p.play(t, r, "once", text, "nobody"))
			r.Records(t, 0)
		})
	})
}

// Where a tenant may speak once at a time, the second of two turns is refused, and comes through when it is tried again. The plugin in
// JavaScript tries again as well, but without the text, which it has not kept.
func TestARefusedTurnIsTriedAgain(t *testing.T) {
	limits := map[string]any{"limits": map[string]any{"max_concurrent_generations": 1}}
	o := rig.Options{Pace: 6, Config: map[string]any{"tenants": map[string]any{"rig": limits}}}
	each(t, o, []program{livekitPython}, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "both", first, second)
		told.Whole(t, "t1").Says(t, rate, first)
		told.Whole(t, "t2").Says(t, rate, second)
	})
}

func TestOlderVersionsAreSpoken(t *testing.T) {
	each(t, rig.Options{}, plugins, func(t *testing.T, r *rig.Rig, p program) {
		p.play(t, r, "version", text).Only(t).Says(t, rate, text)
	})
}

// Pipecat tells an error, and speaks the next turn.
func TestPipecatGoesOnAfterAnError(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := pipecat.play(t, r, "unknown", first, second)
	told.Failed(t, "t1")
	told.Whole(t, "t2").Says(t, rate, second)
}

func TestAgentsSpeakAtOnce(t *testing.T) {
	each(t, rig.Options{}, agents, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "both", first, second)
		told.Quiet(t)
		told.Whole(t, "t1").Timed(t, rate, first)
		told.Whole(t, "t2").Timed(t, rate, second)
	})
}

func TestPipecatSpeaksTokens(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := pipecat.play(t, r, "tokens", text)
	told.Quiet(t)
	turn := told.Only(t)
	turn.Says(t, rate, text)
	turn.Timed(t, rate, text)
	r.Records(t, 1)
}

func TestPipecatSpeaksOverHTTP(t *testing.T) {
	for _, breaks := range []bool{false, true} {
		r := rig.Start(t, rig.Options{})
		turnCuts := 0
		if breaks {
			r.BreakIn(t, "first", first, 4)
			turnCuts = 2 // a sentence a request
		}
		told := pipecat.play(t, r, "http", text)
		told.Quiet(t)
		turn := told.Only(t)
		turn.Cuts = turnCuts
		turn.Says(t, rate, text)
	}
}

// A text by itself goes over HTTP; the plugin in JavaScript has nothing but TLS for it, and no prefix.
func TestPluginsSpeakATextAtOnce(t *testing.T) {
	for _, p := range plugins {
		t.Run(p.name, func(t *testing.T) {
			r := rig.Start(t, rig.Options{TLS: p.name == livekitNode.name})
			told := p.play(t, r, "synthesize", text)
			told.Quiet(t)
			told.Only(t).Says(t, rate, text)
			r.Records(t, 1)
		})
	}
}
