package tests

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// withProgram adds a provider "local" that runs a shell's script, behind a vendor that refuses everything. The script
// finds the folder in $0.
func withProgram(t *testing.T, dir, script string) *config {
	t.Helper()
	cfg := speaksBy([]string{"down"}, map[string]*vendor{"down": faulty(t, "refuse", emulator.Options{})})
	cfg.Providers["local"] = provider{Adapter: "command", Options: map[string]any{
		"command": []string{"sh", "-c", script, dir, "{voice}"},
	}}
	cfg.Voices["narrator"].IDs["local"] = "en"
	last := cfg.Routes["default"]
	last.Targets = append(last.Targets, target{Provider: "local"})
	cfg.Routes["default"] = last
	return cfg
}

// recorded is a folder with a WAV file of a text.
func recorded(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	file := wavHeader(22050)
	for _, v := range voice.Speak(text, 7, 22050, 1).PCM {
		file = binary.LittleEndian.AppendUint16(file, uint16(v))
	}
	if err := os.WriteFile(filepath.Join(dir, "speech.wav"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAProgramSpeaksWhereNoVendorCan(t *testing.T) {
	t.Parallel()
	dir := recorded(t, twelve)
	c := serve(t, withProgram(t, dir, `cat > "$0/text" && echo "$1" > "$0/voice" && exec cat "$0/speech.wav"`)).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	if m := c.started("g"); m.Provider != "local" {
		t.Errorf("started by %s, want local", m.Provider)
	}
	c.completed("g")
	c.speaks("g", twelve)
	for name, want := range map[string]string{"text": twelve + "\n", "voice": "en\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("the program got %s %q (%v), want %q", name, got, err, want)
		}
	}
}

// A text that looks like an option is text, and a voice that looks like one is none.
func TestNoClientGivesAProgramOptions(t *testing.T) {
	t.Parallel()
	dir := recorded(t, "lazy dog.")
	c := serve(t, withProgram(t, dir, `echo "$#" >> "$0/count"; cat >> "$0/text"; exec cat "$0/speech.wav"`)).dial(t)
	texts := []string{"-f/etc/passwd", "--help me", "$(cat /etc/passwd)", "{voice} {file} {text}"}
	for i, text := range texts {
		id := "g" + string(rune('0'+i))
		c.send(j{"type": "generate", "generation_id": id, "text": text})
		c.completed(id)
	}
	c.send(j{"type": "generate", "generation_id": "raw", "text": "Hello.", "route": "default", "voice": "local/--help"})
	c.failure("raw", "upstream_rejected")
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "path", "text": "Hello.", "route": "default", "voice": "local/-f/etc/passwd"})
	c.refusal(mark, "invalid_request")
	if got, err := os.ReadFile(filepath.Join(dir, "text")); err != nil || string(got) != strings.Join(texts, "\n")+"\n" {
		t.Errorf("the program got %q (%v), want %q a line each", got, err, texts)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "count")); err != nil || string(got) != strings.Repeat("1\n", len(texts)) {
		t.Errorf("numbers of arguments: %q (%v), want 1 each: the voice", got, err)
	}
}

func TestAProviderWithoutItsProgramIsLeftOut(t *testing.T) {
	t.Parallel()
	cfg := withProgram(t, t.TempDir(), "")
	well := emulate(t, emulator.Options{})
	cfg.Providers["well"] = provider{Adapter: "kugelaudio", URL: well.url, APIKey: vendorKey}
	cfg.Voices["narrator"].IDs["well"] = "1071"
	cfg.Providers["local"].Options["command"] = []string{"no-such-program-anywhere", "{voice}"}
	route := cfg.Routes["default"]
	route.Targets = []target{{Provider: "local"}, {"well", "kugel-3"}}
	cfg.Routes["default"] = route
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	if m := c.completed("g"); len(m.Usage.Attempts) != 1 || m.Usage.Attempts[0].Provider != "well" {
		t.Errorf("attempts %+v, want one of the other target", m.Usage.Attempts)
	}
	if log := r.Log.String(); !strings.Contains(log, "providers.local: is left out: its program no-such-program-anywhere is not installed") {
		t.Errorf("no warning:\n%s", log)
	}
}
