package python_test

import (
	"slices"
	"testing"

	"voicerelay/upstream/emulator"
)

func TestMoreAgentsSpeakToTheirVendors(t *testing.T) {
	playStories(t, slices.Concat(fishStories(t), miniMaxStories(t), rimeStories(t)))
}

func rimeStories(t *testing.T) []agentStory {
	t.Helper()
	return []agentStory{
		{"rime/speak", emulator.Options{}, []string{"startedLate:true", "oddChunks:true"}, speaks},
		{"rime/speak-mulaw", emulator.Options{}, []string{"oddChunks:false"}, speaks},
		{"rime/tokens", emulator.Options{}, []string{"startedLate:false", "contexts:16"}, speaks},
		{"rime/turns", emulator.Options{Pace: 8}, nil, speaksTwice(1, false)},
		{"rime/beside", emulator.Options{Pace: 8}, nil, speaksTwice(2, false)},
		{"rime/interrupt", emulator.Options{Pace: 1}, []string{"lateFrames:2"}, interruptsOn(1)}, // a confirmed cancel keeps the socket
		{"rime/interrupt-early", emulator.Options{Pace: 1}, []string{"lateFrames:0", "startedLate:true"}, interruptsOn(1)},
		{"rime/fails", faulty(t, "error:resource_exhausted"), nil, fails("429")},
		{"rime/fails-session", faulty(t, "error:unavailable:session"), nil, fails("503")},
		{"rime/wrong-key", emulator.Options{}, []string{"authInContext:false"}, fails("401")},
		{"rime/wrong-key-told", emulator.Options{}, []string{"authInContext:true"}, fails("401")},
		{"rime/speak-ws3", emulator.Options{}, []string{"words:before", "oddChunks:true"}, speaksInTime},
		{"rime/tokens-ws3", emulator.Options{}, []string{"words:after", "tag:sent"}, speaksInTime},
		{"rime/turns-ws3", emulator.Options{Pace: 8}, []string{"words:among"}, speaksTwice(1, true)},
		{"rime/interrupt-ws3", emulator.Options{Pace: 1}, nil, interruptsOn(2)}, // nothing but closing the socket stops it
		{"rime/fails-ws3", faulty(t, "error:overloaded"), nil, fails("Rime WebSocket request failed")},
		{"rime/wrong-key-ws3", emulator.Options{}, []string{"authInContext:false"}, fails("401")},
	}
}

// LiveKit's plugin and the SDK speak the socket without times alone. The plugin keeps a socket for its next turn, which the vendor has
// closed by then, so that this needs a second try.
func fishStories(t *testing.T) []agentStory {
	t.Helper()
	return []agentStory{
		{"fish/speak", emulator.Options{}, []string{"limit:none", "oddChunks:true", "splits:true"}, speaks},
		{"fish/tokens", emulator.Options{}, []string{"limit:start", "emptyFrames:true", "closeCode:1001"}, speaks},
		{"fish/again", emulator.Options{Pace: 8}, []string{"limit:upgrade", "closeCode:1000"}, speaksTwice(2, false)},
		{"fish/interrupt", emulator.Options{Pace: 1}, []string{"limit:none"}, interruptsOn(2)},
		{"fish/fails", faulty(t, "error:finish"), []string{"limit:none"}, fails("Fish Audio TTS reported an error")},
		{"fish/fails-concurrency", faulty(t, "error:concurrency"), []string{"limit:none"}, fails("closed unexpectedly")},
		{"fish/wrong-key", emulator.Options{}, []string{"keyAtUpgrade:true"}, fails("401")},
		{"fish/wrong-key-told", emulator.Options{}, []string{"keyAtUpgrade:false"}, fails("closed unexpectedly")},
		{"fish/sdk", emulator.Options{}, []string{"limit:none", "keyAtUpgrade:true"}, func(t *testing.T, server *emulator.Server, all agentTurns) {
			all.whole(t, "t1", agentFirst)
			all.whole(t, "t2", agentSecond)
			if all.failure("t3") == "" {
				t.Error("a wrong key was taken")
			}
			const micros = 15 // a byte's
			if st := server.Stats(); len(st.Streams) != 2 || st.Streams[0].Charge != int64(len(agentFirst))*micros {
				t.Errorf("charged for %+v", st.Streams)
			}
		}},
	}
}

// LiveKit's plugin speaks the older socket alone.
func miniMaxStories(t *testing.T) []agentStory {
	t.Helper()
	return []agentStory{
		{"minimax/speak", emulator.Options{}, []string{"finalAlone:true", "extra:final", "oddChunks:true"}, speaks},
		{"minimax/tokens", emulator.Options{}, []string{"finalAlone:false", "extra:every"}, speaks},
		{"minimax/turns", emulator.Options{Pace: 8}, nil, speaksTwice(2, false)},
		{"minimax/interrupt", emulator.Options{Pace: 1}, nil, func(t *testing.T, server *emulator.Server, all agentTurns) {
			all.whole(t, "t2", agentSecond)
			if st := server.Stats(); st.Streams[0].Audio > agentMost || !st.Streams[0].Over {
				t.Errorf("%v of audio were generated", st.Streams[0].Audio)
			}
		}},
		{"minimax/fails", faulty(t, "error:1002"), nil, fails("MiniMax error [1002]")},
		{"minimax/wrong-key", emulator.Options{}, []string{"badKey:upgrade"}, fails("401")},
		{"minimax/wrong-key-told", emulator.Options{}, []string{"badKey:start"}, fails("MiniMax error [1004]")},
	}
}

// interruptsOn is interrupts on so many sockets.
func interruptsOn(sockets int) func(*testing.T, *emulator.Server, agentTurns) {
	return func(t *testing.T, server *emulator.Server, all agentTurns) {
		interrupts(t, server, all)
		if got := server.Stats().Sockets; got != sockets {
			t.Errorf("%d sockets, want %d", got, sockets)
		}
	}
}
