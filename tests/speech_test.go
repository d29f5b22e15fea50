package tests

import (
	"bufio"
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
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// hears checks that samples are the words of a text.
func hears(t *testing.T, pcm []int16, rate int, text string) {
	t.Helper()
	want := voice.Words(text)
	got, err := voice.Decode(pcm, rate, slices.Concat(lexicon, want))
	if err != nil {
		t.Fatalf("listen to %d samples: %v", len(pcm), err)
	}
	if !slices.EqualFunc(got, want, strings.EqualFold) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func TestSpeechInEveryFormat(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for _, tt := range []struct {
		output any
		is     format
		kind   string
	}{
		{nil, format{"wav", 24000}, "audio/wav"},
		{j{"sample_rate": 16000}, format{"wav", 16000}, "audio/wav"},
		{j{"encoding": "pcm_s16le"}, format{"pcm_s16le", 24000}, "audio/pcm;rate=24000;encoding=pcm_s16le"},
		{j{"encoding": "pcm_f32le", "sample_rate": 48000}, format{"pcm_f32le", 48000}, "audio/pcm;rate=48000;encoding=pcm_f32le"},
		{j{"encoding": "mulaw"}, format{"mulaw", 8000}, "audio/PCMU"},
		{j{"encoding": "alaw", "sample_rate": 8000}, format{"alaw", 8000}, "audio/PCMA"},
	} {
		t.Run(tt.is.String(), func(t *testing.T) {
			body := j{"text": twelve}
			if tt.output != nil {
				body["output"] = tt.output
			}
			s := r.speak(t, body, nil)
			u := s.ended(t, "completed")
			pcm := s.samples(t, tt.is)
			if got := s.header.Get("Content-Type"); got != tt.kind {
				t.Errorf("Content-Type is %q, want %q", got, tt.kind)
			}
			if ms := int64(len(pcm)) * 1000 / int64(tt.is.Rate); u.AudioMS != ms || u.Characters != len(twelve) {
				t.Errorf("usage has %d ms and %d characters, want %d and %d", u.AudioMS, u.Characters, ms, len(twelve))
			}
			hears(t, pcm, tt.is.Rate, twelve)
		})
	}
}

func TestSpeechAsLinesIsWhatTheWebSocketSays(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	rules := newContract(false)
	rules.greeted = true
	if err := rules.sent([]byte(fmt.Sprintf(`{"type":"generate","generation_id":"g1","text":%q,"output":{"encoding":"wav"},"word_timestamps":true}`, twelve))); err != nil {
		t.Fatal(err)
	}
	s := r.speak(t, j{"generation_id": "g1", "text": twelve, "word_timestamps": true}, http.Header{"Accept": {"application/x-ndjson"}})
	s.ended(t, "completed")
	if got := s.header.Get("Content-Type"); got != "application/x-ndjson" {
		t.Errorf("Content-Type is %q", got)
	}
	var kinds []string
	for line := range bytes.Lines(s.body) {
		m, err := rules.received(bytes.TrimSuffix(line, []byte("\n")), false)
		if err != nil {
			t.Fatalf("%v in %s", err, shorten(string(line), 300))
		}
		kinds = append(kinds, m.kind)
	}
	if err := rules.settled(); err != nil {
		t.Error(err)
	}
	if want := []string{"accepted", "started", "audio"}; len(kinds) < 5 || !slices.Equal(kinds[:3], want) || !slices.Contains(kinds, "timestamps") {
		t.Errorf("the lines are %v, want %v, …", kinds, want)
	}
}

func TestSpeechIsBookedLikeAnyOther(t *testing.T) {
	t.Parallel()
	r := serve(t, withTenants(speaksByOne(emulate(t, emulator.Options{}))))
	s := r.speak(t, j{"generation_id": "g1", "text": twelve, "context_id": "call-7", "metadata": j{"order": "12"}}, bearer(acmeKey))
	u := s.ended(t, "completed")
	all := r.records(t, acmeKey, "record_id="+s.header.Get("Record-Id"))
	if len(all) != 1 {
		t.Fatalf("%d records, want one", len(all))
	}
	got := all[0]
	if !u.Recorded || got.GenerationID != "g1" || got.Outcome != "completed" || got.AudioMS != u.AudioMS || got.Metadata["order"] != "12" ||
		got.ContextID == nil || *got.ContextID != "call-7" || len(got.Attempts) != len(u.Attempts) {
		t.Errorf("the record is %+v, the trailer %+v", got, u)
	}
}

func TestSpeechWithNothingToSpeakHasNoSamples(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	r := serve(t, speaksByOne(v))
	for encoding, want := range map[string]int{"wav": 44, "pcm_s16le": 0} {
		s := r.speak(t, j{"text": " … ", "output": j{"encoding": encoding}}, nil)
		if u := s.ended(t, "completed"); len(s.body) != want || len(u.Attempts) != 0 || requests(v) != 0 {
			t.Errorf("%s: %d bytes and usage %+v, want %d bytes and no attempt", encoding, len(s.body), u, want)
		}
	}
}

func TestSpeechIsRefusedByStatus(t *testing.T) {
	t.Parallel()
	cfg := withTenants(speaksByOne(emulate(t, emulator.Options{})))
	cfg.Tenants = map[string]any{"acme": map[string]any{"allow": map[string]any{"voices": []string{"narrator"}, "routes": []string{"default"}}}}
	r := serve(t, cfg)
	acme := bearer(acmeKey)
	for name, tt := range map[string]struct {
		body   j
		header http.Header
		code   string
		param  string
	}{
		"no key":            {j{"text": "hi"}, nil, "auth_failed", ""},
		"a wrong key":       {j{"text": "hi"}, bearer("k-wrong-0123456789"), "auth_failed", ""},
		"a page":            {j{"text": "hi"}, with(acme, "Origin", "https://evil.example"), "origin_not_allowed", ""},
		"a form":            {j{"text": "hi"}, with(acme, "Content-Type", "text/plain"), "invalid_request", "Content-Type"},
		"a type":            {j{"type": "generate", "text": "hi"}, acme, "invalid_request", "type"},
		"an open text":      {j{"text": "hi", "final": false}, acme, "invalid_request", "final"},
		"no text":           {j{}, acme, "invalid_request", "text"},
		"too long":          {j{"text": strings.Repeat("x", 10_001)}, acme, "text_too_long", "text"},
		"too large":         {j{"text": strings.Repeat("x", 300_000)}, acme, "text_too_long", ""},
		"a voice of others": {j{"text": "hi", "voice": "kugelaudio/1071"}, acme, "not_allowed", "voice"},
		"a route of others": {j{"text": "hi", "route": "kugelaudio"}, acme, "not_allowed", "route"},
		"no such voice":     {j{"text": "hi", "voice": "nobody"}, bearer(opsKey), "unknown_voice", "voice"},
		"no such format":    {j{"text": "hi", "output": j{"encoding": "aac"}}, acme, "unsupported_format", "output.encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			if p := r.speak(t, tt.body, tt.header).problem(t); p.Code != tt.code || p.Param != tt.param {
				t.Errorf("got %s of %q, want %s of %q", p.Code, p.Param, tt.code, tt.param)
			}
		})
	}
}

func TestSpeechCountsForItsTenantAndTheRelay(t *testing.T) {
	t.Parallel()
	cfg := withTenants(speaksByOne(emulate(t, emulator.Options{}))).limit(map[string]any{"max_connections": 1})
	cfg.Tenants = map[string]any{"acme": map[string]any{"limits": map[string]any{"generations_per_minute": 1}}}
	r := serve(t, cfg)
	r.speak(t, j{"text": "lazy dog."}, bearer(acmeKey)).ended(t, "completed")
	if p := r.speak(t, j{"text": "lazy dog."}, bearer(acmeKey)).problem(t); p.Code != "rate_limit_exceeded" || p.RetryAfterMS == nil {
		t.Errorf("got %s, want the tenant's rate_limit_exceeded", p.Code)
	}
	r.dialWith(t, dialing{header: bearer(betaKey)})
	if p := r.speak(t, j{"text": "lazy dog."}, bearer(betaKey)).problem(t); p.Code != "too_many_connections" {
		t.Errorf("got %s while the only connection is open, want too_many_connections", p.Code)
	}
}

func TestSpeechMethods(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for _, tt := range []struct{ method, path, allow string }{
		{"HEAD", "/v1/speech", "GET, POST"},
		{"PUT", "/v1/speech", "GET, POST"},
		{"DELETE", "/v1/speech", "GET, POST"},
		{"POST", "/v1/usage", "GET, HEAD"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, r.url+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, Allow %q; want 405, %q", tt.method, tt.path, res.StatusCode, res.Header.Get("Allow"), tt.allow)
		}
	}
}

func TestSpeechIsNotSpokenTwice(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	r := serve(t, speaksByOne(v))
	keyed := http.Header{"Idempotency-Key": {"order-12"}}
	first := r.speak(t, j{"generation_id": "g1", "text": twelve}, keyed)
	first.ended(t, "completed")
	for _, again := range []speech{
		r.speak(t, j{"generation_id": "g2", "text": twelve}, keyed),
		r.speak(t, j{"generation_id": "g2", "text": twelve, "idempotency_key": "order-12"}, nil),
	} {
		p := again.problem(t)
		if p.Code != "duplicate_request" || p.First == nil || p.First.RecordID != first.header.Get("Record-Id") || p.First.State != "completed" {
			t.Errorf("got %s of %+v, want duplicate_request of what was spoken first", p.Code, p.First)
		}
	}
	r.speak(t, j{"generation_id": "g1", "text": twelve}, nil).ended(t, "completed") // each request stands alone
}

func TestSpeechEndsWithItsClient(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 1})
	r := serve(t, speaksByOne(v))
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	res, err := r.begin(ctx, j{"text": strings.Repeat(twelve+" ", 10)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	leave()
	_ = res.Body.Close() // says that it was canceled
	v.sees("the cancel", func(s emulator.Stats) bool { return s.OpenContexts == 0 && len(s.Cancels) == 1 })
	r.awaitMetric(t, "relay_connections", func(n float64) bool { return n == 0 })
	if all := r.records(t, "", "record_id="+res.Header.Get("Record-Id")); len(all) != 1 || all[0].Outcome != "cancelled" {
		t.Errorf("records %+v, want one that was cancelled", all)
	}
}

func TestSpeechIsTakenOver(t *testing.T) {
	t.Parallel()
	broken, well := faulty(t, "drop:400ms", emulator.Options{}), emulate(t, emulator.Options{})
	r := serve(t, speaksBy([]string{"first", "second"}, map[string]*vendor{"first": broken, "second": well}))
	s := r.speak(t, j{"text": twelve}, nil)
	if u := s.ended(t, "completed"); len(u.Attempts) != 2 || u.Attempts[0].Code != "dropped" {
		t.Errorf("attempts %+v, want one that dropped and another", u.Attempts)
	}
	pcm := s.samples(t, format{"wav", 24000})
	words, err := voice.Decode(pcm, 24000, lexicon)
	if err != nil || len(words) < 12 || !strings.EqualFold(words[len(words)-1], "house") {
		t.Errorf("heard %q (%v), want all of the text", words, err)
	}
}

func TestSpeechForAClientOfHTTP10(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // all has been read
	body := fmt.Sprintf(`{"text":%q}`, twelve)
	if _, err := fmt.Fprintf(conn, "POST /v1/speech HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(res.Body)
	if err != nil || len(res.TransferEncoding) > 0 {
		t.Fatalf("a body in %v: %v", res.TransferEncoding, err)
	}
	hears(t, speech{answer: answer{body: all}}.samples(t, format{"wav", 24000}), 24000, twelve)
}

// The line that the readme gives is run as it stands, but for the relay's address.
func TestTheReadmesCommandWritesAFile(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, line, found := bytes.Cut(readme, []byte("```sh\ncurl "))
	line, _, ended := bytes.Cut(line, []byte("\n"))
	if !found || !ended {
		t.Fatal("the readme has no line of curl")
	}
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	dir := t.TempDir()
	script := "curl " + strings.ReplaceAll(string(line), "http://127.0.0.1:8080", r.url)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	file, err := os.ReadFile(filepath.Join(dir, "hello.wav"))
	if err != nil {
		t.Fatal(err)
	}
	hears(t, speech{answer: answer{body: file}}.samples(t, format{"wav", 24000}), 24000, "Hello from the relay.")
}

func TestSpeechErrorsInLinesAreErrors(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	lines := http.Header{"Accept": {"application/x-ndjson"}}
	s := r.speak(t, j{"generation_id": "g1", "text": "hi", "voice": "nobody"}, lines)
	if p := s.problem(t); p.Code != "unknown_voice" {
		t.Errorf("got %s", p.Code)
	}
	var body struct {
		Error struct {
			ID string `json:"generation_id"`
		}
	}
	if err := json.Unmarshal(s.body, &body); err != nil || body.Error.ID != "g1" {
		t.Errorf("the error is of %q (%v), want g1", body.Error.ID, err)
	}
}
