package downstream

import "testing"

// Phrases that come without a space between them are kept apart, where their script parts words.
func TestPhrasesAreKeptApart(t *testing.T) {
	for _, tt := range []struct {
		pieces []string
		want   string
	}{
		{[]string{"Hello friend.", "How are you?"}, "Hello friend. How are you?"},
		{[]string{"Hello friend. ", "How are you?"}, "Hello friend. How are you?"},
		{[]string{"Hello friend.", " How are you?"}, "Hello friend. How are you?"},
		{[]string{"", "Hello.", "", "You."}, "Hello. You."},
		{[]string{"你好。", "世界。"}, "你好。世界。"},
		{[]string{"안녕.", "세계."}, "안녕. 세계."},
	} {
		var p Phrases
		got := ""
		for _, piece := range tt.pieces {
			got += p.Join(piece)
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.pieces, got, tt.want)
		}
	}
}
