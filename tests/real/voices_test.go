package real_test

import (
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client"
	"github.com/voicerelay/voicerelay/client/protocol"
)

// stage is a relay before two real voices.
type stage struct {
	hibari, joe *engine
	client      *client.Client
}

func TestRealVoices(t *testing.T) {
	s := stage{hibari: startHibari(t), joe: startJoe(t)}
	s.client = startRelay(t, s.hibari, s.joe)
	t.Run("speak", s.speak)
	t.Run("are listened to", s.areListenedTo)
	t.Run("refuse a voice", s.refuse)
	t.Run("are interrupted", s.areInterrupted)
	t.Run("take over", s.takesOver)
	t.Run("are killed", s.areKilled) // last, since it ends a server
}

// A text of many pieces is spoken whole by either, as it comes and as it is there from the start.
func (s stage) speak(t *testing.T) {
	sounds := make(map[string]sound)
	const text = "She opened the letter carefully, read it twice, and placed it back inside the wooden drawer. Rain is expected in the mountains."
	for _, e := range []*engine{s.hibari, s.joe} {
		r := read(t, s.client, e.name, "narrator", text)
		sounds[e.name+"-whole"] = sound{pcm: r.pcm, text: text}
		t.Logf("%s: first audio after %v, %v of speech", e.name, r.first.Round(time.Millisecond), length(len(r.pcm)).Round(time.Millisecond))
		speech, err := s.client.Speak(t.Context(), client.Request{
			Open: true, Route: e.name, Voice: "narrator", Output: protocol.Output{Encoding: protocol.EncodingPCM16, SampleRate: rate},
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() { // ends with the text, before the speech does
			for _, word := range wordsOf(text) {
				_, _ = speech.Write([]byte(word + " ")) // its end tells
			}
			_ = speech.Finish()
		}()
		streamed := &reading{}
		streamed.listen(t, speech, time.Now())
		sounds[e.name+"-streamed"] = sound{pcm: streamed.pcm, text: text}
		for _, r := range []*reading{r, streamed} {
			if r.done.Reason != "completed" || r.done.Usage.AudioMS == 0 || len(r.rerouted) > 0 {
				t.Errorf("%s: ended %s: %+v", e.name, r.done.Reason, r.done.Usage)
			}
		}
	}
	for name, h := range listen(t, sounds, *freely) {
		words := len(wordsOf(text))
		if lost := h.missing(words); len(lost) > 0 || h.doubled() > 0 || *freely && h.recognised(text) < words/2 {
			t.Errorf("%s: words %v are missing and %d doubled; freely heard %q", name, lost, h.doubled(), h.free)
		}
	}
}

// A voice that a server has not is refused, and its connection serves others.
func (s stage) refuse(t *testing.T) {
	for _, e := range []*engine{s.hibari, s.joe} {
		for _, voice := range []string{"nobody", "narrator"} {
			r := read(t, s.client, e.name, voice, "Please bring your passport.")
			if voice == "narrator" {
				if r.done.Reason != "completed" {
					t.Errorf("%s: then ended %s: %+v", e.name, r.done.Reason, r.done.Error)
				}
				continue
			}
			if a := r.done.Usage.Attempts; r.done.Reason != "failed" || len(a) == 0 || a[0].Code != "rejected" {
				t.Errorf("%s, an unknown voice: ended %s, attempts %+v", e.name, r.done.Reason, a)
			}
		}
	}
}

// A caller who interrupts frees the engine: the next one does not wait until the text would have been spoken.
func (s stage) areInterrupted(t *testing.T) {
	text := ""
	for range 3 {
		for _, sentence := range sentences {
			text += sentence + " "
		}
	}
	for _, e := range []*engine{s.hibari, s.joe} {
		took := time.Now()
		read(t, s.client, e.name, "narrator", sentences[0])
		most := interrupted + 5*time.Since(took)
		speech, err := s.client.Speak(t.Context(), client.Request{
			Text: text, Route: e.name, Voice: "narrator", Output: protocol.Output{Encoding: protocol.EncodingPCM16, SampleRate: rate},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range speech.Audio() {
			if err != nil {
				t.Fatal(err)
			}
			break // which cancels it
		}
		next := read(t, s.client, e.name, "narrator", "Please bring your passport.")
		t.Logf("%s: first audio %v after an interruption", e.name, next.first.Round(time.Millisecond))
		if next.done.Reason != "completed" || next.first > most {
			t.Errorf("%s: after an interruption ended %s, first audio after %v, want %v at most", e.name, next.done.Reason, next.first, most)
		}
	}
}

// interrupted is how long an engine may still be busy after an interruption, besides some sentences that it was given before: of all of
// the text it has thirty.
const interrupted = time.Second

// again is how long after a start an engine may leave texts to the other.
const again = time.Minute

// Killed as a process, either is taken over as well, and speaks again soon once it is there again.
func (s stage) areKilled(t *testing.T) {
	for _, pair := range [][2]*engine{{s.hibari, s.joe}, {s.joe, s.hibari}} {
		first, second := pair[0], pair[1]
		route := first.name + "-" + second.name
		_, bytes := first.undisturbed(t, s.client, sentences[1])
		first.line.killAfter(bytes/2, func() { _ = first.program.Process.Kill() })
		r := read(t, s.client, route, "narrator", sentences[1])
		first.line.mend()
		if a := r.done.Usage.Attempts; r.done.Reason != "completed" || len(a) < 2 || a[0].Outcome == "completed" || a[len(a)-1].Provider != second.name {
			t.Errorf("%s killed: ended %s, rerouted %+v, attempts %+v", first.name, r.done.Reason, r.rerouted, r.done.Usage.Attempts)
		}
		first.start(t)
		// A text may still be given to a connection that the relay had opened while the engine was away, and on a busy machine an engine's
		// first text takes it seconds: then the other voice speaks it.
		for began := time.Now(); ; {
			r := read(t, s.client, route, "narrator", sentences[2])
			a := r.done.Usage.Attempts
			if r.done.Reason != "completed" || time.Since(began) > again {
				t.Fatalf("%s, started again: ended %s: %+v", first.name, r.done.Reason, a)
			}
			if len(a) == 1 && a[0].Provider == first.name {
				break
			}
		}
	}
}
