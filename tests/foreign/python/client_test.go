package python_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"voicerelay/upstream/emulator"
)

const (
	clientRate = 24000 // hertz
	clientText = "One two three four five six. Seven eight nine ten eleven twelve."
)

// beside puts the client that is shipped into a folder, where a program finds it.
func beside(t *testing.T, dir string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(dir, "voicerelay"), os.DirFS("../../../clients/python/voicerelay")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"line.py", "client.py", "odd.py", "plugin.py"} {
		data, err := os.ReadFile(path)
		if err == nil && filepath.Base(path) == "client.py" {
			path = "program.py"
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(path)), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// scene runs a scene of client.py against an address, and returns its folder and what it told.
func scene(t *testing.T, name, address string) (dir string, told []map[string]any) {
	t.Helper()
	return sceneOf(t, name, address, clientText)
}

func sceneOf(t *testing.T, name, address, text string) (dir string, told []map[string]any) {
	t.Helper()
	dir = t.TempDir()
	beside(t, dir)
	return dir, messages(lines(t, execute(t, dir, needPython(t), "program.py", name, address, text)), "", "")
}

// relayBefore starts a vendor and a relay before it.
func relayBefore(t *testing.T, program string, o emulator.Options) (vendor *emulator.Server, address string) {
	t.Helper()
	vendor, base := start(t, "kugelaudio", o)
	a := accounts["kugelaudio"]
	return vendor, serve(t, program, relayOf("kugelaudio", base, a.model, a.voice))
}

func TestTheClientInPython(t *testing.T) {
	needPython(t)
	program := build(t, "relay", "voicerelay/cmd/relay")
	_, address := relayBefore(t, program, emulator.Options{})
	t.Run("whole", func(t *testing.T) {
		dir, told := scene(t, "whole", address)
		if got, want := kinds(told), []string{"started", "timestamps", "done"}; !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		says(t, saved(t, dir, "whole"), clientRate, clientText)
	})
	t.Run("stream", func(t *testing.T) {
		dir, _ := scene(t, "stream", address)
		says(t, saved(t, dir, "stream"), clientRate, clientText)
		says(t, saved(t, dir, "other"), clientRate, clientText)
	})
	t.Run("broken", func(t *testing.T) { endsWith(t, "broken", address, "RuntimeError", "the model is gone") })
	t.Run("refused", func(t *testing.T) { endsWith(t, "refused", address, "RelayError", "unknown_voice: ") })
	t.Run("interrupted", func(t *testing.T) {
		_, told := scene(t, "interrupted", address)
		if len(told) != 3 || told[0]["first"] != float64(len(clientText)) || told[0]["second"] != 0.0 {
			t.Fatalf("told %v, want all of the first and nothing of the second", told)
		}
		if told[1]["reason"] != "cancelled" || told[2]["first"] != 0.0 {
			t.Errorf("told %v, want a second that was canceled and nothing heard of the first", told[1:])
		}
	})
}

// endsWith checks how a scene's speech failed.
func endsWith(t *testing.T, name, address, kind, text string) {
	t.Helper()
	_, told := scene(t, name, address)
	last := told[len(told)-1]
	if got, _ := last["text"].(string); last["type"] != kind || !strings.Contains(got, text) {
		t.Errorf("told %v, want %s with %q", told, kind, text)
	}
}

// What nobody heard is spoken on the next connection, and once; what was heard in part is not.
func TestTheClientInPythonConnectsAgain(t *testing.T) {
	needPython(t)
	program := build(t, "relay", "voicerelay/cmd/relay")
	for name, cut := range map[string]func(sent, received int) bool{
		"unheard": func(sent, _ int) bool { return sent > 1 }, // what follows the handshake doesn't reach the relay
		"heard":   func(_, received int) bool { return received > 30_000 },
	} {
		t.Run(name, func(t *testing.T) {
			vendor, address := relayBefore(t, program, emulator.Options{})
			line := unreliable(t, strings.TrimPrefix(address, "http://"), cut)
			if name == "heard" {
				endsWith(t, "whole", line, "Lost", "")
			} else {
				dir, told := scene(t, "whole", line)
				says(t, saved(t, dir, "whole"), clientRate, clientText)
				if done := told[len(told)-1]; done["reason"] != "completed" {
					t.Errorf("ended with %v", done)
				}
			}
			if n := len(vendor.Stats().Streams); n != 1 {
				t.Errorf("the vendor spoke %d times, want once", n)
			}
		})
	}
}

// What was to be spoken at once is so on the next connection too, though it is no sentence.
func TestTheClientInPythonFlushesAgain(t *testing.T) {
	needPython(t)
	_, address := relayBefore(t, build(t, "relay", "voicerelay/cmd/relay"), emulator.Options{})
	line := unreliable(t, strings.TrimPrefix(address, "http://"), func(sent, _ int) bool { return sent > 1 })
	const words = "One two three"
	dir, _ := sceneOf(t, "flushed", line, words)
	says(t, saved(t, dir, "flushed"), clientRate, words)
}

// unreliable is a line to a relay whose first connection is cut, by how often was sent and how much received.
func unreliable(t *testing.T, relay string, cut func(sent, received int) bool) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close() // which ends the loop below
		wg.Wait()
	})
	wg.Go(func() {
		for cut := cut; ; cut = nil {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { relayOnce(client, relay, cut) })
		}
	})
	return "http://" + listener.Addr().String()
}

// relayOnce passes on one connection until either side ends it, or it is to be cut.
func relayOnce(client net.Conn, relay string, cut func(sent, received int) bool) {
	server, err := net.Dial("tcp", relay)
	if err != nil {
		_ = client.Close() // who sees that it is refused
		return
	}
	var mu sync.Mutex
	var sent, received int
	over := func(writes, bytes int) bool {
		mu.Lock()
		defer mu.Unlock()
		sent, received = sent+writes, received+bytes
		return cut != nil && cut(sent, received)
	}
	var wg sync.WaitGroup
	wg.Go(func() { pass(server, client, func(int) bool { return over(1, 0) }) })
	wg.Go(func() { pass(client, server, func(n int) bool { return over(0, n) }) })
	wg.Wait()
}

// pass copies until either end is closed or over says so, and closes both.
func pass(to io.WriteCloser, from io.ReadCloser, over func(n int) bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil || over(n) {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
