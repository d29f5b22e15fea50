package deepgram

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
)

var speechID = regexp.MustCompile(`^dg_sp_[0-9a-f]{12}$`)

func TestFluxTellsOfEachTurn(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		s := open(t, r, pathFlux)
		defer func() { _ = s.conn.CloseNow() }()
		m := s.next()
		if ids, ok := m.Raw["model_uuids"].([]any); m.Type != "Connected" || m.RequestID == "" || !ok || len(ids) != 1 {
			t.Errorf("got %v first", m.Raw)
		}
		var speeches []string
		for _, text := range []string{twelve, another} {
			s.speak(text)
			s.order("Flush")
			started := s.next()
			if started.Type != "SpeechStarted" || !speechID.MatchString(started.Speech) {
				t.Errorf("got %v before the audio", started.Raw)
			}
			m, before, pcm := s.until("SpeechMetadata")
			wantKinds(t, before, "Flushed")
			wantHeard(t, pcm, text)
			if want := int64(len(pcm) / 48); m.Speech != started.Speech || m.AudioMS != want || m.Characters != len(text) || m.Billable != len(text) {
				t.Errorf("got %v for %d ms and %d characters", m.Raw, want, len(text))
			}
			if controls, ok := m.Raw["controls_applied"].(map[string]any); !ok || len(controls) != 3 {
				t.Errorf("controls_applied is %v", m.Raw["controls_applied"])
			}
			speeches = append(speeches, m.Speech)
		}
		if speeches[0] == speeches[1] {
			t.Error("both turns have one name")
		}
	})
}

func TestFluxFlushWithoutText(t *testing.T) {
	onSocket(t, pathFlux, func(_ *downstreamtest.Relay, s *socket) {
		s.order("Flush")
		m, before, pcm := s.until("SpeechMetadata")
		wantKinds(s.t, before, "Warning", "Flushed")
		if m.AudioMS != 0 || m.Characters != 0 || len(pcm) > 0 {
			s.t.Errorf("got %v and %d bytes", m.Raw, len(pcm))
		}
		s.speak("… ")
		s.order("Flush")
		m, before, pcm = s.until("SpeechMetadata")
		wantKinds(s.t, before, "SpeechStarted", "Warning", "Flushed")
		if m.AudioMS != 100 || m.Characters != 2 || len(pcm) != 4800 {
			s.t.Errorf("got %v and %d bytes", m.Raw, len(pcm))
		}
	})
}

// An Interrupt is answered instead of the turn's end, and nothing of the turn comes after that.
func TestInterruptWithoutAnOffset(t *testing.T) {
	onSocket(t, pathFlux, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve)
		s.order("Flush")
		_, _, _ = s.until("audio")
		s.order("Interrupt")
		m, before, _ := s.until("SpeechInterrupted")
		wantKinds(s.t, before)
		if m.Raw["text_spoken"] != nil || m.Raw["text_remaining"] != nil || m.PlayedMS == 0 {
			s.t.Errorf("got %v", m.Raw)
		}
		if sums, ok := m.Raw["metadata"].(map[string]any); !ok || sums["audio_duration_ms"] != float64(m.PlayedMS) || sums["input_character_count"] != float64(len(twelve)) {
			s.t.Errorf("metadata is %v", m.Raw["metadata"])
		}
		s.speak(another)
		s.order("Flush")
		_, before, pcm := s.until("SpeechMetadata")
		wantKinds(s.t, before, "SpeechStarted", "Flushed")
		wantHeard(s.t, pcm, another)
	})
}

// textsOf are the two parts of an interrupted turn's text.
func textsOf(m message) (spoken, remaining string) {
	spoken, _ = m.Raw["text_spoken"].(string)
	remaining, _ = m.Raw["text_remaining"].(string)
	return spoken, remaining
}

// The offset counts from the session's first audio, over all turns.
func TestInterruptSaysWhatWasHeard(t *testing.T) {
	onSocket(t, pathFlux, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(another)
		s.order("Flush")
		m, _, _ := s.until("SpeechMetadata")
		earlier := m.AudioMS
		for word := range strings.SplitAfterSeq(twelve, " ") {
			s.speak(word)
		}
		s.order("Flush")
		var pcm []byte
		for len(pcm) < 48*500 {
			pcm = append(pcm, s.next().Audio...)
		}
		s.interrupt(earlier + 400)
		m, before, _ := s.until("SpeechInterrupted")
		wantKinds(s.t, before)
		spoken, remaining := textsOf(m)
		if spoken+remaining != twelve || m.PlayedMS != earlier+400 {
			s.t.Errorf("got %v", m.Raw)
		}
		// Each character is a frame of as many samples, so this is where 400 ms end, but for the word that they end in.
		if full := strings.Fields(twelve); !strings.HasPrefix(twelve, spoken) || spoken == "" || len(spoken) > len(strings.Join(full[:11], " ")) {
			s.t.Errorf("text_spoken is %q", spoken)
		}
		s.silent()
	})
}

// A turn that was sent to its end may still be played: an offset within it says so.
func TestInterruptOfWhatIsStillPlayed(t *testing.T) {
	onSocket(t, pathFlux, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve)
		s.order("Flush")
		whole, _, _ := s.until("SpeechMetadata")
		s.interrupt(whole.AudioMS / 2)
		m, before, _ := s.until("SpeechInterrupted")
		wantKinds(s.t, before)
		if spoken, remaining := textsOf(m); spoken+remaining != twelve || spoken == "" || remaining == "" || m.PlayedMS != whole.AudioMS/2 {
			s.t.Errorf("got %v", m.Raw)
		}
		s.order("Close")
		totals, _, _ := s.until("SessionMetadata")
		if totals.TotalMS != whole.AudioMS/2 || totals.Raw["total_input_character_count"] != float64(len(twelve)) {
			s.t.Errorf("got %v", totals.Raw)
		}
	})
}

func TestInterruptThatMakesNoSense(t *testing.T) {
	onSocket(t, pathFlux, func(_ *downstreamtest.Relay, s *socket) {
		s.order("Interrupt")
		if m, _, _ := s.until("Warning"); m.Code != "NO_ACTIVE_SPEECH" {
			s.t.Errorf("got %v", m.Raw)
		}
		s.interrupt(100)
		if m, _, _ := s.until("Warning"); m.Code != "NO_ACTIVE_SPEECH" {
			s.t.Errorf("got %v", m.Raw)
		}
		s.speak(twelve)
		s.until("audio")
		s.interrupt(300)
		s.until("SpeechInterrupted")
		s.speak(another)
		s.order("Flush")
		s.until("audio")
		s.interrupt(200)
		m, before, pcm := s.until("SpeechMetadata")
		wantKinds(s.t, before, "Warning", "Flushed")
		if m.Characters != len(another) || len(pcm) == 0 {
			s.t.Errorf("got %v: an Interrupt from before the last one is ignored", m.Raw)
		}
	})
}

// A turn that is interrupted before its first audio is over as well.
func TestInterruptBeforeTheFirstAudio(t *testing.T) {
	onSocket(t, pathFlux, func(r *downstreamtest.Relay, s *socket) {
		r.First.First = time.Second
		s.speak(twelve)
		s.interrupt(0)
		m, before, pcm := s.until("SpeechInterrupted")
		wantKinds(s.t, before)
		if spoken, remaining := textsOf(m); spoken != "" || remaining != twelve || m.PlayedMS != 0 || len(pcm) > 0 {
			s.t.Errorf("got %v", m.Raw)
		}
		s.silent()
	})
}

func TestConfigureChangesTheSpeed(t *testing.T) {
	onSocket(t, pathFlux, func(r *downstreamtest.Relay, s *socket) {
		for _, wrong := range []struct {
			speed float64
			code  string
		}{{0.45, "SPEED_OUT_OF_RANGE"}, {1.55, "SPEED_OUT_OF_RANGE"}, {1.07, "SPEED_INCREMENT_INVALID"}} {
			s.send(map[string]any{"type": "Configure", "speed": wrong.speed})
			if m, _, _ := s.until("ConfigureFailure"); m.Code != wrong.code || m.Field != "speed" || m.Raw["value"] != wrong.speed || m.Description == "" {
				s.t.Errorf("%v: got %v", wrong.speed, m.Raw)
			}
		}
		s.send(map[string]any{"type": "Configure", "speed": 1.15})
		if m, _, _ := s.until("ConfigureSuccess"); m.Applied["speed"] != 1.15 {
			s.t.Errorf("got %v", m.Raw)
		}
		s.order("Configure")
		if m, _, _ := s.until("ConfigureSuccess"); m.Raw["applied"] == nil {
			s.t.Errorf("got %v", m.Raw)
		}
	})
}

func TestFluxCloseTellsTheSums(t *testing.T) {
	onSocket(t, pathFlux, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(twelve)
		s.order("Flush")
		s.speak(another)
		s.order("Close")
		m, before, pcm := s.until("SessionMetadata")
		wantKinds(s.t, before, "SpeechStarted", "Flushed", "SpeechMetadata", "SpeechStarted", "SpeechMetadata")
		wantHeard(s.t, pcm, twelve+another)
		sum := float64(len(twelve) + len(another))
		if m.TotalMS != int64(len(pcm)/48) || m.Raw["total_input_character_count"] != sum || m.Raw["total_billable_character_count"] != sum {
			s.t.Errorf("got %v for %d ms", m.Raw, len(pcm)/48)
		}
		if _, err := s.rest(); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			s.t.Errorf("closed with %v", err)
		}
	})
}

// A turn that fails is told, and ended as programs wait for it.
func TestFluxFailedTurnEnds(t *testing.T) {
	onSocket(t, pathFlux, func(r *downstreamtest.Relay, s *socket) {
		r.First.Refuse, r.Second.Refuse = errGone, errGone
		s.speak(twelve)
		s.order("Flush")
		m, before, _ := s.until("SpeechMetadata")
		wantKinds(s.t, before, "Error", "Flushed")
		if m.AudioMS != 0 {
			s.t.Errorf("got %v", m.Raw)
		}
	})
}
