package voice

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// pretendPython puts a program in the place of Python.
func pretendPython(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

// The program answers each text with how many bytes of samples follow.
func TestHibariSpeaks(t *testing.T) {
	pretendPython(t, `printf '\000\000\000\000'; while read -r line; do printf '\004\000\000\000\001\000\002\000'; done`)
	h, err := StartHibari()
	if err != nil {
		t.Skip("no shell can stand for Python here: ", err)
	}
	for range 2 {
		spoken, err := h.Speak(t.Context(), "One two.", hibariRate, 1)
		if err != nil || !slices.Equal(spoken.PCM, []int16{1, 2}) || len(spoken.Words) != 2 {
			t.Errorf("got %+v, %v", spoken, err)
		}
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if _, err := h.Speak(t.Context(), "One.", hibariRate, 1); err == nil {
		t.Error("it speaks after its end")
	}
}

func TestHibariIsNotThere(t *testing.T) {
	t.Run("no Python", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := StartHibari(); err == nil {
			t.Error("started")
		}
	})
	for name, script := range map[string]string{
		"no package": "exit 1", "no end": `printf '\377\377\377\377'; while read -r line; do :; done`,
	} {
		t.Run(name, func(t *testing.T) {
			pretendPython(t, script)
			if _, err := StartHibari(); err == nil {
				t.Error("started")
			}
		})
	}
}

// The voice itself, where it is installed.
func TestHibariItself(t *testing.T) {
	h, err := StartHibari()
	if err != nil {
		t.Skip(err)
	}
	spoken, err := h.Speak(t.Context(), "Hello from the relay.", 16000, 1)
	if seconds := float64(len(spoken.PCM)) / 16000; err != nil || seconds < 0.7 || seconds > 3 {
		t.Errorf("%.1f s of speech, %v", seconds, err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}
