package deepgram

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// A stream of more pieces than the vendor takes Flushes a minute sends no more than those, and all pieces end.
func TestFlushesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var flushes []time.Time
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			for {
				data, ok := c.Next()
				if !ok {
					return
				}
				var m message
				if json.Unmarshal(data, &m) == nil && m.Type == typeFlush {
					flushes = append(flushes, time.Now())
					c.SendBinary([]byte{0, 0})
					c.Send(reply{"type": "Flushed", "sequence_id": len(flushes)})
				}
			}
		})
		defer vendor.Close()
		p, err := open(defaults(), upstream.Env{Name: "d", URL: upstreamtest.URL, HTTP: vendor.Client(), Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Close() }() // it has no error
		sink := &loose{Loose: upstreamtest.Loose{TB: t}}
		s, err := p.Open(t.Context(), testRequest, sink)
		if err != nil {
			t.Fatal(err)
		}
		const pieces = 60
		for i := range pieces {
			if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: "Yes.", Last: i == pieces-1}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for i, at := range flushes {
			if i >= maxFlushes && at.Sub(flushes[i-maxFlushes]) < time.Minute {
				t.Errorf("Flush %d comes %v after the one %d before it", i, at.Sub(flushes[i-maxFlushes]), maxFlushes)
			}
		}
		for i, at := range flushes[1:] {
			if wait := at.Sub(flushes[i]); wait > longestPause+500*time.Millisecond {
				t.Errorf("Flush %d had to wait for %v", i+1, wait)
			}
		}
		if len(sink.Pieces) != pieces || !slices.IsSorted(sink.Pieces) || sink.Ends != 1 || sink.Err != nil {
			t.Errorf("got pieces %v, %d ends, %v after %d Flushes", sink.Pieces, sink.Ends, sink.Err, len(flushes))
		}
		if err := s.Close(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// Whatever the order of pieces, answers and time, pieces end in order and once, after a Flush that follows their text, and no
// minute has too many of those.
func TestOrdersProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o orders
		now := time.Unix(0, 0)
		var ended []int
		pieces, flushed, covered := 0, []time.Time{}, -1
		note := func(frames ...[]byte) {
			for _, f := range frames {
				if strings.Contains(string(f), typeFlush) {
					flushed = append(flushed, now)
					covered = pieces - 1
				}
			}
		}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				text := rapid.SampledFrom([]string{"Yes.", ""}).Draw(t, "text")
				pieces++
				note(o.add(upstream.Piece{ID: pieces - 1, Text: text}, now)...)
				ended = append(ended, o.silent()...)
			case 1:
				ended = append(ended, o.flushed()...)
			case 2:
				note(o.flush(now, false))
			default:
				now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "seconds")) * time.Second)
			}
			for i, at := range flushed {
				if i >= maxFlushes && at.Sub(flushed[i-maxFlushes]) < time.Minute {
					t.Fatalf("%d Flushes in %v", maxFlushes+1, at.Sub(flushed[i-maxFlushes]))
				}
			}
		}
		for len(o.flushes) > 0 {
			ended = append(ended, o.flushed()...)
		}
		for i, piece := range ended {
			if piece != i {
				t.Fatalf("ended %v", ended)
			}
		}
		if len(ended) < covered+1 {
			t.Fatalf("ended %d pieces, want the %d before the last Flush", len(ended), covered+1)
		}
		if o.waiting && len(ended) == pieces {
			t.Fatalf("ended all %d pieces though a Flush is owed", pieces)
		}
	})
}

// loose is a sink of a vendor whose audio is binary, and that times no words.
type loose struct{ upstreamtest.Loose }

func (l *loose) Audio(f upstream.Frame) {
	if f.Raw == nil {
		l.TB.Errorf("bad frame %+v", f)
	}
	l.Loose.Audio(f)
}

func (l *loose) Words([]upstream.Word) { l.TB.Error("words of a vendor that tells none") }

// A piece that ends within a sample is filled up; an answer to no Flush ends nothing.
func TestPiecesEndWithWholeSamples(t *testing.T) {
	sink := &loose{Loose: upstreamtest.Loose{TB: t}}
	s := newStream(aura, formats[0], sink)
	s.frame(&frame{Type: typeFlushed})
	if _, err := s.order(upstream.Piece{ID: 0, Text: "Yes."}); err != nil {
		t.Fatal(err)
	}
	s.audio([]byte{1, 2, 3})
	s.frame(&frame{Type: typeWarning, Description: "something else"})
	s.frame(&frame{Type: typeFlushed})
	s.frame(&frame{Type: typeFlushed})
	if sink.Bytes != 4 || len(sink.Pieces) != 1 || sink.Ends != 0 {
		t.Errorf("got %d bytes, pieces %v, %d ends; want 4, one, none", sink.Bytes, sink.Pieces, sink.Ends)
	}
}

// Pieces that wait for a Flush are told of, go out with it, and end by one call: what came is of all of them.
func TestPiecesOfOneFlushEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &loose{Loose: upstreamtest.Loose{TB: t}}
		s := newStream(aura, formats[0], sink)
		for i := range freeFlushes + 2 {
			if _, err := s.order(upstream.Piece{ID: i, Text: "Yes."}); err != nil {
				t.Fatal(err)
			}
		}
		if sink.Kept != 2 {
			t.Fatalf("%d pieces are kept back, want 2", sink.Kept)
		}
		for range freeFlushes {
			s.frame(&frame{Type: typeFlushed})
		}
		time.Sleep(pauseStep)
		s.sending = false
		s.flush()
		if sink.Kept != 0 || len(sink.Pieces) != freeFlushes {
			t.Errorf("%d pieces are kept back and %d have ended", sink.Kept, len(sink.Pieces))
		}
		s.frame(&frame{Type: typeFlushed})
		if sink.Calls != freeFlushes+1 || len(sink.Pieces) != freeFlushes+2 {
			t.Errorf("%d pieces ended by %d calls", len(sink.Pieces), sink.Calls)
		}
	})
}

func TestAddress(t *testing.T) {
	for optOut, want := range map[bool]string{
		false: "wss://api.deepgram.com/v1/speak?encoding=mulaw&model=aura-2-thalia-en&sample_rate=8000",
		true:  "wss://api.deepgram.com/v1/speak?encoding=mulaw&mip_opt_out=true&model=aura-2-thalia-en&sample_rate=8000",
	} {
		d, err := newDialect(upstream.Env{Name: "d", URL: "wss://api.deepgram.com/?x=1", APIKey: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		p := &provider{cfg: Config{ImprovementOptOut: optOut}}
		got, header := d.Address(p.key(aura, "aura-2-thalia-en", audio.Format{Encoding: audio.MuLaw, Rate: 8000}))
		if got != want || header.Get("Authorization") != "Token secret" {
			t.Errorf("got %s, %v, want %s", got, header, want)
		}
	}
}

func TestOptionsAreRefused(t *testing.T) {
	upstreamtest.CheckOptions(t, parseOptions, map[string]string{
		`[]`: "", `null`: "", `{`: "", `{"speed":1}`: "speed", `{"z":1,"b":2}`: "b",
	})
	if err := parseOptions(json.RawMessage(` {} `)); err != nil {
		t.Errorf("an empty object: %v", err)
	}
	if bad := (Config{Idle: time.Millisecond}); bad.Validate() == nil {
		t.Error("an idle of a millisecond passes")
	}
	if bad := (Config{Idle: time.Second, Version: 3}); bad.Validate() == nil {
		t.Error("a third version passes")
	}
}

// TestCodes checks what the documents show against what errors become.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
		if e.Where == "code of an Error" && frameError(&frame{Code: e.Code}).Kind != e.Kind {
			t.Errorf("%s is not what an Error of that code becomes", e.Code)
		}
	}
}

// FuzzFrame gives a stream in mid-speech text frames of any bytes.
func FuzzFrame(f *testing.F) {
	f.Add(`{"type":"Flushed","sequence_id":0}`, `{"type":"Cleared"}`)
	f.Add(`{"type":"Warning","description":"flush"}`, `{"type":"Flushed"}`)
	f.Add(`{"type":"Error","code":"DATA-0000"}`, `[`)
	f.Add(`{"type":7}`, "\xff")
	f.Add(`{"type":"SpeechMetadata","billable_character_count":1e9}`, `{"type":"SpeechInterrupted","metadata":[]}`)
	f.Add(`{"type":"Warning","code":"NO_AUDIO_GENERATED"}`, `{"type":"Warning","code":"NO_ACTIVE_SPEECH"}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, v := range []*version{aura, flux} {
			fuzzFrames(t, v, first, second)
		}
	})
}

func fuzzFrames(t *testing.T, v *version, frames ...string) {
	sink := &loose{Loose: upstreamtest.Loose{TB: t}}
	s := newStream(v, formats[0], sink)
	for i, text := range []string{"One.", "Two."} {
		if _, err := s.order(upstream.Piece{ID: i, Text: text, Last: i == 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, data := range frames {
		var frame frame
		if json.Unmarshal([]byte(data), &frame) == nil {
			s.frame(&frame)
			s.audio([]byte(data))
		}
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
	if sink.Ends != 1 || fmt.Sprint(sink.Pieces) != fmt.Sprint([]int{0, 1}[:len(sink.Pieces)]) {
		t.Errorf("%s: got %d ends and pieces %v", v.path, sink.Ends, sink.Pieces)
	}
	if n := sink.Used.Metered.Characters; n < 0 {
		t.Errorf("%s: %d characters are charged for", v.path, n)
	}
}
