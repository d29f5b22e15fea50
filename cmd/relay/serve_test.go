package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/config"
)

const toneFile = `
listen: 127.0.0.1:0
providers: {tone: {adapter: tone}}
routes: {default: {targets: [{provider: tone}]}}
voices: {narrator: {language: en, ids: {tone: low}}}
shutdown_grace: 1s
ledger: {path: %q}
`

// serveTone runs a relay that speaks in tones, until the test ends.
func serveTone(t *testing.T) *process {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, toneFile, filepath.Join(dir, "ledger.db")), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, err := config.Load(path, configEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	p, err := start(t.Context(), s, zerolog.Nop(), extras{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop.run(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

func TestSayWritesAFile(t *testing.T) {
	p := serveTone(t)
	out := filepath.Join(t.TempDir(), "out.wav")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"say", "-url", p.url, "-o", out, "Hello", "there."}, stdio{out: &stdout, err: &stderr})
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	format, samples, err := audio.ReadWAV(f)
	if err != nil || format.Rate != speechRate || len(samples) < speechRate/10 {
		t.Errorf("file: %v, %d bytes, %v", format, len(samples), err)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "completed, by tone, first audio after ") {
		t.Errorf("report: got %q", got)
	}
}

func TestSayStreamsStandardInput(t *testing.T) {
	p := serveTone(t)
	var stdout, stderr bytes.Buffer
	in := iotest.OneByteReader(strings.NewReader("Schöne Grüße, 你好, from a stream of single bytes."))
	if code := run(t.Context(), []string{"say", "-url", p.url}, stdio{in: in, out: &stdout, err: &stderr}); code != exitOK {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	if _, samples, err := audio.ReadWAV(&stdout); err != nil || len(samples) == 0 {
		t.Errorf("standard output: %d bytes of audio, %v", len(samples), err)
	}
}

func TestSayTellsWhatWentWrong(t *testing.T) {
	p := serveTone(t)
	tests := map[string]struct {
		args []string
		want string
	}{
		"no relay":      {[]string{"-url", "http://127.0.0.1:1", "x"}, "connection refused"},
		"unknown voice": {[]string{"-url", p.url, "-voice", "nobody", "x"}, "unknown_voice"},
		"bad directory": {[]string{"-url", p.url, "-o", "/nowhere/out.wav", "x"}, "no such file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			code := run(t.Context(), append([]string{"say"}, test.args...), stdio{out: io.Discard, err: &stderr})
			if code != exitFault || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("exit %d: %s", code, &stderr)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":         {nil, exitUsage, "usage:"},
		"unknown command": {[]string{"fly"}, exitUsage, `unknown command "fly"`},
		"help":            {[]string{"help"}, exitOK, "demo"},
		"flag help":       {[]string{"serve", "-h"}, exitOK, "config"},
		"unknown flag":    {[]string{"serve", "-fly"}, exitUsage, "fly"},
		"extra argument":  {[]string{"check", "x"}, exitUsage, "unexpected argument"},
		"unknown vendor":  {[]string{"emulate", "-vendor", "nobody"}, exitUsage, "no emulator"},
		"unknown fault":   {[]string{"emulate", "-fault", "nonsense"}, exitUsage, "unknown fault"},
		"no file":         {[]string{"serve", "-config", "/nowhere.yaml"}, exitFault, "/nowhere.yaml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var both bytes.Buffer
			if code := run(t.Context(), test.args, stdio{in: strings.NewReader(""), out: &both, err: &both}); code != test.code {
				t.Errorf("exit %d, want %d", code, test.code)
			}
			if !strings.Contains(both.String(), test.want) {
				t.Errorf("got %q, want %q in it", both.String(), test.want)
			}
		})
	}
}
