package codec

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"voicerelay/audio"
)

// await waits until a stream has given so many bytes, and returns them.
func await(t *testing.T, s *Stream, least int) (got []byte) {
	t.Helper()
	for deadline := time.After(patience); len(got) < least; {
		select {
		case <-s.Came():
		case <-deadline:
			t.Fatalf("%d bytes came, want %d", len(got), least)
		}
		var err error
		if got, err = s.Take(got); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// What is written comes out before more is.
func TestAProgramsOutputComesAsItGivesIt(t *testing.T) {
	s := open(t, with(t, 1, "cat"), audio.MP3, 24000)
	for range 3 {
		write(t, s, make([]byte, 960), 960)
		await(t, s, 960)
	}
	if rest := finish(t, s); len(rest) != 0 {
		t.Errorf("%d bytes came at the end, want none", len(rest))
	}
}

// All that a program still gives when its input has ended is there.
func TestTheTailComes(t *testing.T) {
	s := open(t, with(t, 1, "sh", "-c", "cat >/dev/null; printf tail"), audio.MP3, 24000)
	write(t, s, make([]byte, 9600), 960)
	if got := finish(t, s); string(got) != "tail" {
		t.Errorf("got %q", got)
	}
}

func TestPlaceholdersAreReplaced(t *testing.T) {
	set := with(t, 2, "sh", "-c", "cat >/dev/null; printf %s {rate}/{kbps}")
	for f, want := range map[Format]string{
		{Format: audio.Format{Encoding: audio.MP3, Rate: 24000}}:             "24000/64",
		{Format: audio.Format{Encoding: audio.MP3, Rate: 44100}, Kbps: 192}:  "44100/192",
		{Format: audio.Format{Encoding: audio.Opus, Rate: 48000}}:            "48000/32",
		{Format: audio.Format{Encoding: audio.MP3, Rate: 8000}}:              "8000/32",
		{Format: audio.Format{Encoding: audio.Opus, Rate: 16000}, Kbps: 128}: "16000/128",
	} {
		if got, err := set.Compress(t.Context(), f, nil); err != nil || string(got) != want {
			t.Errorf("%v: %q, %v; want %q", f, got, err, want)
		}
	}
}

func TestHowProgramsFail(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   error
	}{
		"ends at once":        {"exit 0", errEndedEarly},
		"ends in mid-stream":  {"head -c 1000", errEndedEarly},
		"fails in mid-stream": {"head -c 1000; exit 3", errFailed},
		"is killed":           {"head -c 1000; kill -SEGV $$", errFailed},
		"reads nothing":       {"exec sleep 1000", errHangs},
		"gives nothing":       {"exec cat >/dev/null", errHangs},
		"gives too much":      {"exec yes", errTooMuch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, with(t, 1, "sh", "-c", c.script), audio.MP3, 24000)
			var err error
			for deadline := time.Now().Add(patience); err == nil && time.Now().Before(deadline); {
				if _, err = s.Write(make([]byte, 4800)); err == nil {
					time.Sleep(time.Millisecond) // more than real time, and less than all at once
				}
			}
			if !errors.Is(err, c.want) {
				t.Errorf("Write: got %v, want %v", err, c.want)
			}
			if _, err := s.Take(nil); !errors.Is(err, c.want) {
				t.Errorf("Take: got %v, want %v", err, c.want)
			}
		})
	}
}

func TestAProgramThatDoesNotEndIsKilled(t *testing.T) {
	t.Parallel()
	s := open(t, with(t, 1, "sh", "-c", "cat; exec sleep 1000"), audio.MP3, 24000)
	write(t, s, make([]byte, 9600), 960)
	if err := s.Finish(); !errors.Is(err, errHangs) {
		t.Errorf("got %v, want %v", err, errHangs)
	}
}

func TestAProgramThatFailsAtItsEndIsTold(t *testing.T) {
	s := open(t, with(t, 1, "sh", "-c", "cat; exit 3"), audio.MP3, 24000)
	write(t, s, make([]byte, 9600), 960)
	if err := s.Finish(); !errors.Is(err, errFailed) {
		t.Errorf("got %v, want %v", err, errFailed)
	}
}

func TestAProgramThatIsNotThereIsTold(t *testing.T) {
	s := open(t, with(t, 1, "/nowhere/no-such-program"), audio.MP3, 24000)
	if _, err := s.Write(make([]byte, 2)); !errors.Is(err, errNotStarted) {
		t.Errorf("got %v, want %v", err, errNotStarted)
	}
}

// Whoever ends a stream, the program and what it has started are gone at once, and so is its folder.
func TestAnEndKillsTheProgram(t *testing.T) {
	for name, end := range map[string]func(s *Stream, cancel func()){
		"closed":    func(s *Stream, _ func()) { s.Close() },
		"cancelled": func(_ *Stream, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			set := with(t, 1, "sh", "-c", "sleep 1000 & echo $!; exec sleep 1000")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := set.Open(ctx, Format{Format: audio.Format{Encoding: audio.MP3, Rate: 24000}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			child, err := strconv.Atoi(strings.TrimSpace(string(await(t, s, 2))))
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			end(s, cancel)
			for alive(child) {
				if time.Since(begun) > patience {
					t.Fatal("what the program has started lives")
				}
				time.Sleep(time.Millisecond)
			}
			if took := time.Since(begun); took > 100*time.Millisecond {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// alive reports whether a process runs; one that nobody has waited for yet does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return err != nil && !os.IsNotExist(err) || len(line) > 0
}

func TestRunningProgramsAreBounded(t *testing.T) {
	set := with(t, 2, "cat")
	f := Format{Format: audio.Format{Encoding: audio.MP3, Rate: 24000}}
	first := open(t, set, audio.MP3, 24000)
	open(t, set, audio.MP3, 24000)
	if _, err := set.Open(t.Context(), f); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "2 of mp3") {
		t.Errorf("got %v, want %v", err, ErrBusy)
	}
	open(t, set, audio.Opus, 24000) // is counted apart
	first.Close()
	first.Close()
	open(t, set, audio.MP3, 24000)
	if _, err := set.Open(t.Context(), f); !errors.Is(err, ErrBusy) {
		t.Errorf("closed twice, a stream has given two places back: %v", err)
	}
}

// Of the relay's environment a program has nothing, and it can't write a file.
func TestAProgramIsConfined(t *testing.T) {
	t.Setenv("VENDOR_API_KEY", "secret")
	s := open(t, with(t, 1, "sh", "-c", "cat >/dev/null; env"), audio.MP3, 24000)
	got := string(finish(t, s))
	if strings.Contains(got, "VENDOR_API_KEY") || !strings.Contains(got, "PATH=") {
		t.Errorf("the environment is %q", got)
	}
	s = open(t, with(t, 1, "sh", "-c", "cat; echo text > file"), audio.MP3, 24000)
	if err := s.Finish(); !errors.Is(err, errFailed) {
		t.Errorf("it writes a file: %v", err)
	}
}
