package codec

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"voicerelay/audio"
)

func TestWithoutProgramsThereIsFLAC(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	set, failed := New(t.Context(), DefaultConfig())
	if len(failed) > 0 {
		t.Error(failed)
	}
	closing(t, set)
	for _, s := range []*Set{set, nil} {
		if got := s.Formats(); !slices.Equal(got, []audio.Encoding{audio.FLAC}) {
			t.Errorf("got %v", got)
		}
		_, err := s.Open(t.Context(), Format{Format: audio.Format{Encoding: audio.Opus, Rate: 24000}})
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "ffmpeg or opusenc") || !strings.Contains(err.Error(), "encoders.opus") {
			t.Errorf("got %v, which does not say what it takes", err)
		}
		if got := s.Summary(); got != "flac built in, mp3 none, opus none" {
			t.Errorf("got %q", got)
		}
	}
}

// What is configured counts, also where something else is installed; if it does not work, that is told.
func TestAProgramThatDoesNotWorkIsLeftOut(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MP3.Command = []string{"false"}
	cfg.Opus.Command = []string{"sh", "-c", "cat >/dev/null; printf opus"}
	set, failed := New(t.Context(), cfg)
	closing(t, set)
	if len(failed) != 1 || !strings.HasPrefix(failed[0].Error(), "encoder of mp3: false: ") {
		t.Errorf("got %v, want that false does not work", failed)
	}
	if got := set.Formats(); !slices.Equal(got, []audio.Encoding{audio.FLAC, audio.Opus}) {
		t.Errorf("got %v", got)
	}
}

func TestFormatsThatAreNoneAreRefused(t *testing.T) {
	var set *Set
	for _, f := range []Format{
		{Format: audio.Format{Encoding: audio.PCM16, Rate: 24000}},
		{Format: audio.Format{Encoding: audio.FLAC, Rate: 11025}},
		{Format: audio.Format{Encoding: audio.Opus, Rate: 44100}},
		{Format: audio.Format{Encoding: audio.MP3, Rate: 24000}, Kbps: 192},
		{Format: audio.Format{Encoding: audio.MP3, Rate: 44100}, Kbps: 8},
	} {
		if _, err := set.Open(t.Context(), f); err == nil || errors.Is(err, ErrMissing) {
			t.Errorf("%v: got %v", f, err)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"nothing":          {func(*Config) {}, ""},
		"marks":            {func(c *Config) { c.MP3.Command = []string{"x", "-r", "{rate}", "{kbps}k", "{}"} }, ""},
		"an empty list":    {func(c *Config) { c.Opus.Command = []string{} }, "opus.command"},
		"an empty program": {func(c *Config) { c.Opus.Command = []string{""} }, "opus.command"},
		"an unknown mark":  {func(c *Config) { c.MP3.Command = []string{"x", "{bitrate}"} }, "mp3.command"},
		"a mark for one":   {func(c *Config) { c.MP3.Command = []string{"{rate}"} }, "mp3.command"},
		"none may run":     {func(c *Config) { c.MP3.MaxRunning = 0 }, "mp3.max_running"},
		"too many":         {func(c *Config) { c.Opus.MaxRunning = 1 << 20 }, "opus.max_running"},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		var got []string
		cfg.Validate(func(field, _ string) { got = append(got, field) })
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if same := cfg.Equal(DefaultConfig()); same != (name == "nothing") {
			t.Errorf("%s: the same as the defaults: %v", name, same)
		}
	}
}
