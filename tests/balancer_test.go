package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// mostMute bounds how long somebody who wants to speak waits for audio while relays are restarted. A balancer that counts
// a relay's 503 as failures shuts it out for its fail_timeout, which is 10 to 30 s.
const mostMute = 5 * time.Second

// TestARollingRestartBehindABalancer restarts two relays one after the other behind the samples in deploy/, and kills one,
// while clients speak over WebSockets and by HTTP.
func TestARollingRestartBehindABalancer(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, front string, relays []string){
		"nginx": startNginx, "haproxy": startHAProxy, "caddy": startCaddy,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dirs, addresses := []string{t.TempDir(), t.TempDir()}, []string{process.FreeAddress(t), process.FreeAddress(t)}
			vendor := emulate(t, emulator.Options{Pace: 4})
			launch := func(i int) *relay {
				c := speaksByOne(vendor)
				c.Listen = addresses[i]
				c.Keys = []map[string]any{{"name": "agents", "tenant": "acme", "key": proofKey("acme")}}
				return serveIn(t, dirs[i], c)
			}
			relays := []*relay{launch(0), launch(1)}
			front := process.FreeAddress(t)
			run(t, front, addresses)

			callers := newCallers(t, front)
			callers.speak(4)
			for i := range relays {
				callers.awaitSpeech(8)
				relays[i].Terminate()
				relays[i].Exit()
				callers.awaitSpeech(8)
				relays[i] = launch(i)
			}
			callers.awaitSpeech(8)
			relays[1].Kill()
			callers.awaitSpeech(8)
			callers.hangUp()
		})
	}
}

// callers speak one utterance after another, each on a connection of its own.
type callers struct {
	t     *testing.T
	front string
	over  chan struct{}
	wg    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	spoken int
	worst  time.Duration
	news   chan struct{} // closed with the next utterance that was heard
}

func newCallers(t *testing.T, front string) *callers {
	c := &callers{t: t, front: front, over: make(chan struct{}), news: make(chan struct{})}
	t.Cleanup(func() {
		select {
		case <-c.over:
		default:
			close(c.over)
		}
		c.wg.Wait()
	})
	return c
}

// speak has n callers speak over WebSockets, and as many by HTTP.
func (c *callers) speak(n int) {
	for range n {
		c.wg.Go(func() { c.loop(c.overWebSocket) })
		c.wg.Go(func() { c.loop(c.byHTTP) })
	}
}

// loop asks for one utterance after another. What is refused or breaks off is asked for again, as an agent would.
func (c *callers) loop(utter func(ctx context.Context) (first time.Time, err error)) {
	for {
		wanted := time.Now()
		for {
			select {
			case <-c.over:
				return
			default:
			}
			ctx, cancel := context.WithTimeout(context.Background(), deadline)
			first, err := utter(ctx)
			cancel()
			if !first.IsZero() {
				c.heard(first.Sub(wanted))
				break
			}
			if err != nil && time.Since(wanted) > deadline {
				c.t.Errorf("nothing was heard: %v", err)
				return
			}
			<-time.After(50 * time.Millisecond) // an agent's own pause between two tries
		}
	}
}

func (c *callers) heard(after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spoken++
	c.worst = max(c.worst, after)
	close(c.news)
	c.news = make(chan struct{})
}

// awaitSpeech waits until n more utterances have been heard.
func (c *callers) awaitSpeech(n int) {
	c.t.Helper()
	c.mu.Lock()
	want := c.spoken + n
	c.mu.Unlock()
	timeout := time.After(deadline)
	for {
		c.mu.Lock()
		spoken, news := c.spoken, c.news
		c.mu.Unlock()
		if spoken >= want {
			return
		}
		select {
		case <-news:
		case <-timeout:
			c.t.Fatalf("%d utterances were heard, want %d", spoken, want)
		}
	}
}

func (c *callers) hangUp() {
	c.t.Helper()
	close(c.over)
	c.wg.Wait()
	c.t.Logf("%d utterances, the longest wait for audio was %v", c.spoken, c.worst.Round(time.Millisecond))
	if c.worst > mostMute {
		c.t.Errorf("somebody waited %v for audio, want at most %v", c.worst, mostMute)
	}
}

// byHTTP speaks by POST /v1/speech, and says when the first audio came.
func (c *callers) byHTTP(ctx context.Context) (first time.Time, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.front+"/v1/speech",
		strings.NewReader(`{"text":"Hello there, caller.","output":{"encoding":"pcm_s16le","sample_rate":24000}}`))
	if err != nil {
		return first, err
	}
	req.Header = bearer(proofKey("acme"))
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return first, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return first, fmt.Errorf("status %d", answer.StatusCode)
	}
	if _, err := io.ReadFull(answer.Body, make([]byte, 480)); err != nil {
		return first, err
	}
	first = time.Now()
	_, err = io.Copy(io.Discard, answer.Body)
	return first, err
}

// overWebSocket speaks on a connection of its own, and says when the first audio came.
func (c *callers) overWebSocket(ctx context.Context) (first time.Time, err error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+c.front+"/v1/speech", &websocket.DialOptions{HTTPHeader: bearer(proofKey("acme"))})
	if err != nil {
		return first, err
	}
	defer conn.CloseNow() // all that matters has been read
	conn.SetReadLimit(-1)
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"generate","generation_id":"g","text":"Hello there, caller."}`)); err != nil {
		return first, err
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return first, err
		}
		var m struct{ Type, Code string }
		if err := json.Unmarshal(data, &m); err != nil {
			return first, err
		}
		switch m.Type {
		case "audio":
			if first.IsZero() {
				first = time.Now()
			}
		case "error":
			return first, fmt.Errorf("refused: %s", m.Code)
		case "done":
			return first, nil
		}
	}
}

func startNginx(t *testing.T, front string, relays []string) {
	t.Helper()
	program := installed(t, "nginx")
	dir := t.TempDir()
	config := sample(t, dir, "nginx.conf", front, relays)
	// What a packaged nginx is built to use may be another user's: here all of it is the test's.
	amend(t, config, "http {\n", "http {\n\taccess_log off; client_body_temp_path body; proxy_temp_path proxy; "+
		"fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n")
	global := "daemon off; pid " + dir + "/nginx.pid; error_log stderr error;"
	startBalancer(t, front, exec.Command(program, "-e", "stderr", "-p", dir, "-c", config, "-g", global))
}

func startHAProxy(t *testing.T, front string, relays []string) {
	t.Helper()
	program := installed(t, "haproxy")
	dir := t.TempDir()
	startBalancer(t, front, exec.Command(program, "-db", "-f", sample(t, dir, "haproxy.cfg", front, relays)))
}

func startCaddy(t *testing.T, front string, relays []string) {
	t.Helper()
	program := installed(t, "caddy")
	dir := t.TempDir()
	command := exec.Command(program, "run", "--adapter", "caddyfile", "--config", sample(t, dir, "Caddyfile", front, relays))
	command.Env = []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir} // it keeps things there
	startBalancer(t, front, command)
}

// installed finds a program on PATH and where distributions put servers.
func installed(t *testing.T, name string) string {
	t.Helper()
	for _, at := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if program, err := exec.LookPath(at); err == nil {
			return program
		}
	}
	t.Skip(name + " is not installed")
	return ""
}

// sample is a file of deploy/ with the test's addresses in place of its own, each of which must stand in it once.
func sample(t *testing.T, dir, name, front string, relays []string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	for i, address := range append([]string{front}, relays...) {
		shown := fmt.Appendf(nil, "127.0.0.1:%d", 8080+i)
		if n := bytes.Count(text, shown); n != 1 {
			t.Fatalf("%s has %s %d times", name, shown, n)
		}
		text = bytes.Replace(text, shown, []byte(address), 1)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// amend replaces a part of a file that must be there.
func amend(t *testing.T, path, part, by string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(part)) {
		t.Fatalf("%s lacks %q: %v", path, part, err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(part), []byte(by), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startBalancer runs a balancer until the test ends, and waits until it listens.
func startBalancer(t *testing.T, front string, cmd *exec.Cmd) {
	t.Helper()
	output := &process.Log{}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = time.Second // what a worker still holds open is not waited for
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { // ends with the process, which the cleanup ends
		defer close(exited)
		_ = cmd.Wait() // it ends by a signal
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // nginx ends its workers by that; it may have ended by itself
		<-exited
	})
	timeout := time.After(deadline)
	for {
		if conn, err := net.Dial("tcp", front); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-exited:
			t.Fatalf("it ended at its start:\n%s", output)
		case <-timeout:
			t.Fatalf("it does not listen:\n%s", output)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
