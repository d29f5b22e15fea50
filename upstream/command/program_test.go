package command

import (
	"bytes"
	"errors"
	"net"
	"os/exec"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestHowProgramsEnd(t *testing.T) {
	missing := running("/nowhere/no-such-program")
	short := running(self("stall")...)
	short.Timeout = time.Second // in which it has spoken
	half := running("printf", "x")
	half.Output = Output{Encoding: audio.PCM16, SampleRate: 24000}
	mute := running(self("hang")...)
	mute.Timeout = 50 * time.Millisecond
	loud := running(self("endless")...)
	loud.MaxOutputBytes, loud.Timeout = 100_000, maxTimeout // longer than the test waits
	for name, c := range map[string]struct {
		cfg  Config
		kind upstream.Kind
		code string
	}{
		"missing":           {missing, upstream.ConnectFailed, ""},
		"exit status":       {running(self("fail")...), upstream.UpstreamError, "exit status 3"},
		"status after it":   {running(self("break")...), upstream.UpstreamError, "exit status 3"},
		"signal":            {running("sh", "-c", "kill -SEGV $$"), upstream.UpstreamError, "signal 11"},
		"nothing":           {running("true"), upstream.NoAudio, ""},
		"a header alone":    {running(self("silence")...), upstream.NoAudio, ""},
		"half a header":     {running(self("say", "RIFF1234WA")...), upstream.NoAudio, ""},
		"no WAV":            {running(self("say", "usage: say [-v voice] [text]")...), upstream.Garbled, ""},
		"an odd rate":       {running(self("odd")...), upstream.Garbled, ""},
		"too much":          {loud, upstream.Garbled, ""},
		"late":              {mute, upstream.FirstAudioTimeout, ""},
		"slow":              {short, upstream.Stalled, ""},
		"half a sample":     {half, upstream.NoAudio, ""},
		"closed its output": {running("sh", "-c", "exec >&-; exit 4"), upstream.UpstreamError, "exit status 4"},
	} {
		t.Run(name, func(t *testing.T) {
			h := spoken(t, c.cfg, "Never to be told")
			var err *upstream.Error
			if !errors.As(h.Err, &err) || err.Kind != c.kind || err.Code != c.code {
				t.Errorf("got %v, want %s with code %q", h.Err, c.kind, c.code)
			}
			if len(h.Pieces) > 0 {
				t.Error("the piece is said to have ended well")
			}
		})
	}
}

func TestOutputIsBounded(t *testing.T) {
	cfg := running(self("wav")...)
	speech := upstreamtest.Speech("Hello")
	cfg.MaxOutputBytes = len(speech) + len(audio.WAVHeader(24000))
	if h := spoken(t, cfg, "Hello"); h.Err != nil {
		t.Errorf("with just enough: %v", h.Err)
	}
	cfg.MaxOutputBytes--
	h := spoken(t, cfg, "Hello")
	if upstream.KindOf(h.Err) != upstream.Garbled || len(h.Audio) >= len(speech) {
		t.Errorf("with a byte less: %d bytes of audio and %v, want garbled", len(h.Audio), h.Err)
	}
}

func TestACancelKillsTheWholeGroup(t *testing.T) {
	here := newPlace(t)
	cfg := running(self("parent", here.address())...)
	cfg.Timeout = patience
	l := call(t, provide(t, cfg))
	l.speak(true, "Hello")
	child := here.met()
	l.close(errStop)
	here.gone(child)
	if h := l.Heard(); !errors.Is(h.Err, errStop) {
		t.Errorf("End: got %v, want the cause", h.Err)
	}
}

func TestATimeoutKillsTheWholeGroup(t *testing.T) {
	here := newPlace(t)
	cfg := running(self("parent", here.address())...)
	cfg.Timeout = 2 * time.Second // in which the child has come
	l := call(t, provide(t, cfg))
	l.speak(true, "Hello")
	here.gone(here.met())
	if h := l.wait(); upstream.KindOf(h.Err) != upstream.FirstAudioTimeout {
		t.Errorf("End: got %v, want first_audio_timeout", h.Err)
	}
}

func TestWhatAProgramLeavesBehindIsKilled(t *testing.T) {
	here := newPlace(t)
	l := call(t, provide(t, running(self("leave", here.address())...)))
	l.speak(true, "Hello")
	h := l.wait() // though the child holds the output
	if h.Err != nil || !bytes.Equal(h.Audio, upstreamtest.Speech("Hello")) {
		t.Errorf("got %d bytes of audio and %v, want all of it", len(h.Audio), h.Err)
	}
	if child, came := here.next(100 * time.Millisecond); came { // else it was killed before
		here.gone(child)
	}
}

func TestProgramsAreBounded(t *testing.T) {
	const streams, processes = 8, 2
	here := newPlace(t)
	cfg := running(self("meet", here.address())...)
	cfg.Processes = processes
	cfg.Timeout = patience
	p := provide(t, cfg)
	lines := make([]*line, streams)
	for i := range lines {
		lines[i] = call(t, p)
		lines[i].speak(true, "Hello")
	}
	for range streams / processes {
		var alive []net.Conn
		for range processes {
			alive = append(alive, here.met())
		}
		if _, came := here.next(50 * time.Millisecond); came {
			t.Errorf("more than %d programs run", processes)
		}
		for _, program := range alive {
			here.release(program)
		}
	}
	for i, l := range lines {
		if h := l.wait(); h.Err != nil {
			t.Errorf("stream %d: %v", i, h.Err)
		}
	}
}

// What waits for other programs to end no program has the order for.
func TestWaitingForProgramsIsTold(t *testing.T) {
	cfg := running(self("wav")...)
	cfg.Processes = 1
	cfg.Timeout = patience
	p := provide(t, cfg)
	p.runner.running <- struct{}{} // as another program does
	l := call(t, p)
	l.speak(false, "Hello")
	for deadline := time.Now().Add(patience); l.Heard().Withheld != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the sink is not told that a piece waits")
		}
	}
	l.speak(true, "again")
	if n := l.Heard().Withheld; n != 2 {
		t.Errorf("%d pieces wait, want 2", n)
	}
	<-p.runner.running
	if h := l.wait(); h.Err != nil || h.Withheld != 0 || len(h.Pieces) != 2 {
		t.Errorf("ended with %v, %d pieces spoken, %d waiting", h.Err, len(h.Pieces), h.Withheld)
	}
}

func TestWaitingForProgramsEnds(t *testing.T) {
	cfg := running(self("wav")...)
	cfg.Processes = 1
	cfg.Timeout = 20 * time.Millisecond
	p := provide(t, cfg)
	p.runner.running <- struct{}{} // as a program does that never ends
	l := call(t, p)
	l.speak(true, "Hello")
	if h := l.wait(); upstream.KindOf(h.Err) != upstream.Throttled {
		t.Errorf("got %v, want throttled", h.Err)
	}
}

// What has left the group can't be killed with it, nor hold the stream.
func TestWhatLeavesTheGroupHoldsNothing(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("setsid is not installed")
	}
	here := newPlace(t)
	child := self("meet", here.address())
	cfg := running(append([]string{"sh", "-c", `setsid "$0" "$@" & until kill -0 -$!; do :; done 2>&-; printf abcd`}, child...)...)
	cfg.Output = Output{Encoding: audio.PCM16, SampleRate: 24000}
	l := call(t, provide(t, cfg))
	l.speak(true, "Hello")
	escaped := here.met()
	if h := l.wait(); h.Err != nil || string(h.Audio) != "abcd" {
		t.Errorf("got %q and %v, want all audio", h.Audio, h.Err)
	}
	if err := escaped.Close(); err != nil { // which ends it
		t.Error(err)
	}
}
