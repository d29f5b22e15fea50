package tone

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// recorder keeps what a stream delivers, with the time since it began.
type recorder struct {
	began  time.Time
	audio  []byte
	frames []int
	at     []time.Duration
	words  []upstream.Word
	pieces []int
	err    error
	usage  upstream.Usage
	ended  chan struct{}
}

func newRecorder() *recorder { return &recorder{began: time.Now(), ended: make(chan struct{})} }

func (r *recorder) Audio(f upstream.Frame) {
	raw := f.Raw
	if f.Base64 != nil {
		raw, _ = base64.StdEncoding.AppendDecode(nil, f.Base64)
	}
	r.audio = append(r.audio, raw...)
	r.frames = append(r.frames, len(raw))
	r.at = append(r.at, time.Since(r.began))
}
func (r *recorder) Words(ws []upstream.Word) { r.words = append(r.words, ws...) }
func (r *recorder) Withheld(int)             {}
func (r *recorder) PieceEnd(id int)          { r.pieces = append(r.pieces, id) }
func (r *recorder) End(u upstream.Usage, err error) {
	r.usage, r.err = u, err
	close(r.ended)
}

// say speaks pieces to their end and closes everything.
func say(t *testing.T, cfg Config, req upstream.Request, texts ...string) *recorder {
	t.Helper()
	p := New(cfg, upstream.Env{})
	r := newRecorder()
	s, err := p.Open(t.Context(), req, r)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	for i, text := range texts {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text, Last: i == len(texts)-1}); err != nil {
			t.Fatalf("Speak: %v", err)
		}
	}
	<-r.ended
	if err := s.Close(t.Context(), nil); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatalf("Provider.Close: %v", err)
	}
	return r
}

var request = upstream.Request{ID: "r", Speed: 1, Output: audio.Format{Encoding: audio.PCM16, Rate: 24000}}

func TestAudioIsThatOfTheText(t *testing.T) {
	r := say(t, Config{}, request, "Hello, world.", "More!")
	want := audio.Samples(Duration("Hello, world.", 1), 24000) + audio.Samples(Duration("More!", 1), 24000)
	if got := int64(len(r.audio) / 2); got != want {
		t.Errorf("got %d samples, want %d", got, want)
	}
	if !slices.Equal(r.pieces, []int{0, 1}) || r.err != nil {
		t.Errorf("got piece ends %v and error %v, want [0 1] and none", r.pieces, r.err)
	}
	var texts []string
	for _, w := range r.words {
		texts = append(texts, w.Text)
		if got := heard(r.audio, w); math.Abs(got-Pitch(w.Text)) > 8 {
			t.Errorf("%q: heard %.0f Hz between its times, want %.0f", w.Text, got, Pitch(w.Text))
		}
	}
	if want := []string{"Hello", "world", "More"}; !slices.Equal(texts, want) {
		t.Errorf("got words %q, want %q", texts, want)
	}
	if r.words[2].Piece != 1 {
		t.Errorf("%q is of piece %d, want 1", "More", r.words[2].Piece)
	}
}

// heard is the frequency within a word's times, by counting zero crossings.
func heard(pcm []byte, w upstream.Word) float64 {
	from, to := int(audio.Samples(w.Start, 24000)), int(audio.Samples(w.End, 24000))
	crossings := 0
	previous := int16(0)
	for i := from; i < to; i++ {
		v := int16(uint16(pcm[2*i]) | uint16(pcm[2*i+1])<<8)
		if previous < 0 && v >= 0 {
			crossings++
		}
		previous = v
	}
	return float64(crossings) / (w.End - w.Start).Seconds()
}

func TestSpeedShortens(t *testing.T) {
	fast := request
	fast.Speed = 2
	r := say(t, Config{}, fast, "One two three")
	want := audio.Samples(Duration("One two three", 1)/2, 24000)
	if got := int64(len(r.audio) / 2); got != want {
		t.Errorf("got %d samples at speed 2, want %d", got, want)
	}
}

func TestChunkingChangesNoSample(t *testing.T) {
	whole := say(t, Config{Chunk: time.Minute}, request, "One two three")
	for name, cfg := range map[string]Config{
		"odd":    {OddChunks: true, Chunk: 50 * time.Millisecond},
		"base64": {Base64: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := say(t, cfg, request, "One two three")
			if !bytes.Equal(r.audio, whole.audio) {
				t.Error("audio differs from that sent in one frame")
			}
			if cfg.OddChunks && r.frames[0]%2 == 0 {
				t.Errorf("first frame has %d bytes, want an odd number", r.frames[0])
			}
		})
	}
}

func TestLatencyAndPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := say(t, Config{Latency: 300 * time.Millisecond, Pace: 2, Chunk: 100 * time.Millisecond}, request, "abcdefgh")
		for i, got := range r.at {
			if want := 300*time.Millisecond + time.Duration(i)*50*time.Millisecond; got != want {
				t.Errorf("frame %d came after %v, want %v", i, got, want)
			}
		}
	})
}

func TestAbilitiesCanBeTakenAway(t *testing.T) {
	r := say(t, Config{NoWords: true, NoPieceEnds: true, Charge: "0.18"}, request, "Hello")
	if len(r.words)+len(r.pieces) != 0 {
		t.Errorf("got words %v and piece ends %v, want none", r.words, r.pieces)
	}
	if want := (upstream.Charge{Decimal: "0.18", Currency: "EUR"}); r.usage.Charge != want {
		t.Errorf("got charge %+v, want %+v", r.usage.Charge, want)
	}
	caps := New(Config{NoWords: true, NoPieceEnds: true}, upstream.Env{}).Capabilities()
	if caps.WordTimes != upstream.WordTimesNone || caps.PieceEnds != upstream.PieceEndsNone || caps.Cost {
		t.Errorf("capabilities still say %+v", caps)
	}
}

func TestFaults(t *testing.T) {
	t.Run("dropped after 200 ms", func(t *testing.T) {
		r := say(t, Config{Fault: Fault{Kind: upstream.Dropped, After: 200 * time.Millisecond}}, request, "Hello world")
		if upstream.KindOf(r.err) != upstream.Dropped || len(r.audio) != 9600 {
			t.Errorf("got %v after %d bytes, want dropped after 9600", r.err, len(r.audio))
		}
	})
	t.Run("no audio is a normal end", func(t *testing.T) {
		r := say(t, Config{Fault: Fault{Kind: upstream.NoAudio}}, request, "Hello world")
		if r.err != nil || len(r.audio) != 0 {
			t.Errorf("got %v after %d bytes, want nil after none", r.err, len(r.audio))
		}
	})
	t.Run("refused", func(t *testing.T) {
		_, err := New(Config{Fault: Fault{Kind: upstream.AuthFailed}}, upstream.Env{}).Open(t.Context(), request, newRecorder())
		if upstream.KindOf(err) != upstream.AuthFailed {
			t.Errorf("got %v, want auth_failed", err)
		}
	})
	t.Run("stalled until closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRecorder()
			s, _ := New(Config{Fault: Fault{Kind: upstream.Stalled}}, upstream.Env{}).Open(t.Context(), request, r)
			if err := s.Speak(t.Context(), upstream.Piece{Text: "Hello", Last: true}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			cause := errors.New("gave up")
			_ = s.Close(t.Context(), cause) // never fails
			if !errors.Is(r.err, cause) || len(r.audio) != 0 {
				t.Errorf("got %v and %d bytes, want the cause and none", r.err, len(r.audio))
			}
		})
	})
}

func TestStreamsAreBounded(t *testing.T) {
	p := New(Config{Streams: 1}, upstream.Env{})
	s, err := p.Open(t.Context(), request, newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(t.Context(), request, newRecorder()); upstream.KindOf(err) != upstream.Throttled {
		t.Errorf("second stream: got %v, want throttled", err)
	}
	_ = s.Close(context.Background(), nil) // never fails
	again, err := p.Open(t.Context(), request, newRecorder())
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	_ = again.Close(context.Background(), nil) // never fails
	if got := p.Stats(); got.Open != 0 || got.Opened != 2 || got.Stopped != 2 {
		t.Errorf("got %+v, want none open, two opened and stopped", got)
	}
}

func TestOptions(t *testing.T) {
	p := New(Config{}, upstream.Env{})
	if _, err := p.ParseOptions(json.RawMessage(`{}`)); err != nil {
		t.Errorf("empty object: %v", err)
	}
	var option *upstream.OptionError
	if _, err := p.ParseOptions(json.RawMessage(`{"volume":1}`)); !errors.As(err, &option) || option.Field != "volume" {
		t.Errorf("unknown name: got %v, want an OptionError for volume", err)
	}
	if _, err := p.ParseOptions(json.RawMessage(`[]`)); !errors.As(err, &option) {
		t.Errorf("array: got %v, want an OptionError", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]Config{
		"rate":   {Rate: 11025},
		"pace":   {Pace: -1},
		"kind":   {Fault: Fault{Kind: "hiccup"}},
		"charge": {Charge: "much"},
	} {
		if cfg.Validate() == nil {
			t.Errorf("%s: %+v passes", name, cfg)
		}
	}
	if err := (&Config{Rate: 8000, Pace: 2, Charge: "0.5"}).Validate(); err != nil {
		t.Errorf("a good one fails: %v", err)
	}
}
