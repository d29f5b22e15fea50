package tests

import (
	"bytes"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

func TestCheckNamesEveryFaultWithItsLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	const file = `listen: 127.0.0.1:0
colour: red
providers:
  kugelaudio: {adapter: kugelaudio, url: "ws://127.0.0.1:1", api_key: ka_5ecre7-vend0r-key, warm: many}
routes:
  default:
    targets: [{provider: nobody}]
voices:
  narrator: {ids: {kugelaudio: "1071"}}
limits: {generations_per_minute: -1}
shutdown_grace: soon
`
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"check", "serve"} {
		got := run(t, dir, "", command, "-config", path)
		if got.code != 1 || got.out != "" {
			t.Errorf("%s ends with %d, prints %q", command, got.code, got.out)
		}
		for _, want := range []string{
			":2:", "colour", ":4:", "providers.kugelaudio.warm", ":7:", "nobody", ":10:", "limits.generations_per_minute",
			":11:", "shutdown_grace",
		} {
			if !strings.Contains(got.errout, want) {
				t.Errorf("%s does not mention %q:\n%s", command, want, got.errout)
			}
		}
		if strings.Contains(got.errout, vendorKey) {
			t.Errorf("%s prints a key:\n%s", command, got.errout)
		}
	}
	line := regexp.MustCompile(`(?m)^.*config\.yaml:\d+:\d+: providers\.kugelaudio\.warm: .+$`)
	if got := run(t, dir, "", "check", "-config", path); !line.MatchString(got.errout) {
		t.Errorf("no line of the documented form:\n%s", got.errout)
	}
}

func TestCheckOfAGoodFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, speaksByOne(emulate(t, emulator.Options{})).marshal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, dir, "", "check", "-config", path); got.code != 0 {
		t.Errorf("ends with %d:\n%s", got.code, got.errout)
	}
	if got := run(t, dir, "", "check", "-config", filepath.Join(dir, "none.yaml")); got.code != 1 {
		t.Errorf("a missing file: ends with %d", got.code)
	}
}

// Without keys a relay serves its own machine only: it must not start elsewhere.
func TestWithoutKeysTheRelayListensOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Listen = "0.0.0.0:0"
	if err := os.WriteFile(path, cfg.marshal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"check", "serve"} {
		if got := run(t, dir, "", command, "-config", path); got.code != 1 || !strings.Contains(got.errout, "listen") {
			t.Errorf("%s ends with %d:\n%s", command, got.code, got.errout)
		}
	}
}

// A provider whose key expands to nothing is left out with a warning; the rest serves.
func TestAProviderWithoutItsKeyIsLeftOut(t *testing.T) {
	t.Parallel()
	a, b := emulate(t, emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksBy([]string{"a", "b"}, map[string]*vendor{"a": a, "b": b})
	p := cfg.Providers["a"]
	p.APIKey = "${VOICERELAY_TESTS_UNSET}"
	cfg.Providers["a"] = p
	delete(cfg.Routes, "a") // a route without targets is an error
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	if m := c.started("g"); m.Provider != "b" {
		t.Errorf("started by %s", m.Provider)
	}
	c.completed("g")
	if log := r.Log.String(); !strings.Contains(log, "warn") {
		t.Errorf("no warning:\n%s", log)
	}
}

func TestSayWritesAWAVFile(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for name, tt := range map[string]struct {
		stdin string
		args  []string
	}{
		"argument":       {"", []string{twelve}},
		"standard input": {twelve, nil},
	} {
		path := filepath.Join(t.TempDir(), "out.wav")
		got := run(t, r.dir, tt.stdin, append([]string{"say", "-url", r.url, "-o", path}, tt.args...)...)
		if got.code != 0 {
			t.Fatalf("%s: ends with %d:\n%s", name, got.code, got.errout)
		}
		if !strings.Contains(got.errout+got.out, "kugelaudio") {
			t.Errorf("%s: does not say who spoke:\n%s%s", name, got.out, got.errout)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		heardInFile(t, data, twelve)
	}
	if got := run(t, r.dir, "", "say", "-url", r.url, "-voice", "nobody", "-o", filepath.Join(t.TempDir(), "x.wav"), "hi"); got.code == 0 {
		t.Error("an unknown voice ends with 0")
	}
}

// heardInFile checks that a WAV file, of known length, speaks the words of a text.
func heardInFile(t *testing.T, data []byte, text string) {
	t.Helper()
	le := binary.LittleEndian
	if len(data) < 44 || !bytes.HasPrefix(data, []byte("RIFF")) || le.Uint16(data[22:]) != 1 || le.Uint16(data[34:]) != 16 {
		t.Fatalf("no mono 16-bit WAV file: % x", data[:min(44, len(data))])
	}
	rate := int(le.Uint32(data[24:]))
	if n := int(le.Uint32(data[40:])); n != len(data)-44 {
		t.Errorf("the header says %d bytes of samples, there are %d", n, len(data)-44)
	}
	want := voice.Words(text)
	got, err := voice.Decode(format{"pcm_s16le", rate}.samples(data[44:]), rate, lexicon)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, strings.EqualFold) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func TestDemoSpeaksThroughAllVendors(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	got := run(t, t.TempDir(), "", "demo", "-once")
	t.Logf("the whole demo took %v", time.Since(begun))
	if got.code != 0 {
		t.Fatalf("ends with %d:\n%s%s", got.code, got.out, got.errout)
	}
	for _, want := range []string{
		"relay listening on http://127.0.0.1:", "by kugelaudio", "by uplift", "by vogent", "by together", "by zeligate", "EUR",
		"attempt at refusing: failed (connect_failed)",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the demo does not print %q:\n%s", want, got.out)
		}
	}
}

func TestDemoTakesAFreePortWhere8080IsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:8080")
	if err == nil { // otherwise somebody else has it, which is as good
		t.Cleanup(func() { _ = taken.Close() })
	}
	got := run(t, t.TempDir(), "", "demo", "-once")
	if got.code != 0 || !strings.Contains(got.out, "relay listening on http://127.0.0.1:") || strings.Contains(got.out, ":8080") {
		t.Errorf("ends with %d:\n%s%s", got.code, got.out, got.errout)
	}
}

func TestEmulateServesAnyonesTests(t *testing.T) {
	t.Parallel()
	e := launch(t, t.TempDir(), "emulate", "-vendor", "kugelaudio", "-listen", "127.0.0.1:0", "-key", vendorKey)
	cfg := speaksByOne(&vendor{adapter: "kugelaudio", url: e.url})
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	c.completed("g")
}

func TestUnknownCommandsAndFlagsAreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if got := run(t, dir, "", "fly"); got.code == 0 || !strings.Contains(got.errout, "serve") {
		t.Errorf("an unknown command ends with %d:\n%s", got.code, got.errout)
	}
	if got := run(t, dir, "", "serve", "-colour", "red"); got.code == 0 {
		t.Error("an unknown flag ends with 0")
	}
}
