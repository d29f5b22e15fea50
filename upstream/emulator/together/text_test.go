package together

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTogetherAppended(t *testing.T) {
	tests := map[string]struct {
		segment, buffer string
		partial         int
		items           []string
		rest            string
	}{
		"held":                   {"sentence", "And more", 250, nil, "And more"},
		"end of the text":        {"sentence", "Hello there.", 250, []string{"Hello there."}, ""},
		"two and a part":         {"sentence", "Hello! How are you? I", 250, []string{"Hello!", " How are you?"}, " I"},
		"no end in a number":     {"sentence", "It is 3.14 now", 250, nil, "It is 3.14 now"},
		"an ellipsis is one end": {"sentence", "Well... no", 250, []string{"Well..."}, " no"},
		"forced":                 {"sentence", "this goes on and on without", 20, []string{"this goes on and on"}, " without"},
		"just fits":              {"sentence", "twenty characters ok", 20, nil, "twenty characters ok"},
		"a long word":            {"sentence", "abcdefghij", 4, []string{"abcd", "efgh"}, "ij"},
		"code points":            {"sentence", "ääää ääää ä", 5, []string{"ääää", " ääää"}, " ä"},
		"a long sentence":        {"sentence", "this is whole though it is long.", 20, []string{"this is whole though it is long."}, ""},
		"immediate":              {"immediate", "and", 250, []string{"and"}, ""},
		"never":                  {"never", "Hello. And more", 5, nil, "Hello. And more"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			items, rest := quirks{}.appended(tt.buffer, settings{segment: tt.segment, partial: tt.partial})
			if !slices.Equal(items, tt.items) || rest != tt.rest {
				t.Errorf("got %q and %q, want %q and %q", items, rest, tt.items, tt.rest)
			}
		})
	}
}

// Whatever is appended and committed, in whatever pieces, every character but white space is in one item, in order.
func TestTogetherTextIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quirks := quirks{splitsCommits: rapid.Bool().Draw(t, "splits"), partialAlways: rapid.Bool().Draw(t, "always")}
		s := settings{
			segment: rapid.SampledFrom([]string{"sentence", "immediate", "never"}).Draw(t, "segment"),
			partial: rapid.IntRange(1, 12).Draw(t, "partial"),
		}
		texts := rapid.SliceOf(rapid.StringMatching(`[a-c.!? äß🎉\n]{0,12}`)).Draw(t, "texts")
		var items []string
		buffer := ""
		for _, text := range texts {
			var more []string
			more, buffer = quirks.appended(quirks.join(buffer, text), s)
			items = append(items, more...)
			if s.segment == "sentence" && len([]rune(buffer)) > s.partial {
				t.Errorf("%q waits, which is longer than %d", buffer, s.partial)
			}
		}
		items = append(items, quirks.committed(buffer, s)...)
		got := strings.Join(strings.Fields(strings.Join(items, "")), "")
		if want := strings.Join(strings.Fields(strings.Join(texts, "")), ""); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestTogetherJoin(t *testing.T) {
	for _, tt := range []struct {
		spaces             bool
		buffer, text, want string
	}{
		{false, "Hel", "lo", "Hello"},
		{true, "Hel", "lo", "Hel lo"},
		{true, "Hello", " there", "Hello there"},
		{true, "Hello ", "there", "Hello there"},
		{true, "", "there", "there"},
	} {
		if got := (quirks{joinsWithSpace: tt.spaces}).join(tt.buffer, tt.text); got != tt.want {
			t.Errorf("%q and %q: got %q, want %q", tt.buffer, tt.text, got, tt.want)
		}
	}
}

// The query and the message set the same parameters.
func TestTogetherSettings(t *testing.T) {
	query := url.Values{
		"model": {orpheusModel}, "voice": {"leah"}, "max_partial_length": {"80"}, "language": {"zh-hk"}, "response_format": {"wav"},
		"sample_rate": {"44100"}, "speed": {"1.25"}, "alignment": {"word"}, "segment": {"immediate"},
		"extra_params": {`{"pronunciation_dict":["omg/oh my god"]}`}, "unknown": {"x"},
	}
	message := `{"model":"canopylabs/orpheus-3b-0.1-ft","voice":"leah","max_partial_length":80,"language":"zh-hk","response_format":"wav",
		"sample_rate":44100,"speed":1.25,"alignment":"word","segment":"immediate","extra_params":{"pronunciation_dict":["omg/oh my god"]},"unknown":1}`
	want := settings{
		model: orpheusModel, voice: "leah", partial: 80, segment: "immediate", format: "wav", rate: 44100, speed: 1.25, wordTimes: true,
		pronunciations: []string{"omg/oh my god"},
	}
	byQuery, err := updateOf(query)
	if err != nil {
		t.Fatal(err)
	}
	var byMessage update
	if err := json.Unmarshal([]byte(message), &byMessage); err != nil {
		t.Fatal(err)
	}
	for name, update := range map[string]update{"query": byQuery, "message": byMessage} {
		if got, err := defaultSettings().with(update); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
	none := "none"
	if got, err := want.with(update{Alignment: &none}); err != nil || got.wordTimes || got.voice != "leah" {
		t.Errorf("got %+v, %v, want no word times, and the rest as it was", got, err)
	}
	if _, err := updateOf(url.Values{"speed": {"NaN"}}); err == nil {
		t.Error("a speed that is no number was taken")
	}
}
