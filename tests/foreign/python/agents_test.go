package python_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/foreign/packages"
	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// What the stories of agents.py say.
const (
	agentRate    = 24000 // hertz, of all that they ask for
	agentFirst   = "One two three. Four five six."
	agentSecond  = "Seven eight nine ten eleven twelve."
	agentMost    = 40 * time.Second // of some sixty that are interrupted at their beginning: a busy machine takes its time
	agentHalting = "One two three four five six. Seven eight nine ten eleven twelve."
)

// told is a line of a story's.
type told struct {
	Story  string `json:"story"`
	Turn   string `json:"turn"`
	Audio  string `json:"audio"`
	Words  []word `json:"words"`
	Ended  bool   `json:"ended"`
	Failed string `json:"failed"`
	Note   any    `json:"note"`
}

// word is a word with its time, in seconds of its turn's audio.
type word struct {
	Text       string
	Start, End float64
}

// agentStory is what a client does before a vendor, and what comes of it.
type agentStory struct {
	name    string // vendor/story
	options emulator.Options
	quirks  []string
	judge   func(*testing.T, *emulator.Server, agentTurns)
}

// agentTurns are what was told of a story, by turn.
type agentTurns map[string][]told

// whole wants a turn to be heard to its end.
func (all agentTurns) whole(t *testing.T, turn, text string) {
	t.Helper()
	says(t, all.sound(t, turn), agentRate, text)
	if !slices.ContainsFunc(all[turn], func(l told) bool { return l.Ended }) {
		t.Errorf("%s has not ended in order: %s", turn, all.failure(turn))
	}
}

func (all agentTurns) sound(t *testing.T, turn string) (raw []byte) {
	t.Helper()
	for _, l := range all[turn] {
		data, err := base64.StdEncoding.DecodeString(l.Audio)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, data...)
	}
	return raw
}

// failure is why a turn has failed; empty: it has not.
func (all agentTurns) failure(turn string) string {
	for _, l := range all[turn] {
		if l.Failed != "" {
			return l.Failed
		}
	}
	return ""
}

// timed wants all words of a turn to have times at which one hears them.
func (all agentTurns) timed(t *testing.T, turn, text string) {
	t.Helper()
	var words []word
	for _, l := range all[turn] {
		for _, w := range l.Words {
			if len(voice.Words(w.Text)) > 0 { // spaces and signs may be told too
				words = append(words, w)
			}
		}
	}
	heard, err := voice.Locate(samplesOf(all.sound(t, turn)), agentRate, voice.Words(text))
	if err != nil || len(heard) != len(words) {
		t.Fatalf("%s: %d words are told, %d heard, %v", turn, len(words), len(heard), err)
	}
	for i, w := range words {
		const margin = 0.08
		if voice.Words(w.Text)[0] != heard[i].Text || math.Abs(w.Start-heard[i].Start.Seconds()) > margin {
			t.Errorf("%s: told %q at %v, heard %q at %v", turn, w.Text, w.Start, heard[i].Text, heard[i].Start)
		}
	}
}

// speaks wants the turn to be whole.
func speaks(t *testing.T, _ *emulator.Server, all agentTurns) {
	t.Helper()
	all.whole(t, "t1", agentFirst)
}

// speaksInTime wants the turn to be whole, with the times of its words.
func speaksInTime(t *testing.T, _ *emulator.Server, all agentTurns) {
	t.Helper()
	all.whole(t, "t1", agentFirst)
	all.timed(t, "t1", agentFirst)
}

// speaksTwice wants two turns, on so many sockets, perhaps with the times of the second's words.
func speaksTwice(sockets int, timed bool) func(*testing.T, *emulator.Server, agentTurns) {
	return func(t *testing.T, server *emulator.Server, all agentTurns) {
		all.whole(t, "t1", agentFirst)
		all.whole(t, "t2", agentSecond)
		if timed {
			all.timed(t, "t2", agentSecond)
		}
		if got := server.Stats().Sockets; got != sockets {
			t.Errorf("%d sockets, want %d", got, sockets)
		}
	}
}

// interrupts wants the first turn to have been cancelled at the vendor, which then generates no more of it, and the second to be whole.
func interrupts(t *testing.T, server *emulator.Server, all agentTurns) {
	t.Helper()
	all.whole(t, "t2", agentSecond)
	st := server.Stats()
	if len(st.Cancels) != 1 || st.Streams[0].Audio > agentMost || !st.Streams[0].Over {
		t.Errorf("%d cancels, and %v of audio were generated", len(st.Cancels), st.Streams[0].Audio)
	}
}

// fails wants the caller to be told of a failure, in which something stands.
func fails(with string) func(*testing.T, *emulator.Server, agentTurns) {
	return func(t *testing.T, _ *emulator.Server, all agentTurns) {
		if got := all.failure("t1"); got == "" || !strings.Contains(got, with) {
			t.Errorf("failed: %q, want %q", got, with)
		}
	}
}

// faulty are the options of a vendor with a fault.
func faulty(t *testing.T, fault string) emulator.Options {
	t.Helper()
	f, err := emulator.ParseFault(fault)
	if err != nil {
		t.Fatal(err)
	}
	return emulator.Options{Fault: f}
}

func TestAgentsSpeakToTheirVendors(t *testing.T) {
	// A process each: all of them in one would starve each other on a busy machine.
	for vendor, stories := range map[string][]agentStory{
		"soniox": sonioxStories(t), "inworld": inworldStories(t), "assemblyai": assemblyAIStories(t),
	} {
		t.Run(vendor, func(t *testing.T) {
			t.Parallel()
			playStories(t, stories)
		})
	}
}

// playStories has one process play stories side by side, for it takes longer to load its packages than to play. On a busy machine more
// than some thirty would come too late for those that interrupt.
func playStories(t *testing.T, stories []agentStory) {
	t.Helper()
	list, err := os.ReadFile("agents.txt")
	if err != nil {
		t.Fatal(err)
	}
	python, err := packages.Python(list)
	process.Need(t, err)
	servers := make(map[string]*emulator.Server)
	script, err := filepath.Abs("agents.py")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-P", script, key}
	for _, s := range stories {
		vendor, _, _ := strings.Cut(s.name, "/")
		server, address := start(t, vendor, s.options, s.quirks...)
		servers[s.name] = server
		args = append(args, s.name+"="+address)
	}
	all := make(map[string]agentTurns)
	lines := bufio.NewScanner(bytes.NewReader(run(t, t.TempDir(), []string{"PYTHONPYCACHEPREFIX=" + packages.Compiled(python)}, append([]string{python}, args...)...)))
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var l told
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%.200s: %v", lines.Text(), err)
		}
		if all[l.Story] == nil {
			all[l.Story] = make(agentTurns)
		}
		all[l.Story][l.Turn] = append(all[l.Story][l.Turn], l)
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			s.judge(t, servers[s.name], all[s.name])
			if t.Failed() {
				t.Logf("turns %v, %s", slices.Sorted(maps.Keys(all[s.name])), servers[s.name].Quirks())
			}
		})
	}
}

func sonioxStories(t *testing.T) []agentStory {
	t.Helper()
	return []agentStory{
		{"soniox/speak-with", emulator.Options{}, []string{"times:with", "oddChunks:true", "endWithAudio:true", "limit:none"}, speaks},
		{"soniox/speak-after", emulator.Options{}, []string{"times:after", "timesAtOnce:true", "endAtOnce:true", "limit:none"}, speaks},
		{"soniox/tokens", emulator.Options{}, []string{"hold:stream", "spellsNumbers:true", "limit:none"}, speaks},
		{"soniox/turns", emulator.Options{Pace: 8}, []string{"limit:sockets"}, speaksTwice(1, false)},
		{"soniox/beside", emulator.Options{Pace: 8}, []string{"limit:streams"}, speaksTwice(1, false)},
		{"soniox/interrupt", emulator.Options{Pace: 1}, []string{"limit:none", "lateFrames:2"}, interrupts},
		{"soniox/halting", emulator.Options{}, []string{"limit:none", "endAtOnce:false"}, func(t *testing.T, server *emulator.Server, all agentTurns) {
			all.whole(t, "t1", agentHalting)
			if st := server.Stats(); st.Sockets != 1 || len(st.Streams) != 2 {
				t.Errorf("%d streams on %d sockets, want two on one", len(st.Streams), st.Sockets)
			}
		}},
		{"soniox/halting-killed", emulator.Options{Inactivity: 200 * time.Millisecond}, []string{"hold:stream", "killTells:false", "limit:none"}, fails("terminated without")},
		{"soniox/halting-told", emulator.Options{Inactivity: 200 * time.Millisecond}, []string{"hold:stream", "killTells:true", "limit:none"}, fails("408")},
		{"soniox/fails", faulty(t, "error:503"), []string{"limit:none"}, fails("503")},
		{"soniox/wrong-key", emulator.Options{}, []string{"keyErrorsAll:false"}, fails("401")},
		{"soniox/sdk", emulator.Options{Pace: 1}, []string{"limit:none"}, func(t *testing.T, server *emulator.Server, all agentTurns) {
			for turn, text := range map[string]string{"t1": agentFirst, "t2": agentSecond} {
				all.whole(t, turn, text)
				all.timed(t, turn, text)
			}
			all.whole(t, "t4", agentFirst)
			if st := server.Stats(); len(st.Cancels) != 1 || st.Streams[2].Audio > agentMost || !st.Streams[2].Over {
				t.Errorf("%d cancels, and %v of audio were generated", len(st.Cancels), st.Streams[2].Audio)
			}
		}},
	}
}

func inworldStories(t *testing.T) []agentStory {
	t.Helper()
	// Times of a turn of several generations are not looked at: the plugin lets a generation begin at the last word's end of the one
	// before, where the audio ends later.
	return []agentStory{
		{"inworld/speak", emulator.Options{}, []string{"limited:true", "oddChunks:true", "timesAlone:true"}, speaks},
		{"inworld/speak-2", emulator.Options{}, []string{"limited:true", "oddChunks:false", "timesAlone:false", "emptyFlush:true"}, speaks},
		{"inworld/tokens", emulator.Options{}, []string{"limited:true", "running:true"}, speaks},
		{"inworld/tokens-2", emulator.Options{}, []string{"limited:true", "running:false", "closeMarks:true"}, speaks},
		{"inworld/turns", emulator.Options{Pace: 8}, []string{"limited:true", "timesAlone:true"}, speaksTwice(1, true)},
		{"inworld/beside", emulator.Options{Pace: 8}, []string{"limited:true", "serial:true"}, speaksTwice(1, true)},
		{"inworld/interrupt", emulator.Options{Pace: 1}, []string{"cancels:closes", "lateFrames:2", "serial:true"}, interrupts},
		{"inworld/interrupt-2", emulator.Options{Pace: 1}, []string{"cancels:closes", "serial:false"}, interrupts},
		{"inworld/interrupt-unknown", emulator.Options{Pace: 1}, []string{"cancels:unknown", "serial:false"}, func(t *testing.T, server *emulator.Server, all agentTurns) {
			all.whole(t, "t2", agentSecond)
			if st := server.Stats(); len(st.Cancels) != 1 {
				t.Errorf("%d cancels, want one", len(st.Cancels))
			}
		}},
		{"inworld/fails", faulty(t, "error:8"), []string{"failureCloses:false"}, fails("Inworld error")},
		{"inworld/fails-closed", faulty(t, "error:13"), []string{"failureCloses:true"}, fails("Inworld error")},
		{"inworld/wrong-key", emulator.Options{}, []string{"badKeyInBand:false"}, fails("APIConnectionError")},
	}
}

func assemblyAIStories(t *testing.T) []agentStory {
	t.Helper()
	return []agentStory{
		{"assemblyai/speak", emulator.Options{}, []string{"limited:true", "wordsLate:false", "oddChunks:true"}, speaksInTime},
		{"assemblyai/speak-late", emulator.Options{}, []string{"limited:true", "wordsLate:true", "early:1"}, speaksInTime},
		{"assemblyai/tokens", emulator.Options{}, []string{"limited:true", "wordsEnglish:true"}, speaksInTime},
		{"assemblyai/turns", emulator.Options{Pace: 8}, []string{"limited:true"}, speaksTwice(1, true)},
		{"assemblyai/beside", emulator.Options{Pace: 8}, []string{"limited:true"}, speaksTwice(2, true)},
		{"assemblyai/interrupt", emulator.Options{Pace: 1}, []string{"lateFrames:2", "billsCancelled:false"}, interrupts},
		{"assemblyai/fails", faulty(t, "error:3005"), nil, fails("3005")},
		{"assemblyai/wrong-key", emulator.Options{}, nil, fails("1008")},
		{"assemblyai/sdk", emulator.Options{Pace: 4}, []string{"lateFrames:2", "billsCancelled:true", "early:1"}, func(t *testing.T, server *emulator.Server, all agentTurns) {
			all.whole(t, "t1", agentFirst)
			all.whole(t, "t2", agentSecond)
			all.whole(t, "t4", agentFirst)
			var words []string
			for _, l := range all["b0"] {
				for _, w := range l.Words {
					words = append(words, w.Text)
				}
			}
			if got := strings.Join(words, " "); got != agentFirst {
				t.Errorf("the boundaries are of %q", got)
			}
			if len(all["t3"]) < 2 || len(server.Stats().Cancels) != 1 {
				t.Errorf("a cancel was answered by %v", all["t3"])
			}
			billed := int64(0)
			for _, s := range server.Stats().Streams {
				billed += s.Charge
			}
			const micros = 30 // a character's
			if all["end"] == nil || all["end"][0].Note != float64(billed/micros) {
				t.Errorf("the session has %v characters, %d were charged", all["end"], billed/micros)
			}
		}},
	}
}
