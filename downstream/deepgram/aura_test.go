package deepgram

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/server"
	"voicerelay/upstream"
)

const (
	pathAura = "/v1/speak"
	pathFlux = "/v2/speak"
	twelve   = relaytest.TwelveWords
	another  = "Say seven more words for me now."
)

var errGone = &upstream.Error{Kind: upstream.Dropped, Message: "gone"}

// inRelay plays a test before a relay in memory.
func inRelay(t *testing.T, play func(t *testing.T, r *downstreamtest.Relay), changes ...downstreamtest.Change) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		play(t, downstreamtest.Start(t, Dialect{}, changes...))
		time.Sleep(time.Second) // a server lets a connection linger whose request it has not read
	})
}

// onSocket plays a test with one client.
func onSocket(t *testing.T, path string, play func(r *downstreamtest.Relay, s *socket), changes ...downstreamtest.Change) {
	t.Helper()
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		s := open(t, r, path)
		defer func() { _ = s.conn.CloseNow() }()
		s.until(map[string]string{pathAura: "Metadata", pathFlux: "Connected"}[path])
		play(r, s)
	}, changes...)
}

func wantHeard(t *testing.T, pcm []byte, text string) {
	t.Helper()
	if got, want := relaytest.Heard(pcm), relaytest.Letters(text); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func wantKinds(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got the messages %v, want %v", got, want)
	}
}

func TestMetadataComesFirst(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		s := open(t, r, pathAura)
		defer func() { _ = s.conn.CloseNow() }()
		m := s.next()
		if m.Type != "Metadata" || m.RequestID == "" || m.Model != downstreamtest.Voice || m.Raw["model_version"] == "" {
			t.Errorf("got %v", m.Raw)
		}
		if id, ok := m.Raw["model_uuid"].(string); !ok || len(id) != 36 {
			t.Errorf("model_uuid %q is none", id)
		}
	})
}

// Sentences are spoken before the Flush, words come one by one, and a turn is answered by one Flushed after its last audio.
func TestWordsAreSpokenBeforeTheFlush(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		for word := range strings.FieldsSeq(twelve + " " + another) {
			s.speak(word + " ")
		}
		first := s.next()
		if first.Type != "audio" {
			s.t.Fatalf("got %q first, want audio before the Flush", first.Type)
		}
		s.order("Flush")
		m, before, pcm := s.until("Flushed")
		wantKinds(s.t, before)
		wantHeard(s.t, append(first.Audio, pcm...), twelve+another)
		if m.Sequence != 0 {
			s.t.Errorf("sequence_id is %d, want 0", m.Sequence)
		}
	})
}

// Text after a Flush waits for its Flushed, and so do Flushes without text: what comes is in the order of Flushes.
func TestTurnsComeInTheOrderOfFlushes(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve)
		s.order("Flush")
		s.speak("…")
		s.order("Flush")
		s.order("Flush")
		s.speak(another)
		s.order("Flush")
		var pcm []byte
		for i, want := range []string{twelve, "", "", another} {
			m, before, audio := s.until("Flushed")
			wantKinds(s.t, before)
			wantHeard(s.t, audio, want)
			if m.Sequence != i {
				s.t.Errorf("Flushed %d has sequence_id %d", i, m.Sequence)
			}
			pcm = audio
			if i == 1 && len(pcm) != 4800 {
				s.t.Errorf("nothing to speak gave %d bytes, want 100 ms", len(pcm))
			}
		}
	})
}

func TestFlushWithoutTextIsAnsweredAtOnce(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak("  ")
		s.order("Flush")
		_, before, pcm := s.until("Flushed")
		wantKinds(s.t, before)
		if len(pcm) > 0 {
			s.t.Errorf("heard %d bytes", len(pcm))
		}
	})
}

// After Cleared neither audio nor a Flushed comes of what was cleared, whichever part of it was running, waiting or over.
func TestClearDropsAllThatWasSaid(t *testing.T) {
	for name, say := range map[string]func(s *socket){
		"in the middle of a turn": func(s *socket) { s.speak(twelve + " ") },
		"after the Flush":         func(s *socket) { s.speak(twelve); s.order("Flush") },
		"with turns that wait": func(s *socket) {
			s.speak(twelve)
			s.order("Flush")
			s.speak(another)
			s.order("Flush")
			s.order("Flush")
		},
		"with nothing that waits":  func(s *socket) { s.speak(twelve); s.order("Flush"); s.speak("…"); s.order("Flush") },
		"with an open turn behind": func(s *socket) { s.speak(twelve); s.order("Flush"); s.speak(another) },
	} {
		t.Run(name, func(t *testing.T) {
			onSocket(t, pathAura, func(r *downstreamtest.Relay, s *socket) {
				s.t = t
				say(s)
				if m := s.next(); m.Type != "audio" {
					t.Fatalf("got %q first", m.Type)
				}
				synctest.Wait()
				s.order("Clear")
				if m, before, _ := s.until("Cleared"); m.Sequence != 0 || len(before) > 0 {
					t.Errorf("Cleared has sequence_id %d, after %v", m.Sequence, before)
				}
				s.speak(another)
				s.order("Flush")
				m, before, pcm := s.until("Flushed")
				wantKinds(t, before)
				wantHeard(t, pcm, another)
				if m.Sequence != 1 {
					t.Errorf("Flushed has sequence_id %d, want 1", m.Sequence)
				}
				s.silent()
			})
		})
	}
}

// silent wants nothing for a while.
func (s *socket) silent() {
	s.t.Helper()
	select {
	case a := <-s.came:
		s.t.Errorf("got %q (%v), want nothing", a.Type, a.err)
	case <-time.After(30 * time.Second):
	}
}

// A vendor that takes its time to stop does not delay the next turn.
func TestTurnAfterClearWaitsForNothing(t *testing.T) {
	onSocket(t, pathAura, func(r *downstreamtest.Relay, s *socket) {
		r.First.Lingers = time.Minute
		s.speak(twelve)
		s.until("audio")
		s.order("Clear")
		s.until("Cleared")
		began := time.Now()
		s.speak(another)
		s.order("Flush")
		s.until("audio")
		if took := time.Since(began); took > 250*time.Millisecond {
			s.t.Errorf("the next turn's first audio took %v", took)
		}
	})
}

func TestClearOfNothingIsAnswered(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		for i := range 3 {
			s.order("Clear")
			if m, _, _ := s.until("Cleared"); m.Sequence != i {
				s.t.Errorf("sequence_id is %d, want %d", m.Sequence, i)
			}
		}
	})
}

// What was said before Close is spoken, and the connection closed in good order after that. What comes after it counts no more.
func TestCloseSpeaksWhatIsLeft(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve)
		s.order("Flush")
		s.speak(another)
		s.order("Close")
		s.speak("Never spoken.")
		s.order("Clear")
		pcm, err := s.rest()
		wantHeard(s.t, pcm, twelve+another)
		if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			s.t.Errorf("closed with %v", err)
		}
	})
}

// rest is all audio until the connection ends, and how it does.
func (s *socket) rest() (pcm []byte, err error) {
	for {
		m, err := s.read()
		if err != nil {
			return pcm, err
		}
		pcm = append(pcm, m.Audio...)
	}
}

func TestCloseOfNothingClosesAtOnce(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.order("Close")
		if _, err := s.rest(); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			s.t.Errorf("closed with %v", err)
		}
	})
}

// A turn that fails is told and ends all the same, since some programs wait for that alone. What still comes of its text is
// dropped, and the next turn is spoken.
func TestFailedTurnEnds(t *testing.T) {
	onSocket(t, pathAura, func(r *downstreamtest.Relay, s *socket) {
		r.First.Refuse, r.Second.Refuse = errGone, errGone
		s.speak(twelve + " ")
		failed, _, pcm := s.until("Error")
		if failed.Code != "NET-0001" || failed.Description == "" || failed.Raw["err_msg"] != failed.Description || len(pcm) > 0 {
			s.t.Errorf("got %v after %d bytes", failed.Raw, len(pcm))
		}
		r.First.Refuse, r.Second.Refuse = nil, nil
		s.speak("More of what has failed.")
		s.order("Flush")
		if _, before, pcm := s.until("Flushed"); len(pcm) > 0 || len(before) > 0 {
			s.t.Errorf("got %v and %d bytes of a turn that has failed", before, len(pcm))
		}
		time.Sleep(time.Minute) // the circuits' pause
		s.speak(another)
		s.order("Flush")
		_, _, pcm = s.until("Flushed")
		wantHeard(s.t, pcm, another)
	})
}

// The failure of a turn that waits is told when its turn comes.
func TestFailureComesInOrder(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve)
		s.order("Flush")
		s.speak(another) // beyond the rate
		s.order("Flush")
		_, before, pcm := s.until("Flushed")
		wantKinds(s.t, before)
		wantHeard(s.t, pcm, twelve)
		m, before, _ := s.until("Error")
		wantKinds(s.t, before)
		if m.Code != "RATE_LIMIT" {
			s.t.Errorf("code is %q", m.Code)
		}
		_, before, pcm = s.until("Flushed")
		wantKinds(s.t, before)
		wantHeard(s.t, pcm, "")
	}, func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.GenerationsPerMinute = 1 })
}

// Text that pauses for longer than the relay keeps a generation open goes on in the same turn: there is one Flushed.
func TestPausedTextIsOneTurn(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve + " ")
		for range 3 {
			time.Sleep(2 * time.Minute)
			s.order("KeepAlive") // an idle connection is closed
		}
		s.speak(another)
		s.order("Flush")
		_, before, pcm := s.until("Flushed")
		wantKinds(s.t, before)
		wantHeard(s.t, pcm, twelve+another)
	})
}

func TestTextThatIsTooLongIsDropped(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(strings.Repeat("long ", 100))
		m, before, _ := s.until("Warning")
		wantKinds(s.t, before)
		if m.Description == "" || m.Raw["warn_msg"] != m.Description || m.Code != "TEXT_DROPPED" {
			s.t.Errorf("got %v", m.Raw)
		}
		s.speak(another)
		s.speak(strings.Repeat("long ", 100))
		s.order("Flush")
		_, before, pcm := s.until("Flushed")
		wantKinds(s.t, before, "Warning")
		wantHeard(s.t, pcm, another)
	}, func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.MaxTextCharacters = 100 })
}

// A flood of Flushes is answered up to a bound.
func TestFlushesThatWaitAreBounded(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve)
		for range maxFlushes + 10 {
			s.order("Flush")
		}
		answers, warnings := 0, 0
		for range maxFlushes + 10 {
			_, before, _ := s.untilAny("Flushed", "Warning")
			if before == "Flushed" {
				answers++
			} else {
				warnings++
			}
		}
		if answers != maxFlushes || warnings != 10 {
			s.t.Errorf("%d Flushed and %d Warnings, want %d and 10", answers, warnings, maxFlushes)
		}
	})
}

// untilAny reads to the first message of some kinds.
func (s *socket) untilAny(kinds ...string) (m message, kind string, pcm []byte) {
	s.t.Helper()
	for {
		m := s.next()
		if slices.Contains(kinds, m.Type) {
			return m, m.Type, pcm
		}
		pcm = append(pcm, m.Audio...)
	}
}

// Whoever waits for a turn hears something all the while, also where the text pauses. Between turns there is nothing.
func TestNoTurnIsSilentForLong(t *testing.T) {
	for path, again := range map[string]string{pathAura: "Metadata", pathFlux: "Connected"} {
		onSocket(t, path, func(_ *downstreamtest.Relay, s *socket) {
			s.speak(another + " ")
			s.until("audio")
			last, began := time.Now(), time.Now()
			for time.Since(began) < 40*time.Second {
				if m := s.next(); m.Type != "audio" && m.Type != again {
					s.t.Errorf("got %q", m.Type)
				}
				if gap := time.Since(last); gap > 9*time.Second {
					s.t.Errorf("nothing for %v", gap)
				}
				last = time.Now()
			}
			s.order("Flush")
			s.until(map[string]string{pathAura: "Flushed", pathFlux: "SpeechMetadata"}[path])
			s.silent()
		})
	}
}

// After Close nothing is spoken ahead of what was sent: the client may hang up, and would pay for what it never hears.
func TestNothingIsSpokenAheadAfterClose(t *testing.T) {
	onSocket(t, pathAura, func(r *downstreamtest.Relay, s *socket) {
		r.First.Pace = 0 // all at once
		for range 60 {
			s.speak(twelve + " ")
		}
		s.until("audio")
		synctest.Wait()
		s.order("Flush")
		s.order("Close")
		synctest.Wait()
		before := len(r.First.Texts())
		time.Sleep(12 * time.Second) // in which much of what waits is sent, but not all
		synctest.Wait()
		if after := len(r.First.Texts()); after != before || before >= 60 {
			s.t.Errorf("the vendor was given %d pieces by then, and %d after it", before, after-before)
		}
	})
}

// Turns that wait are bounded, also those that fail because too many run.
func TestTurnsThatWaitAreBounded(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		const beyond = 100
		for range maxTurns + beyond {
			s.speak(another)
			s.order("Flush")
		}
		s.order("Close")
		dropped, failed, answered := 0, 0, 0
		for {
			m, err := s.read()
			if err != nil {
				if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
					s.t.Errorf("closed with %v", err)
				}
				break
			}
			switch {
			case m.Type == "Flushed":
				answered++
			case m.Type == "Error" && strings.Contains(m.Description, "turns wait"):
				dropped++
			case m.Type == "Error":
				failed++
			}
		}
		if dropped != beyond || failed != maxTurns-limits.Default().MaxConcurrentGenerations || answered < maxTurns {
			s.t.Errorf("%d turns were not taken, %d failed, %d Flushes were answered", dropped, failed, answered)
		}
	}, func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.GenerationsPerMinute = 10_000 })
}
