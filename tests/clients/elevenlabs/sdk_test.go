package elevenlabs_test

import (
	"fmt"
	"strings"
	"testing"

	"voicerelay/tests/clients/rig"
)

// sdks are the vendor's own.
var sdks = map[string]program{
	"python": func(r *rig.Rig, t *testing.T, args ...string) *rig.Told { return r.Python(t, "sdk.py", args...) },
	"node":   func(r *rig.Rig, t *testing.T, args ...string) *rig.Told { return r.Node(t, "sdk.mjs", args...) },
}

func inEachSDK(t *testing.T, test func(t *testing.T, run program)) {
	for name, run := range sdks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, run)
		})
	}
}

func TestSDKsSpeak(t *testing.T) {
	inEachSDK(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		for _, story := range []string{"convert", "stream", "stream_timed", "convert_timed"} {
			told := run(r, t, story, text)
			told.Quiet(t)
			turn := told.Only(t)
			turn.Says(t, rate, text)
			if strings.HasSuffix(story, "_timed") {
				turn.Timed(t, rate, text)
				if got := strings.TrimSpace(transcript(turn)); got != text {
					t.Errorf("%s: the transcript is %q, want %q", story, got, text)
				}
			}
		}
		for _, record := range r.Records(t, 4) {
			if record.Outcome != "completed" || record.Metadata["dialect"] != "elevenlabs" {
				t.Errorf("recorded %+v", record)
			}
		}
	})
}

func TestSDKsUsualFormat(t *testing.T) {
	inEachSDK(t, func(t *testing.T, run program) {
		told := run(rig.Start(t, rig.Options{}), t, "usual", text)
		told.Quiet(t)
		told.Only(t).Samples(t, rate).Says(t, rate, text)
	})
}

func TestSDKsCompressedFormats(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	for _, format := range []string{"mp3_22050_32", "opus_48000_64"} {
		told := r.Python(t, "sdk.py", "convert", text, "prefix", format)
		told.Quiet(t)
		told.Only(t).Samples(t, rate).Says(t, rate, text)
	}
}

func TestSDKAtTheRoot(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	told := r.Python(t, "sdk.py", "convert", text, "root")
	told.Quiet(t)
	told.Only(t).Says(t, rate, text)
}

// The SDK opens a WebSocket by wss alone, and takes nothing but the close 1000 for a good end.
func TestSDKSpeaksInRealTime(t *testing.T) {
	r := rig.Start(t, rig.Options{TLS: true})
	told := r.Python(t, "sdk.py", "realtime", text)
	told.Quiet(t)
	told.Only(t).Says(t, rate, text)
	if failed := r.As("sk-wrong-and-long-enough").Python(t, "sdk.py", "realtime", text).Failed(t, ""); !strings.Contains(failed.Message, "401") {
		t.Errorf("a wrong key: %+v, want 401", failed)
	}
	if failed := r.Python(t, "sdk.py", "realtime", text, "nobody").Failed(t, ""); !strings.Contains(failed.Message, "404") {
		t.Errorf("an unknown voice: %+v, want 404", failed)
	}
}

func TestSDKInRealTimeIsToldWhereAllVendorsAreGone(t *testing.T) {
	r := rig.Start(t, rig.Options{TLS: true})
	r.KillAll(t)
	if failed := r.Python(t, "sdk.py", "realtime", text).Failed(t, ""); failed.Type != "ApiError" {
		t.Errorf("failed with %+v", failed)
	}
}

func TestSDKsList(t *testing.T) {
	inEachSDK(t, func(t *testing.T, run program) {
		told := run(rig.Start(t, rig.Options{}), t, "lists")
		told.Quiet(t)
		want := []string{
			"[[actor actor premade] [narrator narrator premade]]", "[actor narrator]",
			"[[default true] [first true] [second true] [untimed true]]", "active", "relay",
		}
		for i, note := range told.Notes() {
			if got := fmt.Sprint(note); got != want[i] {
				t.Errorf("note %d is %s, want %s", i, got, want[i])
			}
		}
	})
}

func TestSDKsAreToldOfRefusals(t *testing.T) {
	inEachSDK(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{})
		told := run(r, t, "refusals", text)
		for id, want := range map[string]struct {
			status int
			says   string
		}{"voice": {404, "voice_not_found"}, "format": {400, "pcm_24000"}, "model": {404, "model_not_found"}} {
			if failed := told.Failed(t, id); failed.Status != want.status || !strings.Contains(failed.Message, want.says) {
				t.Errorf("%s: %+v, want %+v", id, failed, want)
			}
		}
		if failed := run(r.As("sk-wrong-and-long-enough"), t, "stream", text).Failed(t, ""); failed.Status != 401 || !strings.Contains(failed.Message, "invalid_api_key") {
			t.Errorf("a wrong key: %+v, want 401", failed)
		}
	})
}

func TestSDKsNoticeNoFailover(t *testing.T) {
	inEachSDK(t, func(t *testing.T, run program) {
		for _, story := range []string{"stream", "stream_timed", "convert_timed"} {
			r := rig.Start(t, rig.Options{})
			r.BreakIn(t, "first", text, 3)
			told := run(r, t, story, text)
			r.Takeover(told, "", rate, text, strings.HasSuffix(story, "_timed")).Unnoticed(t)
		}
	})
}

// The one for Python raises a refusal for now at once. The one for JavaScript asks again when it may.
func TestSDKsAndTooManyRequests(t *testing.T) {
	t.Parallel() // it waits for a minute
	inEachSDK(t, func(t *testing.T, run program) {
		r := rig.Start(t, rig.Options{Limits: map[string]any{"http_generations_per_minute": 1}})
		run(r, t, "stream", another).Only(t).Says(t, rate, another)
		if strings.HasSuffix(t.Name(), "node") {
			if testing.Short() {
				t.Skip("it takes a minute")
			}
			run(r, t, "stream", another).Only(t).Says(t, rate, another)
			return
		}
		if failed := run(r, t, "stream", another).Failed(t, ""); failed.Status != 429 {
			t.Errorf("failed with %+v, want 429", failed)
		}
	})
}
