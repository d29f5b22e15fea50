package tests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// Each fault of a vendor before its audio, and the code of the attempt that met it.
var faultsBeforeAudio = map[string]string{
	"refuse":                     "connect_failed",
	"close:4000":                 "upstream_error",
	"close:4001":                 "auth_failed",
	"close:4003":                 "no_credit",
	"close:4029":                 "throttled",
	"close:4500":                 "upstream_error",
	"close:1012":                 "dropped",
	"close:1013":                 "connect_failed",
	"error:VALIDATION_ERROR":     "rejected",
	"error:NOT_FOUND":            "rejected",
	"error:UNAUTHORIZED":         "auth_failed",
	"error:INSUFFICIENT_CREDITS": "no_credit",
	"error:RATE_LIMITED":         "throttled",
	"error:INTERNAL_ERROR":       "upstream_error",
	"error:MODEL_UNAVAILABLE":    "upstream_error",
	"garbage":                    "garbled",
	"drop":                       "dropped",
	"empty":                      "no_audio",
	"stall":                      "first_audio_timeout",
}

// breakdown is a relay with a provider for each fault and one that is well; the routes are named after the faults.
func breakdown(t *testing.T, faults []string) *relay {
	t.Helper()
	well := emulate(t, emulator.Options{})
	vendors := map[string]*vendor{"well": well}
	names := []string{"well"}
	for i, fault := range faults {
		name := fmt.Sprint("ill", i)
		vendors[name] = faulty(t, fault, emulator.Options{})
		names = append(names, name)
	}
	cfg := speaksBy(names, vendors)
	cfg.Routes["default"] = cfg.Routes["well"] // a route has sixteen targets at most
	for i, fault := range faults {
		r := route{StallTimeout: "20s", FirstAudioTimeout: "20s", HedgeAfter: "0s"} // each attempt to its own end
		if fault == "stall" {
			r.FirstAudioTimeout = "2s" // the other target has no more, on a loaded machine too
		}
		ill := target{fmt.Sprint("ill", i), "kugel-3"}
		r.Targets = []target{ill, {"well", "kugel-3"}}
		cfg.Routes[fmt.Sprint("two", i)] = r
		r.Targets = []target{ill}
		cfg.Routes[fmt.Sprint("one", i)] = r
	}
	return serve(t, cfg)
}

func TestTheNextTargetSpeaksWhereTheFirstFailsBeforeAudio(t *testing.T) {
	t.Parallel()
	faults := slices.Sorted(maps.Keys(faultsBeforeAudio))
	r := breakdown(t, faults)
	for i, fault := range faults {
		t.Run(fault, func(t *testing.T) {
			c := r.dial(t)
			id := fmt.Sprint("g", i)
			c.send(j{"type": "generate", "generation_id": id, "text": twelve, "route": fmt.Sprint("two", i)})
			m := c.completed(id)
			c.speaks(id, twelve)
			if s := c.started(id); s.Provider != "well" {
				t.Errorf("started by %s, want well", s.Provider)
			}
			got := m.Usage.Attempts
			wantOutcomes(t, got, fmt.Sprintf("ill%d failed %s", i, faultsBeforeAudio[fault]), "well completed")
			same(t, "audio of the first attempt", got[0].AudioMS, 0)
			if a := got[0]; fault == "refuse" && (a.Requests != 0 || a.Characters != 0) ||
				strings.HasPrefix(fault, "error:") && (a.Requests != 1 || a.Characters != len(twelve)) {
				t.Errorf("the first attempt counts %d requests, %d characters", a.Requests, a.Characters)
			}
			same(t, "characters of the second attempt", got[1].Characters, len(twelve))
			same(t, "requests of the second attempt", got[1].Requests, 1)
			if got[1].AudioMS < m.Usage.AudioMS {
				t.Errorf("the second attempt has %d ms of the %d that were heard", got[1].AudioMS, m.Usage.AudioMS)
			}
		})
	}
}

// Where every target fails, done says with what.
func TestAGenerationFailsWhenEveryTargetHasFailed(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]string{
		"refuse": "upstream_failed", "stall": "upstream_timeout", "error:VALIDATION_ERROR": "upstream_rejected",
		"error:INTERNAL_ERROR": "upstream_failed", "empty": "upstream_failed", "error:RATE_LIMITED": "upstream_failed",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			r := breakdown(t, []string{fault})
			c := r.dial(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": twelve, "route": "one0"})
			m := c.failure("g", want)
			if n := len(m.Usage.Attempts); n != 1 {
				t.Errorf("%d attempts, want 1", n)
			}
			if got := c.about("g"); len(got) != 2 {
				t.Errorf("want accepted and done alone: %v", got)
			}
			c.send(j{"type": "generate", "generation_id": "next", "text": twelve, "route": "well"})
			c.completed("next")
		})
	}
}

// Where no other target could take over, a fault after audio ends the generation, and says so.
func TestAFaultAfterAudioFailsWithoutABackup(t *testing.T) {
	t.Parallel()
	for fault, code := range map[string]string{
		"drop:600ms": "dropped", "stall:600ms": "stalled", "error:600ms": "upstream_error", "garbage:600ms": "garbled",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			cfg := speaksByOne(faulty(t, fault, emulator.Options{})).amend("default", func(r *route) { r.StallTimeout = "500ms" })
			c := serve(t, cfg).dial(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
			m := c.done("g")
			if m.Reason != "failed" || m.Usage.AudioMS == 0 {
				t.Fatalf("done %s after %d ms of audio, want failed after some", m.Reason, m.Usage.AudioMS)
			}
			if a := m.Usage.Attempts[0]; a.Outcome != "failed" || a.Code != code {
				t.Errorf("attempt %+v, want failed with %s", a, code)
			}
			if m.Spoken.Char == 0 || m.Spoken.Char >= len(threeSentences) {
				t.Errorf("spoken up to %d of %d after %d ms", m.Spoken.Char, len(threeSentences), m.Usage.AudioMS)
			}
		})
	}
}

func TestSomeFaultsLeaveSpeechWhole(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"odd_chunks", "slow", "late:300ms"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			c := serve(t, speaksByOne(faulty(t, fault, emulator.Options{}))).dial(t)
			for _, encoding := range []string{"pcm_s16le", "pcm_f32le"} {
				c.send(j{"type": "generate", "generation_id": encoding, "text": twelve, "output": j{"encoding": encoding}})
				c.completed(encoding)
				c.speaks(encoding, twelve)
			}
		})
	}
}

func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	vendors := map[string]*vendor{}
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		vendors[name] = faulty(t, "error:INTERNAL_ERROR", emulator.Options{})
	}
	cfg := speaksBy(names, vendors).amend("default", func(r *route) { r.MaxAttempts = 3 })
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	if got := c.failure("g", "upstream_failed").Usage.Attempts; len(got) != 3 {
		t.Errorf("%d attempts, want 3", len(got))
	}
}

func TestRoutesAndRawTargets(t *testing.T) {
	t.Parallel()
	a, b := emulate(t, emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksBy([]string{"a", "b"}, map[string]*vendor{"a": a, "b": b})
	cfg.Voices["guide"] = alias{Language: "en", IDs: map[string]string{"b": "1072"}}
	c := serve(t, cfg).dial(t)
	for i, tt := range []struct {
		fields                         j
		provider, model, voice, native string
	}{
		{j{}, "a", "kugel-3", "narrator", "1071"},
		{j{"route": "b"}, "b", "kugel-3", "narrator", "1071"},
		{j{"voice": "guide"}, "b", "kugel-3", "guide", "1072"},
		{j{"voice": "b/1073"}, "b", "kugel-3", "b/1073", "1073"},
		{j{"route": "b/kugel-2.5"}, "b", "kugel-2.5", "guide", "1072"}, // the first that fits
		{j{"route": "b/kugel-1", "voice": "b/1073"}, "b", "kugel-1", "b/1073", "1073"},
	} {
		id := fmt.Sprint("g", i)
		cmd := j{"type": "generate", "generation_id": id, "text": "lazy dog."}
		maps.Copy(cmd, tt.fields)
		c.send(cmd)
		m := c.started(id)
		c.completed(id)
		same(t, fmt.Sprintf("%v: provider", tt.fields), m.Provider, tt.provider)
		same(t, fmt.Sprintf("%v: model", tt.fields), value(m.Model), tt.model)
		same(t, fmt.Sprintf("%v: the provider's voice", tt.fields), m.ProviderVoice, tt.native)
		same(t, fmt.Sprintf("%v: voice", tt.fields), m.Voice, tt.voice)
	}
	for field, value := range map[string]string{"voice": "nobody", "route": "nowhere"} {
		mark := c.mark()
		c.send(j{"type": "generate", "generation_id": "x-" + field, "text": "hi", field: value})
		if m := c.refusal(mark, "unknown_"+field); m.Param != field {
			t.Errorf("unknown %s: param %q", field, m.Param)
		}
	}
}

// What a vendor can't honour as asked stands in `ignored`; the rest of the request is honoured.
func TestIgnoredOptions(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for i, tt := range []struct {
		speed float64
		want  []string
	}{{1, []string{}}, {0.8, []string{}}, {1.2, []string{}}, {0.5, []string{"speed"}}, {2, []string{"speed"}}} {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": twelve, "speed": tt.speed, "language": "en", "word_timestamps": true})
		c.completed(id)
		c.speaks(id, twelve)
		if got := c.started(id).Ignored; !slices.Equal(got, tt.want) {
			t.Errorf("speed %v: ignored %q, want %q", tt.speed, got, tt.want)
		}
	}
}
