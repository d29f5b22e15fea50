// Package elevenlabs_test lets the client of ElevenLabs that voice agents are built with, which is not ours, speak to
// the emulator of ElevenLabs: what both sides of this project might misread of that protocol alike, it would not.
package elevenlabs_test

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
	key         = "sk_test"
	rate        = 22050 // hertz, of the client's default format
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
	ID     string `json:"id"` // of a turn
	Audio  string `json:"audio"`
	Words  []word `json:"words"`
	Ended  bool   `json:"ended"`
	Failed string `json:"failed"`
}

// word is a word whose time the client has told.
type word struct {
	Text string `json:"text"`
}

// start starts an emulator whose seed has drawn what is asked for, as name:value.
func start(t *testing.T, o emulator.Options, quirks ...string) (server *emulator.Server, base string) {
	t.Helper()
	needClient(t)
	o.APIKey = key
	for o.Seed = range uint64(1000) {
		var err error
		if server, err = emulator.New("elevenlabs", o); err != nil {
			t.Fatal(err)
		}
		drawn := strings.Fields(strings.Trim(server.Quirks(), "{}"))
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

// spoke wants a turn to have been heard, and all of its words to have times. What the times are is not looked at: the
// client takes those of every frame for times since the turn's first, and the vendor means others.
func spoke(t *testing.T, all []noticed, id, text string) {
	t.Helper()
	var raw []byte
	var timed []word
	ended := false
	for _, n := range all {
		if n.ID != id {
			continue
		}
		frame, err := base64.StdEncoding.DecodeString(n.Audio)
		if err != nil {
			t.Fatal(err)
		}
		raw, timed, ended = append(raw, frame...), append(timed, n.Words...), ended || n.Ended
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	got, err := voice.Decode(pcm, rate, voice.Words(text))
	if want := voice.Words(text); err != nil || !slices.Equal(got, want) || !ended {
		t.Errorf("%s: heard %q, %v, to its end %t, want %q", id, got, err, ended, want)
	}
	told := ""
	for _, w := range timed {
		told += w.Text
	}
	if got, want := voice.Words(told), voice.Words(text); !slices.Equal(got, want) {
		t.Errorf("%s: the words %q have times, want %q", id, got, want)
	}
}

// Turns one after the other, and two at once, in each spelling of what names a context.
func TestSpeaks(t *testing.T) {
	const first, second = "One two three. Four five six.", "Seven eight nine ten eleven twelve."
	tests := map[string]struct {
		quirks []string
		first  string
	}{
		"speak":    {[]string{"contextKey:contextId", "normalized:true", "flushDone:true", "alignWhole:false"}, first},
		"together": {[]string{"contextKey:context_id", "normalized:true", "finalKey:both", "alignWhole:true"}, "One two three four five six."},
	}
	for story, tt := range tests {
		server, base := start(t, emulator.Options{}, tt.quirks...)
		all := play(t, base, story)
		spoke(t, all, "t1", tt.first)
		spoke(t, all, "t2", second)
		if !server.WaitFor(func(s emulator.Stats) bool { return s.OpenContexts == 0 && s.OpenSockets == 0 }, 10*time.Second) {
			t.Errorf("%s: the client's end was not noticed", story)
		}
		if got := server.Stats(); got.Sockets != 1 || len(got.Streams) != 2 {
			t.Errorf("%s: got %d sockets and %d contexts, want both turns on one socket", story, got.Sockets, len(got.Streams))
		}
	}
}

// Turns that are broken off have their contexts closed. The client may flush one behind that, by which it opens another
// of the same id, and leaves it: five of those are more than a socket bears, as its users have found.
func TestBrokenOffTurnsAreClosed(t *testing.T) {
	server, base := start(t, emulator.Options{}, "normalized:true", "alignWhole:true")
	all := play(t, base, "interrupt")
	spoke(t, all, "t1", "One two three.")
	closed, spoken := make(map[string]bool), 0
	for _, c := range server.Stats().Cancels {
		closed[c.ID] = true
	}
	for _, s := range server.Stats().Streams {
		if len(s.Texts) == 0 {
			continue // the one behind the close
		}
		if spoken++; !closed[s.ID] {
			t.Errorf("context %s was never closed", s.ID)
		}
	}
	if spoken != 4 {
		t.Errorf("got %d contexts with text, want 4", spoken)
	}
}

// The end of a socket by an error reaches the client's caller.
func TestErrorIsTold(t *testing.T) {
	_, base := start(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.ErrorFrame, Name: "quota_exceeded"}})
	all := play(t, base, "fail")
	if !slices.ContainsFunc(all, func(n noticed) bool { return n.Failed != "" }) {
		t.Errorf("got %+v", all)
	}
}
