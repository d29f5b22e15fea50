package tests

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator"
)

// What the log says of a reload.
const (
	reloaded    = `"configuration reloaded"`
	notReloaded = `"configuration not reloaded, the former one stays"`
	retired     = `"former provider closed"`
)

// reload has the relay read a configuration, and waits until that is in force.
func (r *relay) reload(c *config) {
	r.t.Helper()
	for _, k := range c.Keys {
		if key, ok := k["key"].(string); ok {
			r.Log.Forbid(key)
		}
	}
	r.reloadFile(string(c.marshal(r.t)), reloaded)
}

// reloadFile is reload for any content of the file; the log must then have a line more with this outcome.
func (r *relay) reloadFile(content, outcome string) {
	r.t.Helper()
	if err := os.WriteFile(r.configPath(), []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.hangUp(outcome)
}

// hangUp sends SIGHUP and waits for the outcome.
func (r *relay) hangUp(outcome string) {
	r.t.Helper()
	before := r.Log.Count(outcome)
	if err := r.Cmd.Process.Signal(syscall.SIGHUP); err != nil {
		r.t.Fatal(err)
	}
	r.logs(outcome, before+1)
}

func (r *relay) configPath() string { return filepath.Join(r.dir, "config.yaml") }

// logs waits until the log has a text so many times.
func (r *relay) logs(text string, times int) {
	r.t.Helper()
	timeout := time.NewTimer(deadline)
	defer timeout.Stop()
	for {
		changed := r.Log.News()
		if r.Log.Count(text) >= times {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			r.t.Fatalf("the log never had %s %d times:\n%s", text, times, r.Log)
		}
	}
}

// speaksByTwo is speaksBy for the vendors a and b, in that order.
func speaksByTwo(a, b *vendor) *config {
	return speaksBy([]string{"a", "b"}, map[string]*vendor{"a": a, "b": b})
}

// prefer has the default route try targets in an order.
func (c *config) prefer(names ...string) *config {
	return c.amend("default", func(r *route) {
		r.Targets = nil
		for _, name := range names {
			r.Targets = append(r.Targets, c.Routes[name].Targets...)
		}
	})
}

func keyOf(name string) map[string]any {
	return map[string]any{"name": name, "tenant": "acme", "key": "k-" + name + "-0123456789", "admin": true}
}

func (r *relay) dialAs(name string) *client {
	r.t.Helper()
	return r.dialWith(r.t, dialing{header: bearer("k-" + name + "-0123456789")})
}

// A key that is gone closes its connections, whatever is spoken there; who has another does not notice.
func TestReloadOfKeys(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 4})
	cfg := speaksByOne(v)
	cfg.Keys = []map[string]any{keyOf("bot"), keyOf("old")}
	r := serve(t, cfg)
	bot, old := r.dialAs("bot"), r.dialAs("old")
	bot.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	old.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
	bot.await("audio", of("audio", "g"))
	old.await("audio", of("audio", "g"))
	record := old.accepted("g").RecordID

	cfg.Keys = []map[string]any{keyOf("bot"), keyOf("new")}
	r.reload(cfg)
	old.closed(websocket.StatusPolicyViolation)
	v.sees("the cancel", func(s emulator.Stats) bool { return len(s.Cancels) == 1 })
	r.refusesUpgrade(t, dialing{header: bearer("k-old-0123456789")}, http.StatusUnauthorized, "auth_failed")
	bot.completed("g")
	bot.speaks("g", twelve)
	newer := r.dialAs("new")
	newer.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	newer.completed("g")
	a := r.get(t, "/v1/usage/records?record_id="+record, bearer("k-new-0123456789"))
	if !strings.Contains(string(a.body), `"outcome":"cancelled"`) {
		t.Errorf("the record of what was broken off: %s", a.body)
	}
}

// An open connection goes by the new order with its next generation, and by sockets that were open before.
func TestReloadOfARoutesOrder(t *testing.T) {
	t.Parallel()
	a, b := emulate(t, emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksByTwo(a, b)
	r := serve(t, cfg)
	c := r.dial(t)
	for i, first := range []string{"a", "b", "a"} {
		if i > 0 {
			r.reload(cfg.prefer(first, map[string]string{"a": "b", "b": "a"}[first]))
		}
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": twelve})
		if m := c.started(id); m.Provider != first {
			t.Errorf("%s is spoken by %s, want %s", id, m.Provider, first)
		}
		c.completed(id)
	}
	if n := a.Stats().Sockets; n != 1 {
		t.Errorf("%d sockets to a vendor whose settings have not changed, want the one", n)
	}
	if n := r.Log.Count(retired); n != 0 {
		t.Errorf("%d providers were closed, though none has changed", n)
	}
}

// What speaks by a provider that is no longer configured speaks on; then the provider is closed.
func TestReloadWithoutAProviderThatSpeaks(t *testing.T) {
	t.Parallel()
	a, b := emulate(t, emulator.Options{Pace: 4}), emulate(t, emulator.Options{})
	r := serve(t, speaksByTwo(a, b))
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "route": "a", "text": "The quick brown fox", "final": false})
	c.send(j{"type": "flush", "generation_id": "g"})
	c.await("audio", of("audio", "g"))
	r.reload(speaksBy([]string{"b"}, map[string]*vendor{"b": b}))
	c.send(j{"type": "generate", "generation_id": "h", "text": twelve})
	if m := c.completed("h"); m.Usage.Attempts[0].Provider != "b" {
		t.Errorf("the next generation is spoken by %s, want b", m.Usage.Attempts[0].Provider)
	}
	if n := r.Log.Count(retired); n != 0 {
		t.Error("the provider was closed while it spoke")
	}
	c.send(j{"type": "append", "generation_id": "g", "text": " jumps over a lazy dog.", "final": true})
	if m := c.completed("g"); len(m.Usage.Attempts) != 1 || m.Usage.Attempts[0].Provider != "a" {
		t.Errorf("attempts %+v, want one by a", m.Usage.Attempts)
	}
	c.speaks("g", "The quick brown fox jumps over a lazy dog.")
	a.sees("its sockets closed", func(s emulator.Stats) bool { return s.OpenSockets == 0 })
	r.logs(retired, 1)
	if m := string(r.get(t, "/metrics", nil).body); strings.Contains(m, `relay_upstream_connections{provider="a"`) ||
		!strings.Contains(m, `relay_attempts_total{code="",outcome="completed",provider="a"} 1`) {
		t.Errorf("metrics: want a's attempts, and no sockets of it, got\n%s", m)
	}
}

// A relay that is told to stop while a former provider still speaks stops that one too, in time.
func TestSIGTERMAfterAReload(t *testing.T) {
	t.Parallel()
	a, b := emulate(t, emulator.Options{Pace: 1}), emulate(t, emulator.Options{})
	cfg := speaksByTwo(a, b)
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences + " " + threeSentences})
	c.await("audio", of("audio", "g"))
	next := speaksBy([]string{"b"}, map[string]*vendor{"b": b})
	next.ShutdownGrace = "1s"
	r.reload(next)
	begun := time.Now()
	r.Terminate()
	if m := c.await("draining", isDraining); m.GraceMS != 1000 {
		t.Errorf("grace_ms %d, want that of the file read last", m.GraceMS)
	}
	c.done("g")
	c.closed(websocket.StatusGoingAway)
	if code := r.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("the relay took %v to stop, its grace is 1s", took)
	}
	a.sees("the cancel, and its sockets closed", func(s emulator.Stats) bool { return len(s.Cancels) == 1 && s.OpenSockets == 0 })
	if r.Log.Count(retired) != 1 {
		t.Error("the former provider was not closed before the process ended")
	}
}

// A file that is at fault changes nothing: the log has each of its faults with its line.
func TestReloadOfAFaultyFile(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	cfg := speaksByOne(v)
	r := serve(t, cfg)
	c := r.dial(t)
	sound := string(cfg.marshal(t))
	faulty := "colour: red\n" + strings.Replace(sound, "shutdown_grace: 2s", "shutdown_grace: soon", 1)
	line := strings.Count(faulty[:strings.Index(faulty, "shutdown_grace")], "\n") + 1
	speak := func(id string) {
		t.Helper()
		c.send(j{"type": "generate", "generation_id": id, "text": twelve})
		c.completed(id)
		r.dial(t).barrier()
	}
	r.reloadFile(faulty, notReloaded)
	for _, want := range []string{"config.yaml:1:1: colour: ", fmt.Sprintf("config.yaml:%d:1: shutdown_grace: ", line)} {
		if r.Log.Count(want) != 1 {
			t.Errorf("the log lacks %q:\n%s", want, r.Log)
		}
	}
	speak("g1")
	r.reloadFile("keys: [", notReloaded)
	speak("g2")
	if err := os.Remove(r.configPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	r.hangUp(notReloaded)
	speak("g3")
	r.reloadFile(sound, reloaded)
	speak("g4")
}

// Twenty reloads while four clients have one text after another spoken, each of which puts another provider under the
// same name: nothing is lost, and nothing of former providers is left. One text goes on over all of them.
func TestReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	const times = 20
	a, b := emulate(t, emulator.Options{Pace: 8}), emulate(t, emulator.Options{Pace: 8})
	cfg := speaksByTwo(a, b)
	r := serve(t, cfg)
	clients := []*client{r.dial(t), r.dial(t), r.dial(t), r.dial(t)}
	clients[0].send(j{"type": "generate", "generation_id": "long", "text": lexicon[0], "final": false})
	for i := range times {
		for k, c := range clients {
			c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(uint64(i*len(clients)+k), 6)})
		}
		p := cfg.Providers["a"]
		p.Options = map[string]any{"contexts_per_socket": 1 + i%5}
		cfg.Providers["a"] = p
		order := []string{"a", "b"}
		r.reload(cfg.prefer(order[i%2], order[1-i%2]))
		clients[0].send(j{"type": "append", "generation_id": "long", "text": " " + lexicon[1+i], "final": i == times-1})
	}
	for k, c := range clients {
		for i := range times {
			id := fmt.Sprint("g", i)
			c.survives(id, sentence(uint64(i*len(clients)+k), 6)) // on a busy machine a backup may have taken over
			for _, a := range c.done(id).Usage.Attempts {
				if a.Outcome == "failed" && a.Code != "stalled" {
					t.Errorf("client %d, %s: attempt %+v", k, id, a)
				}
			}
		}
	}
	clients[0].survives("long", strings.Join(lexicon[:times+1], " "))
	r.logs(retired, times)
	a.sees("every context over", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
	all := times*len(clients) + 1
	if n := r.metric(t, `relay_generations_total{outcome="completed"}`); n != float64(all) {
		t.Errorf("%v generations completed, want %d", n, all)
	}
	if sums, want := string(r.get(t, "/v1/usage", nil).body), fmt.Sprintf(`"generations":%d,`, all); !strings.Contains(sums, want) {
		t.Errorf("usage %s, want %s", sums, want)
	}
}

// What can't change while the relay runs stays, and the log says so; the rest of the file is in force.
func TestReloadOfWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	r := serve(t, cfg)
	cfg.Listen, cfg.AdminListen = "127.0.0.1:1", "127.0.0.1:2"
	cfg.Ledger = map[string]string{"path": "elsewhere.db"}
	cfg.limit(map[string]any{"max_text_characters": 60})
	for range 2 { // it is still as it was, however often the file is read
		r.reload(cfg)
	}
	for _, path := range []string{"listen", "admin_listen", "ledger"} {
		if n := r.Log.Count(`"at":"` + path + `"`); n != 2 {
			t.Errorf("%s is told of %d times, want 2", path, n)
		}
	}
	c := r.dial(t)
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "g", "text": strings.Repeat("x", 61)})
	c.refusal(mark, "text_too_long")
}
