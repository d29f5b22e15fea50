package audio_test

import (
	"testing"

	"voicerelay/audio"
)

func TestFormatTable(t *testing.T) {
	linear := map[int]bool{8000: true, 16000: true, 22050: true, 24000: true, 32000: true, 44100: true, 48000: true}
	for _, encoding := range append([]audio.Encoding{"", "aac", "PCM_S16LE", audio.MP3, audio.Opus, audio.FLAC}, audio.Encodings...) {
		for _, rate := range []int{-1, 0, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000} {
			want := false
			switch encoding {
			case audio.PCM16, audio.PCMF32, audio.WAV, audio.MP3, audio.FLAC:
				want = linear[rate]
			case audio.Opus:
				want = rate == 8000 || rate == 16000 || rate == 24000 || rate == 48000
			case audio.MuLaw, audio.ALaw:
				want = rate == 8000
			}
			if err := format(encoding, rate).Validate(); (err == nil) != want {
				t.Errorf("%q at %d: %v, want valid: %v", encoding, rate, err, want)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	pcm := func(rate int) audio.Format { return format(audio.PCM16, rate) }
	mulaw, alaw := format(audio.MuLaw, 8000), format(audio.ALaw, 8000)
	tests := []struct {
		name string
		want audio.Format
		have []audio.Format
		best audio.Format
	}{
		{"the same", pcm(16000), []audio.Format{pcm(24000), pcm(16000), pcm(8000)}, pcm(16000)},
		{"the same G.711", mulaw, []audio.Format{pcm(8000), pcm(24000), mulaw}, mulaw},
		{"WAV is PCM16", format(audio.WAV, 24000), []audio.Format{format(audio.PCMF32, 24000), pcm(24000)}, pcm(24000)},
		{"the same rate", pcm(24000), []audio.Format{pcm(48000), format(audio.PCMF32, 24000)}, format(audio.PCMF32, 24000)},
		{"the least that is enough", pcm(16000), []audio.Format{pcm(48000), pcm(8000), pcm(22050), pcm(24000)}, pcm(22050)},
		{"linear for the other law", alaw, []audio.Format{mulaw, pcm(24000)}, pcm(24000)},
		{"the most where none is enough", pcm(48000), []audio.Format{pcm(8000), pcm(24000), pcm(22050)}, pcm(24000)},
		{"linear among equals", pcm(24000), []audio.Format{mulaw, format(audio.PCMF32, 8000)}, format(audio.PCMF32, 8000)},
		{"the same encoding among equals", format(audio.PCMF32, 16000), []audio.Format{pcm(24000), format(audio.PCMF32, 24000)}, format(audio.PCMF32, 24000)},
		{"the earlier among equals", mulaw, []audio.Format{pcm(8000), format(audio.PCMF32, 8000)}, pcm(8000)},
		{"the earlier among the same samples", pcm(16000), []audio.Format{format(audio.WAV, 24000), pcm(24000)}, format(audio.WAV, 24000)},
		{"the earlier of two that fit", pcm(24000), []audio.Format{format(audio.WAV, 24000), pcm(24000)}, format(audio.WAV, 24000)},
		{"only G.711", pcm(24000), []audio.Format{mulaw, alaw}, mulaw},
		{"nothing", pcm(24000), nil, audio.Format{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := audio.Nearest(tt.want, tt.have); got != tt.best {
				t.Errorf("Nearest(%s, %v) = %s, want %s", tt.want, tt.have, got, tt.best)
			}
		})
	}
}
