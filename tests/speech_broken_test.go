package tests

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// readers are programs that fetch speech as anybody would, each with what it says of a body that broke off.
var readers = map[string]struct {
	needs string // a command that must succeed
	run   string // of the shell: $URL is the relay, $BODY the request, $OUT the file for the audio
	exit  int
}{
	"curl":           {"curl --version", `curl -sf -o "$OUT" -H 'Content-Type: application/json' -d "$BODY" "$URL/v1/speech"`, 18},
	"curl, HTTP/1.0": {"curl --version", `curl -0 -sf -o "$OUT" -H 'Content-Type: application/json' -d "$BODY" "$URL/v1/speech"`, 56},
	"urllib": {"python3 -c ''", `python3 -c '
import os, urllib.request
ask = urllib.request.Request(os.environ["URL"] + "/v1/speech", os.environ["BODY"].encode(), {"Content-Type": "application/json"})
open(os.environ["OUT"], "wb").write(urllib.request.urlopen(ask).read())'`, 1},
	"requests": {"python3 -c 'import requests'", `python3 -c '
import os, requests
got = requests.post(os.environ["URL"] + "/v1/speech", os.environ["BODY"], headers={"Content-Type": "application/json"})
got.raise_for_status()
open(os.environ["OUT"], "wb").write(got.content)'`, 1},
}

// fetched is how a reader's program ended, and what it left.
func fetched(t *testing.T, r *relay, run string) (exit int, file []byte) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.wav")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", run)
	cmd.Env = append(os.Environ(), "URL="+r.url, "OUT="+out, `BODY={"text":"`+twelve+`"}`)
	err := cmd.Run()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	file, _ = os.ReadFile(out) // some leave none where they fail
	return cmd.ProcessState.ExitCode(), file
}

// Speech that breaks off in the middle is an error for every program, not a short file.
func TestEveryProgramSeesThatSpeechBrokeOff(t *testing.T) {
	t.Parallel()
	relays := map[string]*relay{}
	for _, fault := range []string{"drop:600ms", "stall:600ms", "error:600ms", "garbage:600ms"} {
		cfg := speaksByOne(faulty(t, fault, emulator.Options{}))
		alone := cfg.Providers["kugelaudio"]
		alone.Options = map[string]any{"contexts_per_socket": 1} // or one reader's dropped socket is that of others
		cfg.Providers["kugelaudio"] = alone
		relays[fault] = serve(t, cfg.amend("default", func(r *route) { r.StallTimeout = "1s" }))
	}
	well := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for name, reader := range readers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if exec.Command("sh", "-c", reader.needs).Run() != nil {
				t.Skipf("%q fails here", reader.needs)
			}
			for fault, r := range relays {
				if exit, _ := fetched(t, r, reader.run); exit != reader.exit {
					t.Errorf("%s: exit %d, want %d", fault, exit, reader.exit)
				}
			}
			exit, file := fetched(t, well, reader.run)
			if exit != 0 {
				t.Fatalf("without a fault: exit %d", exit)
			}
			hears(t, speech{answer: answer{body: file}}.samples(t, format{"wav", 24000}), 24000, twelve)
		})
	}
}

// So is speech that a relay's stop has cut off.
func TestEveryProgramSeesThatAStopCutSpeechOff(t *testing.T) {
	t.Parallel()
	if exec.Command("curl", "--version").Run() != nil {
		t.Skip("curl is not installed")
	}
	cfg := speaksByOne(emulate(t, emulator.Options{Pace: 1}))
	cfg.ShutdownGrace = "100ms"
	r := serve(t, cfg)
	exits := make(chan int)
	go func() {
		exit, _ := fetched(t, r, strings.Replace(readers["curl"].run, "-sf", "-sfN", 1))
		exits <- exit
	}()
	r.awaitMetric(t, "relay_frame_delay_seconds_count", func(n float64) bool { return n >= 2 })
	r.Terminate()
	if exit := <-exits; exit != 18 {
		t.Errorf("exit %d, want 18", exit)
	}
}

// With length=known a file has the length that it says, and a failure is a status.
func TestSpeechOfKnownLength(t *testing.T) {
	t.Parallel()
	if exec.Command("curl", "--version").Run() != nil {
		t.Skip("curl is not installed")
	}
	run := strings.Replace(readers["curl"].run, "/v1/speech", "/v1/speech?length=known", 1)
	exit, file := fetched(t, serve(t, speaksByOne(emulate(t, emulator.Options{}))), run)
	if exit != 0 || len(file) < 44 || string(file[40:44]) != string(le32(len(file)-44)) || string(file[4:8]) != string(le32(len(file)-8)) {
		t.Fatalf("exit %d, %d bytes, header % x", exit, len(file), file[:min(44, len(file))])
	}
	hears(t, format{"pcm_s16le", 24000}.samples(file[44:]), 24000, twelve)
	if exit, _ := fetched(t, serve(t, speaksByOne(faulty(t, "drop:600ms", emulator.Options{}))), run); exit != 22 {
		t.Errorf("exit %d, want 22 for a status of 502", exit)
	}
}

func le32(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)} }
