package vogent

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

func TestVogentTimeShapes(t *testing.T) {
	words := []voice.WordTime{
		{Text: "Hello", End: 320 * time.Millisecond},
		{Text: "there", Start: 350 * time.Millisecond, End: 600 * time.Millisecond},
	}
	tests := map[string]string{ // by shape and unit: the contents of the messages
		"list s":    `[[{"end":0.32,"start":0,"word":"Hello"},{"end":0.6,"start":0.35,"word":"there"}]]`,
		"list ms":   `[[{"end":320,"start":0,"word":"Hello"},{"end":600,"start":350,"word":"there"}]]`,
		"long s":    `[[{"endTime":0.32,"startTime":0,"text":"Hello"},{"endTime":0.6,"startTime":0.35,"text":"there"}]]`,
		"named s":   `[[{"endMs":320,"startMs":0,"word":"Hello"},{"endMs":600,"startMs":350,"word":"there"}]]`,
		"arrays ms": `[{"end":[320,600],"start":[0,350],"words":["Hello","there"]}]`,
		"single s":  `[{"end":0.32,"start":0,"word":"Hello"},{"end":0.6,"start":0.35,"word":"there"}]`,
	}
	for name, want := range tests {
		var q quirks
		if _, err := fmt.Sscan(name, &q.timesShape, &q.timesUnit); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(times(q, words))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, want)
		}
		if got := times(q, nil); len(got) != 0 {
			t.Errorf("%s: got %v of no words", name, got)
		}
	}
}

// However the messages come, each word is told once, in order, and its times count from the generation's first sample
// though its sentences are spoken one by one.
func TestVogentTellsEachWordOnce(t *testing.T) {
	want := []string{"The", "quick", "brown", "fox", "Over", "a", "lazy", "dog", "near", "our", "house"}
	for _, first := range []bool{false, true} {
		for _, perChunk := range []bool{false, true} {
			t.Run(fmt.Sprint(first, perChunk), func(t *testing.T) {
				t.Parallel()
				c := talk(t, engine.Options{}, "timesField:words", "timesShape:list", "timesUnit:ms", "early:true", "defaultRate:24000",
					fmt.Sprintf("timesFirst:%t", first), fmt.Sprintf("timesPerChunk:%t", perChunk))
				c.send("g", "The quick brown fox. Over a lazy dog, ", false, engine.Object{"addWordTimestamps": true})
				c.send("g", "near our house.", true, nil)
				all := c.until("g")
				if isChunk := all[0]["type"] == "chunk"; isChunk == first {
					t.Errorf("begins with %v, want times first: %t", all[0]["type"], first)
				}
				length := float64(len(samples(t, all, "g"))) / 24 // ms
				if got := told(t, all, length); !slices.Equal(got, want) {
					t.Errorf("told of %q, want %q", got, want)
				}
			})
		}
	}
}

// told are the words of messages of the shape list in ms, whose times must follow each other within a length.
func told(t *testing.T, all []engine.Object, length float64) (words []string) {
	t.Helper()
	var at float64
	for _, o := range all {
		list, _ := o["words"].([]any)
		for _, entry := range list {
			w, _ := entry.(map[string]any)
			start, _ := w["start"].(float64)
			end, _ := w["end"].(float64)
			if start < at || end <= start || end > length+1 { // in whole ms
				t.Errorf("%v: from %v to %v ms, after %v, in %v ms of audio", w["word"], start, end, at, length)
			}
			at = end
			words = append(words, fmt.Sprint(w["word"]))
		}
	}
	return words
}
