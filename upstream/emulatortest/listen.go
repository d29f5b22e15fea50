package emulatortest

import (
	"slices"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

// Sentences are three pieces, of which no two have a word in common.
func Sentences() []string {
	return []string{"Our quick brown fox jumps.", "Over the lazy dog it goes,", "and home again!"}
}

// Text is all of the sentences.
func Text() string { return strings.Join(Sentences(), " ") }

// Words are those of the vocabulary that are heard, in linear audio or G.711.
func (r *Rig) Words(h upstreamtest.Heard, vocabulary []string) []string {
	r.Helper()
	if len(h.Audio) == 0 {
		return nil
	}
	conv, err := audio.NewConverter(h.Format, audio.Format{Encoding: audio.PCM16, Rate: h.Format.Rate})
	if err != nil {
		r.Fatal(err)
	}
	raw := conv.Flush(conv.Convert(nil, h.Audio))
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
	}
	words, err := voice.Decode(pcm, h.Format.Rate, vocabulary)
	if err != nil {
		r.Error(err)
	}
	return words
}

// WantWords checks that a text's words are heard, all of them and in order.
func (r *Rig) WantWords(h upstreamtest.Heard, text string) {
	r.Helper()
	want := voice.Words(text)
	if got := r.Words(h, want); h.Err != nil || !slices.Equal(got, want) {
		r.Errorf("heard %q, End: %v\nwant %q", got, h.Err, want)
	}
}

// WantPieces checks that the pieces have ended, each of them and in order.
func (r *Rig) WantPieces(h upstreamtest.Heard, n int) {
	r.Helper()
	for i := range n {
		if len(h.Pieces) != n || h.Pieces[i] != i {
			r.Errorf("got piece ends %v, want all %d", h.Pieces, n)
			return
		}
	}
}

// WantTimes checks that there is a time for each word of the pieces, and that one hears it then.
func (r *Rig) WantTimes(h upstreamtest.Heard, texts ...string) {
	r.Helper()
	var told []string
	for _, w := range h.Words {
		told = append(told, voice.Words(w.Text)...)
	}
	if want := voice.Words(strings.Join(texts, " ")); !slices.Equal(told, want) || len(h.Words) != len(want) {
		r.Errorf("got %d times, of %q\nwant those of %q", len(h.Words), told, want)
	}
	r.WantSpans(h, texts...)
}

// WantSpans checks that at the times that were told, if not of all words, one hears the word, which is of its piece.
func (r *Rig) WantSpans(h upstreamtest.Heard, texts ...string) {
	r.Helper()
	all := voice.Words(strings.Join(texts, " "))
	for _, w := range h.Words {
		want := voice.Words(w.Text)
		if got := r.Words(between(h, w.Start, w.End), all); len(want) == 0 || !slices.Equal(got, want) {
			r.Errorf("at the times of %q (piece %d, %v to %v) one hears %q", w.Text, w.Piece, w.Start, w.End, got)
		}
		if w.Piece >= len(texts) || len(want) > 0 && !slices.Contains(voice.Words(texts[w.Piece]), want[0]) {
			r.Errorf("%q is said to be of piece %d", w.Text, w.Piece)
		}
	}
}

// between is what was heard between two times and a little around them; nothing where they lie beyond all audio.
func between(h upstreamtest.Heard, start, end time.Duration) upstreamtest.Heard {
	const margin = 10 * time.Millisecond
	size := h.Format.BytesPerSample()
	from := size * int(audio.Samples(max(start-margin, 0), h.Format.Rate))
	to := min(size*int(audio.Samples(end+margin, h.Format.Rate)), len(h.Audio))
	return upstreamtest.Heard{Format: h.Format, Audio: h.Audio[min(from, to):to]}
}

// WantWhole checks all of a speech of the sentences but its times, of a vendor that tells no charge.
func (r *Rig) WantWhole(h upstreamtest.Heard, output audio.Format, formats ...audio.Format) {
	r.Helper()
	r.WantWords(h, Text())
	r.WantPieces(h, len(Sentences()))
	r.WantFormat(h, output, formats...)
	if h.Usage.Charge.Known() {
		r.Errorf("got charge %+v of a vendor that tells none", h.Usage.Charge)
	}
}

// WantFormat checks that the audio is in that one of the vendor's formats which is nearest to what was asked for.
func (r *Rig) WantFormat(h upstreamtest.Heard, output audio.Format, formats ...audio.Format) {
	r.Helper()
	if h.Format != audio.Nearest(output, formats) {
		r.Errorf("got %v, want the nearest to %v", h.Format, output)
	}
}
