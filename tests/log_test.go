package tests

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// toTheMillisecond is how times stand in the log.
var toTheMillisecond = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$`)

// checkLines checks that all of a process's standard error is lines of one form, and counts them by message.
func checkLines(t *testing.T, text string) map[string]int {
	t.Helper()
	messages := map[string]int{}
	for line := range strings.Lines(text) {
		var told struct{ Level, Time, Message string }
		if err := json.Unmarshal([]byte(line), &told); err != nil {
			t.Errorf("no JSON: %q: %v", line, err)
			continue
		}
		if !toTheMillisecond.MatchString(told.Time) || told.Level == "" || told.Message == "" {
			t.Errorf("lacks a level, a message or a time to the millisecond: %s", line)
		}
		messages[told.Message]++
	}
	return messages
}

// A relay that lives through all that goes wrong says it in one form, which programs read.
func TestEveryLineOfTheLogHasOneForm(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "error:INTERNAL_ERROR:500ms", paced), emulateBy(t, "together", paced)
	c := speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})
	c.Keys = []map[string]any{{"key": "k-bot-0123456789", "name": "bot", "tenant": "acme"}}
	c.Redis = map[string]string{"url": "redis://127.0.0.1:1/0"} // nothing listens there
	c.Providers["gone"] = provider{Adapter: "kugelaudio", URL: "ws://127.0.0.1:1", APIKey: vendorKey, Warm: 1}
	for _, provider := range []string{"ill", "well"} {
		c.Prices = append(c.Prices, map[string]any{"provider": provider, "model": "*", "unit": "character", "amount": "0.01", "currency": "EUR"})
	}
	c.limit(map[string]any{"max_text_characters": 200})
	r := serve(t, c)
	for range 3 {
		r.get(t, "/v1/voices", map[string][]string{"Authorization": {"Bearer wrong"}})
	}
	spoken := r.dialWith(t, dialing{query: "api_key=k-bot-0123456789"})
	spoken.send(j{"type": "generate", "generation_id": "g1", "text": twelve, "context_id": "call-7"})
	spoken.completed("g1")
	spoken.send(j{"type": "generate", "generation_id": "g2", "text": strings.Repeat("Too long. ", 30)})
	spoken.await("the refusal", func(m message) bool { return m.kind == "error" && m.ID == "g2" })
	spoken.drop()
	garbage(t, r.url)
	r.reloadFile("listen: nowhere\n", notReloaded)
	awaitLogged(t, r, `"message":"session ended"`, `"code":"text_too_long"`, "usage records are not shipped")
	r.Stop()
	messages := checkLines(t, r.Log.Whole())
	for _, want := range []string{
		"started", "refused", "attempt failed", "generation ended", "session ended", "vendor socket not opened ahead",
		"the store that relays share is away: this relay decides alone", "configuration", "configuration not reloaded, the former one stays",
		"stopping", "stopped",
	} {
		if messages[want] == 0 {
			t.Errorf("no line says %q: %v", want, messages)
		}
	}
	if n := messages["vendor socket not opened ahead"]; n > 2 {
		t.Errorf("%d lines tell of the vendor that is away, want one a minute", n)
	}
	checkEnded(t, r)
	for _, foreign := range []string{"dial tcp", "connection refused", "failed to", "context deadline"} {
		for line := range strings.Lines(r.Log.Whole()) {
			if strings.Contains(line, foreign) && !strings.Contains(line, `"level":"debug"`) {
				t.Errorf("a library's own words: %s", line)
			}
		}
	}
}

// checkEnded looks for what the line of a generation's end has.
func checkEnded(t *testing.T, r *relay) {
	t.Helper()
	for line := range strings.Lines(r.Log.Whole()) {
		var told map[string]any
		if json.Unmarshal([]byte(line), &told) != nil || told["message"] != "generation ended" {
			continue
		}
		for _, field := range []string{"provider", "model", "cost", "context_id", "tenant", "key", "record_id", "route", "remote", "reason"} {
			if told[field] == nil || told[field] == "" {
				t.Errorf("%s is missing: %s", field, line)
			}
		}
	}
}

// garbage sends what is no HTTP.
func garbage(t *testing.T, url string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("\x16\x03\x01 what\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Read(make([]byte, 512)) // waits until it was answered, or closed
}

// awaitLogged waits until the log has some texts.
func awaitLogged(t *testing.T, r *relay, texts ...string) {
	t.Helper()
	late := time.After(deadline)
	for _, text := range texts {
		for {
			news := r.Log.News()
			if r.Log.Count(text) > 0 {
				break
			}
			select {
			case <-news:
			case <-late:
				t.Fatalf("the log does not have %q:\n%s", text, r.Log)
			}
		}
	}
}

// A relay that does not start says why in the same form, since what starts it reads that.
func TestAStartThatFailsIsToldInTheFormOfTheLog(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := speaksByOne(emulate(t, emulator.Options{}))
	good.Listen = taken.Addr().String()
	for name, tt := range map[string]struct {
		file string
		args []string
		code int
		want string
	}{
		"a faulty file":     {"listen: nowhere\nlog: {level: loud}\n", nil, 1, "config.yaml:2:7: log.level"},
		"no YAML":           {"{", nil, 1, "config.yaml"},
		"no file":           {"", []string{"-config", "none.yaml"}, 1, "none.yaml: no such file"},
		"an unknown flag":   {"", []string{"-nope"}, 2, "-nope"},
		"an argument":       {"", []string{"now"}, 2, `unexpected argument \"now\"`},
		"a port in use":     {string(good.marshal(t)), nil, 1, "another program listens at " + good.Listen},
		"a ledger's folder": {strings.Replace(string(good.marshal(t)), "listen:", "ledger: {path: /dev/null/l.db}\nlisten:", 1), nil, 1, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			got := run(t, dir, "", append([]string{"serve"}, tt.args...)...)
			messages := checkLines(t, got.errout)
			if got.code != tt.code || !strings.Contains(got.errout, tt.want) || messages["not started"] != 1 {
				t.Errorf("ends with %d, want %d and %q:\n%s", got.code, tt.code, tt.want, fmt.Sprint(got.out, got.errout))
			}
		})
	}
}
