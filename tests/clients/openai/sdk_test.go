package openai_test

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"voicerelay/tests/clients/rig"
)

func TestSDKsSpeak(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		for _, story := range []string{"stream", "create", "events"} {
			told := p.play(t, r, story, text)
			told.Quiet(t)
			told.Only(t).Says(t, rate, text)
			if story == "events" {
				usage := told.Notes()[0].(map[string]any)["usage"].(map[string]any)
				if len(usage) != 3 || usage["total_tokens"] != 0.0 {
					t.Errorf("the last event's usage is %v", usage)
				}
			}
		}
		for _, record := range r.Records(t, 3) {
			if record.Outcome != "completed" || record.Metadata["dialect"] != "openai" {
				t.Errorf("recorded %+v", record)
			}
		}
	})
}

func TestSDKsGetTheirFormat(t *testing.T) {
	needFFmpeg(t)
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		for format, kind := range map[string]string{"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "opus": "audio/ogg"} {
			told := p.play(t, r, "stream", text, format)
			told.Only(t).Samples(t, rate).Says(t, rate, text)
			if answer := told.Notes()[0].(map[string]any); answer["type"] != kind {
				t.Errorf("%s: the answer is %v", format, answer)
			}
		}
	})
}

// What the SDK asks for by itself is MP3.
func TestSDKsGetMP3ByDefault(t *testing.T) {
	needFFmpeg(t)
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		r.BreakIn(t, "first", text, 4)
		told := p.play(t, r, "usual", text)
		told.Quiet(t)
		turn := told.Only(t).Samples(t, rate)
		turn.Cuts = 1
		turn.Says(t, rate, text)
		if answer := told.Notes()[0].(map[string]any); answer["type"] != "audio/mpeg" {
			t.Errorf("the answer is %v", answer)
		}
	})
}

func TestSDKsAreToldWhatToAskForWithoutMP3(t *testing.T) {
	each(t, withoutMP3(nil), sdks, func(t *testing.T, r *rig.Rig, p program) {
		failed := p.play(t, r, "usual", text).Failed(t, "")
		if failed.Type != "BadRequestError" || failed.Status != 400 || !strings.Contains(failed.Message, "wav") {
			t.Errorf("%+v", failed)
		}
	})
}

func TestSDKsGetAWAVFileWhereTheOperatorSaysSo(t *testing.T) {
	fallback := map[string]any{"openai": map[string]any{"mp3_fallback": "wav"}}
	each(t, withoutMP3(map[string]any{"dialects": fallback}), sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "usual", text)
		told.Only(t).Samples(t, rate).Says(t, rate, text)
		if answer := told.Notes()[0].(map[string]any); answer["type"] != "audio/wav" {
			t.Errorf("the answer is %v", answer)
		}
	})
}

// withoutMP3 is a relay that has no encoder of it.
func withoutMP3(config map[string]any) rig.Options {
	all := map[string]any{"encoders": map[string]any{"mp3": map[string]any{"command": []string{"false"}}}}
	maps.Copy(all, config)
	return rig.Options{Config: all}
}

// needFFmpeg skips a test on a machine that can neither make nor read compressed audio.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
}

func TestSDKsHearTheBeginningBeforeTheEnd(t *testing.T) {
	each(t, rig.Options{Pace: 1}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		turn := p.play(t, r, "stream", text).Only(t)
		turn.Says(t, rate, text)
		if whole := r.Length(t, "first", text); turn.Last-turn.First < whole.Seconds()/2 {
			t.Errorf("the audio came from %v s to %v s, though %v were spoken", turn.First, turn.Last, whole)
		}
	})
}

// The vendor's clients call the record by the id of the request, for whoever reports that something went wrong.
func TestSDKsKnowTheRecord(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "stream", first)
		answer := told.Notes()[0].(map[string]any)
		if record := r.Records(t, 1)[0]; answer["type"] != "audio/pcm" || answer["request"] != record.RecordID {
			t.Errorf("the answer is %v, and the record %s", answer, record.RecordID)
		}
	})
}

func TestAVendorBreaksInAWordAndSDKsDoNotNotice(t *testing.T) {
	for _, word := range []int{1, 8} {
		each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
			r.BreakIn(t, "first", text, word)
			behind := count(t, r)
			told := p.play(t, behind.Rig, "create", text)
			r.Takeover(told, "", rate, text, false).Unnoticed(t)
			if record := r.Records(t, 1)[0]; len(record.Attempts) != 2 || record.Outcome != "completed" {
				t.Errorf("recorded %+v", record)
			}
			if n := behind.posts.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestSDKsKeepTheirConnection(t *testing.T) { each(t, rig.Options{}, sdks, keeps) }

func TestAnSDKThatLeavesStopsTheVendor(t *testing.T) {
	each(t, rig.Options{Pace: 1}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		p.play(t, r, "leave", text).Turn("").Begins(t, rate, text)
		generated, whole := r.Stopped(t, "first"), r.Length(t, "first", text)
		if len(generated) != 1 || generated[0] > whole/2 {
			t.Errorf("the vendor generated %v of %v", generated, whole)
		}
		if record := r.Records(t, 1)[0]; record.Outcome != "cancelled" {
			t.Errorf("recorded %+v", record)
		}
	})
}

func TestSDKsSeeErrors(t *testing.T) {
	for name, want := range map[string]struct {
		story, kind string
		status      int
		before      func(t *testing.T, r *rig.Rig) *rig.Rig
	}{
		"a wrong key":   {"create", "AuthenticationError", 401, func(_ *testing.T, r *rig.Rig) *rig.Rig { return r.As("sk-wrong") }},
		"no such voice": {"unknown", "NotFoundError", 404, func(_ *testing.T, r *rig.Rig) *rig.Rig { return r }},
		// Every vendor was tried, so that the SDK is told not to ask again.
		"no vendor": {"stream", "InternalServerError", 502, func(t *testing.T, r *rig.Rig) *rig.Rig { r.KillAll(t); return r }},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
				behind := count(t, want.before(t, r))
				failed := p.play(t, behind.Rig, want.story, text).Failed(t, "")
				if failed.Type != want.kind || failed.Status != want.status {
					t.Errorf("%+v", failed)
				}
				if n := behind.posts.Load(); n != 1 {
					t.Errorf("%d requests, want 1", n)
				}
			})
		})
	}
}

// While one text is spoken another is too many. The SDK waits as it is told to, and asks again.
func TestSDKsWaitForTheirTurn(t *testing.T) {
	o := rig.Options{Pace: 4, Limits: map[string]any{"max_concurrent_requests": 1}}
	each(t, o, sdks, func(t *testing.T, r *rig.Rig, p program) {
		behind := count(t, r)
		told := p.play(t, behind.Rig, "both", first, second)
		told.Quiet(t)
		told.Whole(t, "t2").Says(t, rate, second)
		if n := behind.posts.Load(); n < 3 {
			t.Errorf("%d requests, want one more than texts", n)
		}
	})
}

// All vendors are lost in mid-speech. Who reads as it comes gets an error, and not a clean end; who waits for the whole asks again.
func TestAllVendorsAreLostInMidSpeech(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		r.BreakIn(t, "first", text, 5)
		r.Kill(t, "second")
		turn := p.play(t, r, "stream", text).Turn("")
		if turn.Ended || turn.Error == nil || len(turn.Audio) == 0 {
			t.Errorf("%d bytes, to its end: %v, error %+v", len(turn.Audio), turn.Ended, turn.Error)
		}
		if record := r.Records(t, 1)[0]; record.Outcome != "failed" {
			t.Errorf("recorded %+v", record)
		}
	})
}

// The SDK for Python asks up to twice more for a whole text that broke off. The records say for the how-manieth time.
func TestAnSDKThatWaitsForTheWholeAsksAgain(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	r.BreakIn(t, "first", text, 5)
	r.Kill(t, "second")
	if failed := sdkPython.play(t, r, "create", text).Failed(t, ""); failed.Type != "APIConnectionError" {
		t.Errorf("%+v", failed)
	}
	for i, record := range r.Records(t, 3) {
		if want := []string{"", "1", "2"}[i]; record.Outcome != "failed" || record.Metadata["client_retry"] != want {
			t.Errorf("recorded %+v, want try %q", record, want)
		}
	}
}

func TestSDKsListModels(t *testing.T) {
	each(t, rig.Options{}, sdks, func(t *testing.T, r *rig.Rig, p program) {
		told := p.play(t, r, "lists")
		notes := told.Notes()
		models, ok := notes[0].([]any)
		if !ok || !slices.Contains(models, any("default")) || !slices.Contains(models, any("untimed")) || notes[1] != "default" {
			t.Errorf("told %v", notes)
		}
		if failed := told.Failed(t, ""); failed.Status != 404 {
			t.Errorf("%+v", failed)
		}
	})
}
