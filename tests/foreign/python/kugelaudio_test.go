package python_test

import (
	"math"
	"slices"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

const kugelRate = 24000 // hertz, of what is not asked for otherwise

// kugelKinds are the names by which KugelAudio's messages are known, as none has a type.
var kugelKinds = []string{
	"audio", "word_timestamps", "generation_started", "chunk_complete", "final", "session_closed", "interrupted",
	"context_created", "context_closed", "error",
}

func TestKugelAudioSpeaksItsSample(t *testing.T) {
	const text = "Hello, this is streaming audio."
	_, base := start(t, "kugelaudio", emulator.Options{})
	dir, all := play(t, "kugelaudio.py", base, key, "speak")
	got := messages(all, "", "")
	if kinds, want := kinds(got, kugelKinds...), []string{"audio", "word_timestamps", "final"}; !slices.Equal(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
	data := saved(t, dir, "output.pcm")
	says(t, data, kugelRate, text)

	idx, samples := 0, 0.0
	for _, m := range got {
		if m["audio"] == nil {
			continue
		}
		if m["idx"] != float64(idx) || m["enc"] != "pcm_s16le" || m["sr"] != float64(kugelRate) {
			t.Errorf("chunk %d: idx %v, enc %v, sr %v", idx, m["idx"], m["enc"], m["sr"])
		}
		samples += m["samples"].(float64)
		idx++
	}
	final := got[len(got)-1]
	if final["chunks"] != float64(idx) || final["total_samples"] != samples || int(samples)*2 != len(data) {
		t.Errorf("%d chunks of %v samples in %d bytes, final says %v of %v", idx, samples, len(data), final["chunks"], final["total_samples"])
	}
	usage, _ := final["usage"].(map[string]any)
	cents, _ := usage["cost_cents"].(float64)
	seconds, _ := usage["audio_seconds"].(float64)
	if math.Abs(seconds-samples/kugelRate) > 0.01 || math.Abs(cents-0.09*seconds) > 0.001 { // as the vendor's examples reckon
		t.Errorf("%v samples are %v s at %v cents", samples, seconds, cents)
	}
	if usage["characters"] != float64(len(text)) || usage["currency"] != "eur" || usage["model_id"] != "kugel-3" {
		t.Errorf("usage is %v", usage)
	}
}

func TestKugelAudioTakesTurnsAndIsInterrupted(t *testing.T) {
	// The second turn lasts for two seconds at least, so that the caller comes in time to interrupt it.
	server, base := start(t, "kugelaudio", emulator.Options{Pace: 2})
	dir, all := play(t, "kugelaudio.py", base, key, "turns")
	says(t, saved(t, dir, "first.pcm"), kugelRate, "One two three. Four five six.")
	says(t, saved(t, dir, "third.pcm"), kugelRate, "Thirteen fourteen fifteen.")
	const second = "Seven eight nine. Ten eleven twelve."
	if got, whole := words(t, saved(t, dir, "second.pcm"), kugelRate, second), voice.Words(second); len(got) >= len(whole) {
		t.Errorf("heard %q of the turn that was interrupted", got)
	}
	ends := slices.DeleteFunc(kinds(messages(all, "", ""), kugelKinds...), func(kind string) bool {
		return !slices.Contains([]string{"final", "session_closed", "interrupted", "error"}, kind)
	})
	if want := []string{"final", "session_closed", "interrupted", "final", "session_closed"}; !slices.Equal(ends, want) {
		t.Errorf("the turns ended with %v, want %v", ends, want)
	}
	if got := len(server.Stats().Cancels); got != 1 {
		t.Errorf("%d cancels were seen, want one", got)
	}
}

func TestKugelAudioSpeaksInTwoContexts(t *testing.T) {
	server, base := start(t, "kugelaudio", emulator.Options{Pace: 8})
	dir, all := play(t, "kugelaudio.py", base, key, "contexts")
	for context, text := range map[string]string{
		"c1": "One two three. Four five six.", "c2": "Seven eight nine. Ten eleven twelve.",
	} {
		says(t, saved(t, dir, context+".pcm"), kugelRate, text)
		got := kinds(messages(all, "context_id", context), kugelKinds...)
		if got[0] != "context_created" || got[len(got)-1] != "context_closed" || slices.Contains(got, "error") {
			t.Errorf("%s: got %v", context, got)
		}
	}
	if got := server.Stats(); got.Sockets != 1 || got.MaxOpenContexts != 2 {
		t.Errorf("got %d contexts on %d sockets", got.MaxOpenContexts, got.Sockets)
	}
}
