package together

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestTogetherFaults(t *testing.T) {
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: path + speechQuery, Quirks: []string{"echo:named", "riff:asked", "oddChunks:false", "serial:true"},
		Speak: []string{appendFrame("c1", longSentence), commitFrame("c1")}, Again: []string{appendFrame("c2", "Hello."), commitFrame("c2")},
		Rate: 24000, Audio: "delta", Stream: "context_id", Code: "model_not_available",
		Ended:  func(m map[string]any) bool { return m["type"] == done },
		Failed: func(m map[string]any, code string) bool { return codeOfFailure(m) == code },
	})
}

// faulty connects to a vendor with a fault as the command line writes it, and asks it to speak.
func faulty(t *testing.T, fault string, change func(*engine.Options)) client {
	t.Helper()
	o := drawn(t, "echo:named", "serial:true", "riff:asked", "oddChunks:false", "itemsPerContext:false")
	o.Chunk = 100 * time.Millisecond
	var err error
	if o.Fault, err = engine.ParseFault(fault); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	c := open(t, o, speechQuery)
	c.speak("c1", longSentence)
	return c
}

// soundUntil is the audio that comes before a message of a kind.
func (c client) soundUntil(kind string) time.Duration {
	c.T.Helper()
	all := c.until(kind)
	return audio.Duration(int64(len(soundOf(c.T, all))/2), 24000)
}

func wantSound(t *testing.T, got, want time.Duration) {
	t.Helper()
	if got < want || got >= want+100*time.Millisecond {
		t.Errorf("got %v of audio before the fault, want %v", got, want)
	}
}

// A fault that is set holds for contexts that begin, and for one that was silent; not for one that is speaking.
func TestTogetherSetFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := faulty(t, "", func(o *engine.Options) { o.Pace = 8 })
		c.until(delta)
		c.Server.SetFault(engine.Fault{Kind: engine.Empty})
		c.speak("c1", "And this, too.")
		for range 2 {
			if sound := c.soundUntil(done); sound == 0 {
				t.Error("a context that was speaking got the fault")
			}
		}
		if !c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 5*time.Second) {
			t.Fatal("it has something left")
		}
		for _, id := range []string{"c1", "c2"} {
			c.speak(id, "Hello.")
			if sound := c.soundUntil(done); sound != 0 {
				t.Errorf("%s: got %v of audio, want none", id, sound)
			}
		}
		c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 5*time.Second)
		c.Server.SetFault(engine.Fault{Kind: engine.ErrorFrame, Name: "x", After: 300 * time.Millisecond}) // of audio from now on
		c.speak("c1", longSentence)
		sound := c.soundUntil(failed)
		wantSound(t, sound, 300*time.Millisecond)
	})
}

// A context that has been silent does not make up for it: what comes later has the pace of the options too.
func TestTogetherPaceAfterASilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := faulty(t, "", func(o *engine.Options) { o.Pace = 10 })
		c.until(done)
		time.Sleep(100 * time.Millisecond) // a second of audio, at this pace
		c.speak("c1", "And now something else.")
		c.until(delta)
		began := time.Now()
		sound := c.soundUntil(done)
		if got, want := time.Since(began), (sound-100*time.Millisecond)/10; got < want {
			t.Errorf("%v of audio came in %v, want %v", sound, got, want)
		}
	})
}
