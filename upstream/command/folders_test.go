package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"voicerelay/upstream"
)

func TestWhatAKilledRelayLeftIsTakenAway(t *testing.T) {
	root := t.TempDir()
	cfg := running("true")
	cfg.Folder = root
	for _, name := range []string{"programs-1/piece-1", "programs-2", "other"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "programs-1/piece-1/text"), []byte("what was said"), 0o600); err != nil {
		t.Fatal(err)
	}
	running := provide(t, cfg) // another relay's, on the same folder
	kept, err := running.runner.launcher.Folder()
	if err != nil {
		t.Fatal(err)
	}
	provide(t, cfg).Warm(context.Background())
	for name, want := range map[string]bool{"programs-1": false, "programs-2": false, "other": true} {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("%s: %v, want it to be there: %v", name, err, want)
		}
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the folder of a relay that runs: %v", err)
	}
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestFilesOfTheRelaysFolderAreNotNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("models", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("models/en.onnx", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := filepath.Abs("models/en.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arg, voice string
		want       bool
	}{
		{"models/en.onnx", voice, false},
		{voiceMark, "models/en.onnx", false},
		{"models/" + voiceMark, "en.onnx", false},
		{whole, voice, true},
		{voiceMark, whole, true},
		{"models", voice, true}, // a word, for all that is known
		{"s/a/b/", voice, true},
	} {
		cfg := running("espeak-ng", c.arg)
		p, err := open(cfg, upstream.Env{Voices: []string{c.voice}})
		if (err == nil) != c.want {
			t.Errorf("%s with voice %s: %v", c.arg, c.voice, err)
		}
		if err == nil {
			err = p.Close()
		} else if !strings.Contains(err.Error(), "command[1]") {
			t.Errorf("%v does not say where", err)
		} else {
			err = nil
		}
		if err != nil {
			t.Error(err)
		}
	}
}
