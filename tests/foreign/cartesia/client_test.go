// Package cartesia_test lets the client of Cartesia that voice agents are built with, which is not ours, speak to
// the emulator of Cartesia: what both sides of this project might misread of that protocol alike, it would not.
package cartesia_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

const (
	installTime = 5 * time.Minute
	storyTime   = time.Minute
	key         = "sk_car_test"
	rate        = 24000 // hertz
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// install installs the client once, at the versions that package-lock.json pins.
var install = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

// needClient skips a test where the client can't run, and fails it where it can't be installed.
func needClient(t *testing.T) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	if err := install(); err != nil {
		t.Fatal(err)
	}
}

// noticed is a line of the client's.
type noticed struct {
	ID    string `json:"id"` // of a turn
	Audio string `json:"audio"`
	Ended bool   `json:"ended"`
}

// start starts an emulator whose seed has drawn what is asked for, as name:value.
func start(t *testing.T, o emulator.Options, quirks ...string) (server *emulator.Server, base string) {
	t.Helper()
	needClient(t)
	o.APIKey = key
	for o.Seed = range uint64(1000) {
		var err error
		if server, err = emulator.New("cartesia", o); err != nil {
			t.Fatal(err)
		}
		drawn := strings.FieldsFunc(server.Quirks(), func(r rune) bool { return strings.ContainsRune("{} ", r) })
		if slices.ContainsFunc(quirks, func(q string) bool { return !slices.Contains(drawn, q) }) {
			continue
		}
		if base, err = server.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		return server, base
	}
	t.Fatalf("no seed draws %v", quirks)
	return nil, ""
}

// play plays a story and returns what the client noticed. What its libraries print besides is no JSON.
func play(t *testing.T, base, story string) []noticed {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), storyTime)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "client.js", base, key, story)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%.2000s\n%.4000s", story, err, stdout.String(), stderr.String())
	}
	var all []noticed
	lines := bufio.NewScanner(&stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var n noticed
		if json.Unmarshal(lines.Bytes(), &n) == nil {
			all = append(all, n)
		}
	}
	return all
}

// words hears what was said.
func words(t *testing.T, all []noticed, id, text string) []string {
	t.Helper()
	var raw []byte
	for _, n := range all {
		if n.ID != id {
			continue
		}
		frame, err := base64.StdEncoding.DecodeString(n.Audio)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, frame...)
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	got, err := voice.Decode(pcm, rate, voice.Words(text))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Two turns on one socket, a context each.
func TestSpeaks(t *testing.T) {
	server, base := start(t, emulator.Options{}, "limited:false", "words:before")
	all := play(t, base, "speak")
	for id, text := range map[string]string{"t1": "One two three. Four five six.", "t2": "Seven eight nine ten eleven twelve."} {
		if got, want := words(t, all, id, text), voice.Words(text); !slices.Equal(got, want) {
			t.Errorf("%s: heard %q, want %q", id, got, want)
		}
	}
	if !server.WaitFor(func(s emulator.Stats) bool { return s.OpenContexts == 0 && s.OpenSockets == 0 }, 10*time.Second) {
		t.Error("the client's end was not noticed")
	}
	if got := server.Stats(); got.Sockets != 1 || len(got.Streams) != 2 {
		t.Errorf("got %d sockets and %d contexts, want both turns on one socket", got.Sockets, len(got.Streams))
	}
}
