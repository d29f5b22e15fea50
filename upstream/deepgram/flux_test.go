package deepgram

import (
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// The protocol is that of the voice, unless the configuration says which.
func TestVersionIsOfTheVoice(t *testing.T) {
	for _, c := range []struct {
		version int
		voice   string
		want    *version
	}{
		{0, "aura-2-thalia-en", aura},
		{0, "flux-alexis-en", flux},
		{0, "influx-en", aura},
		{1, "flux-alexis-en", aura},
		{2, "a-custom-voice", flux},
	} {
		if got := (&Config{Version: c.version}).versionOf(c.voice); got != c.want {
			t.Errorf("version %d, voice %s: %s, want %s", c.version, c.voice, got.path, c.want.path)
		}
	}
}

func TestFluxAddress(t *testing.T) {
	d, err := newDialect(upstream.Env{Name: "d", URL: "wss://api.deepgram.com", APIKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{cfg: defaults()}
	got, _ := d.Address(p.key(flux, "flux-alexis-en", audio.Format{Encoding: audio.PCM16, Rate: 24000}))
	if want := "wss://api.deepgram.com/v2/speak?encoding=linear16&model=flux-alexis-en&sample_rate=24000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// speaking is a stream of Flux' that has been given so many pieces.
func speaking(t *testing.T, sink upstream.Sink, pieces int) *stream {
	t.Helper()
	s := newStream(flux, formats[0], sink)
	for i := range pieces {
		if _, err := s.order(upstream.Piece{ID: i, Text: "Yes.", Last: i == pieces-1}); err != nil {
			t.Fatal(err)
		}
		s.sending = false
	}
	return s
}

// ended is the end of a text of which so many characters are charged for.
func ended(billable string) *frame {
	return &frame{Type: typeSpeechMetadata, Billable: []byte(billable)}
}

// What the vendor charges for is told once it has said so of every text, and not of a part of them.
func TestBillableCharacters(t *testing.T) {
	interrupted := &frame{Type: typeSpeechInterrupted, Metadata: []byte(`{"billable_character_count":2}`)}
	for name, c := range map[string]struct {
		frames []*frame
		stop   bool // before the last frame
		want   int64
	}{
		"all":                               {[]*frame{ended("4"), ended("3")}, false, 7},
		"the last was interrupted":          {[]*frame{ended("4"), interrupted}, true, 6},
		"it ended before the order to stop": {[]*frame{ended("4"), ended("3")}, true, 7},
		"both were to be spoken yet":        {[]*frame{interrupted}, true, 0},
		"one did not end":                   {[]*frame{ended("4")}, false, 0},
		"one does not say":                  {[]*frame{ended("4"), ended("")}, false, 0},
		"one says nonsense":                 {[]*frame{ended("4"), ended(`"4"`)}, false, 0},
		"one says less than nothing":        {[]*frame{ended("4"), ended(`-4`)}, false, 0},
		"one says more than there is":       {[]*frame{ended("4"), ended(`9223372036854775807`)}, false, 0},
		"an interruption that does not say": {[]*frame{ended("4"), {Type: typeSpeechInterrupted, Metadata: []byte(`7`)}}, true, 0},
		"nothing had begun":                 {[]*frame{{Type: typeWarning, Code: noActiveSpeech}}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &loose{Loose: upstreamtest.Loose{TB: t}}
			s := speaking(t, sink, 2)
			for i, f := range c.frames {
				if c.stop && i == len(c.frames)-1 {
					s.stop(nil)
				}
				s.frame(f)
			}
			s.Lock()
			s.endLocked(&upstream.Error{Kind: upstream.Dropped})
			s.Unlock()
			if got := sink.Used.Metered; got != (upstream.Metered{Characters: c.want}) {
				t.Errorf("got %+v, want %d characters", got, c.want)
			}
		})
	}
}

// Flux' Flushed is no end of a piece; SpeechMetadata is, whether or not there was audio.
func TestFlushedOfFluxEndsNothing(t *testing.T) {
	sink := &loose{Loose: upstreamtest.Loose{TB: t}}
	s := speaking(t, sink, 2)
	s.audio([]byte{1, 2})
	s.frame(&frame{Type: typeFlushed})
	s.frame(&frame{Type: typeFlushed})
	if len(sink.Pieces) != 0 {
		t.Fatalf("pieces %v ended by Flushed", sink.Pieces)
	}
	s.frame(ended("4"))
	s.frame(&frame{Type: typeWarning, Code: "NO_SYNTHESIZABLE_TEXT", Description: "nothing to flush"})
	s.frame(ended("0"))
	if len(sink.Pieces) != 2 || sink.Ends != 1 || sink.Err != nil {
		t.Errorf("pieces %v, %d ends, %v; want two and a good one", sink.Pieces, sink.Ends, sink.Err)
	}
}

// The order to stop has an answer also where the vendor was at nothing, or had just ended.
func TestFluxAnswersTheOrderToStop(t *testing.T) {
	for name, f := range map[string]*frame{
		"interrupted": {Type: typeSpeechInterrupted},
		"at nothing":  {Type: typeWarning, Code: noActiveSpeech},
	} {
		s := speaking(t, &loose{Loose: upstreamtest.Loose{TB: t}}, 1)
		s.stop(nil)
		s.frame(ended("4"))
		select {
		case <-s.cleared:
			t.Errorf("%s: the end of a text is taken for the answer", name)
		default:
		}
		s.frame(f)
		select {
		case <-s.cleared:
		default:
			t.Errorf("%s: is no answer", name)
		}
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
	}
}
