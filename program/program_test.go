package program

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

func TestAProgramSaysHowItEnded(t *testing.T) {
	l := launch(t)
	for script, want := range map[string]string{"printf out": "", "exit 3": "exit status 3", "kill -SEGV $$": "signal: segmentation fault"} {
		p := start(t.Context(), t, l, "sh", "-c", script)
		out, err := io.ReadAll(p.Out)
		if err != nil || want == "" && string(out) != "out" {
			t.Errorf("%s: %q, %v", script, out, err)
		}
		got := ""
		if err := p.End(t.Context()); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", script, got, want)
		}
	}
}

func TestAFolderGoesWithItsProgram(t *testing.T) {
	l := launch(t)
	p := start(t.Context(), t, l, "sh", "-c", "touch left; pwd")
	out, err := io.ReadAll(p.Out)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(strings.TrimSpace(string(out))); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", bytes.TrimSpace(out), err)
	}
}

func TestAnEndedContextKillsTheProgram(t *testing.T) {
	l := launch(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := start(ctx, t, l, "sh", "-c", "sleep 1000 & sleep 1000")
	cancel()
	if err := p.End(t.Context()); err == nil {
		t.Error("a killed program ended well")
	}
}

func TestAProgramThatIsNotThereIsNotRun(t *testing.T) {
	l := launch(t)
	if _, err := Command(t.Context(), folder(t, l), "/nowhere/no-such-program"); err == nil {
		t.Error("it is found")
	}
}
