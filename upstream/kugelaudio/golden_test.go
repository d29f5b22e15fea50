package kugelaudio

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// entry is a line of a golden transcript.
type entry struct {
	Dir    string         `json:"dir"`
	Frame  map[string]any `json:"frame"`
	Close  int            `json:"close"`
	Refuse int            `json:"refuse"`
}

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	files, err := filepath.Glob("../emulator/kugelaudio/testdata/multi_*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d transcripts: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			for _, exchange := range exchanges(t, file) {
				synctest.Test(t, func(t *testing.T) { replay(t, exchange) })
			}
		})
	}
}

// exchanges are a transcript's connections.
func exchanges(t *testing.T, file string) [][]entry {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]entry
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		switch e.Dir {
		case "open":
			all = append(all, nil)
		case "c2s", "s2c":
			all[len(all)-1] = append(all[len(all)-1], e)
		}
	}
	return all
}

// player is one exchange being played.
type player struct {
	t        *testing.T
	vendor   *upstreamtest.Vendor
	provider *provider
	conns    chan *upstreamtest.Conn
	conn     *upstreamtest.Conn
	contexts map[string]*played
}

// played is a context, and what the transcript has said of it so far.
type played struct {
	sink    *upstreamtest.Sink
	stream  upstream.Stream
	text    string // not flushed yet
	pieces  int
	stopped bool

	audio, words, finals int
	end                  *outcome
}

// outcome is how a context must end.
type outcome struct {
	kind  upstream.Kind // empty: well
	cents string
}

func replay(t *testing.T, exchange []entry) {
	conns := make(chan *upstreamtest.Conn, 1)
	p := &player{t: t, conns: conns, contexts: map[string]*played{}}
	p.vendor = upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
		conns <- c
		<-c.Over()
	})
	defer p.vendor.Close()
	var err error
	p.provider, err = open(defaults, upstream.Env{Name: "k", URL: upstreamtest.URL, APIKey: "ka", HTTP: p.vendor.Client(), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exchange {
		switch {
		case e.Dir == "c2s":
			p.act(e.Frame)
		case e.Refuse != 0:
			p.refuse(e.Refuse)
		case e.Close != 0:
			p.close(e.Close)
		default:
			p.say(e.Frame)
		}
		synctest.Wait()
	}
	for id, c := range p.contexts {
		p.check(id, c)
	}
	_ = p.provider.Close() // never fails
}

// context is the context of that id, opened on its first use.
func (p *player) context(id string) *played {
	if c := p.contexts[id]; c != nil {
		return c
	}
	req := request
	req.ID = id
	c := &played{sink: upstreamtest.NewSink(p.t)}
	var err error
	if c.stream, err = p.provider.Open(p.t.Context(), req, c.sink); err != nil {
		p.t.Fatal(err)
	}
	if p.conn == nil {
		p.conn = <-p.conns
	}
	p.contexts[id] = c
	return c
}

// act does what makes the client's frame.
func (p *player) act(f map[string]any) {
	id, ok := f["context_id"].(string)
	if !ok {
		return // a hint, or the end of the socket
	}
	c := p.context(id)
	if text, _ := f["text"].(string); text != " " {
		c.text += text
	}
	switch {
	case f["immediate"] == true || f["cancel"] == true:
		c.stopped = true
		go func() {
			_ = c.sink.Close(func(cause error) error { return c.stream.Close(p.t.Context(), cause) }, errStop)
		}()
	case f["close_context"] == true:
		p.speak(c, true)
	case f["flush"] == true:
		p.speak(c, false)
	}
}

var errStop = errors.New("barge-in")

func (p *player) speak(c *played, last bool) {
	if err := c.stream.Speak(p.t.Context(), upstream.Piece{ID: c.pieces, Text: c.text, Last: last}); err != nil {
		p.t.Fatal(err)
	}
	c.pieces++
	c.text = ""
}

// say sends the vendor's frame, and notes what must come of it.
func (p *player) say(f map[string]any) {
	if p.conn == nil {
		p.context("c1")
	}
	if f["audio"] != nil {
		size := int(f["samples"].(float64))
		if f["enc"] == "pcm_s16le" {
			size *= 2
		}
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, size))
		f["size"] = size
	}
	id, named := f["context_id"].(string)
	for other, c := range p.contexts {
		if named && other == id || !named && (f["error"] != nil || f["interrupted"] == true) {
			c.note(p.t, f)
		}
	}
	delete(f, "size")
	p.conn.Send(f)
}

// note notes what a frame must lead to.
func (c *played) note(t *testing.T, f map[string]any) {
	if c.end != nil {
		return
	}
	switch {
	case f["error"] != nil:
		c.end = &outcome{kind: kindOf(t, f["error_code"].(string))}
	case f["context_timeout"] == true:
		c.end = &outcome{kind: upstream.Dropped}
	case f["context_closed"] == true, f["interrupted"] == true:
		c.end = &outcome{cents: cents(f)}
		if !c.stopped {
			c.finals = c.pieces // it drained all that was ordered
		}
	case f["audio"] != nil && !c.stopped:
		c.audio += f["size"].(int)
	case f["word_timestamps"] != nil && !c.stopped:
		c.words += len(f["word_timestamps"].([]any))
	case f["final"] == true && !c.stopped:
		c.finals++
	}
}

// kindOf is the kind of a vendor's code, by the suite's own list.
func kindOf(t *testing.T, code string) upstream.Kind {
	t.Helper()
	for _, c := range errorCases() {
		if c.Code == code {
			return c.Kind
		}
	}
	t.Fatalf("no case for %s", code)
	return ""
}

// cents is the charge in a frame with usage, or nothing.
func cents(f map[string]any) string {
	usage, _ := f["usage"].(map[string]any)
	amount, ok := usage["cost_cents"].(float64)
	if !ok {
		return ""
	}
	data, _ := json.Marshal(amount)
	return string(data)
}

var closeKinds = map[int]upstream.Kind{
	1000: upstream.Dropped, 1001: upstream.Dropped, 1012: upstream.Dropped, 1013: upstream.ConnectFailed,
	4000: upstream.UpstreamError, 4001: upstream.AuthFailed, 4003: upstream.NoCredit, 4029: upstream.Throttled,
	4500: upstream.UpstreamError,
}

func (p *player) close(code int) {
	if p.conn == nil {
		p.context("c1")
	}
	for _, c := range p.contexts {
		if c.end == nil {
			c.end = &outcome{kind: closeKinds[code]}
		}
	}
	p.conn.Close(code)
}

func (p *player) refuse(status int) {
	p.vendor.Refuse(status, nil)
	_, err := p.provider.Open(p.t.Context(), request, upstreamtest.NewSink(p.t))
	if got, want := upstream.KindOf(err), upstream.RefusedKind(status); got != want {
		p.t.Errorf("status %d: got %s, want %s", status, got, want)
	}
}

// check compares what a context has delivered with what the transcript said.
func (p *player) check(id string, c *played) {
	p.t.Helper()
	h := c.sink.Heard()
	if len(h.Audio) != c.audio || len(h.Words) != c.words {
		p.t.Errorf("%s: got %d bytes of audio and %d words, want %d and %d", id, len(h.Audio), len(h.Words), c.audio, c.words)
	}
	if want := min(c.finals, c.pieces); len(h.Pieces) != want {
		p.t.Errorf("%s: got %d piece ends, want %d", id, len(h.Pieces), want)
	}
	select {
	case <-c.sink.Ended():
		p.checkEnd(id, c, h)
	default:
		if c.end != nil {
			p.t.Errorf("%s: not ended, want %+v", id, *c.end)
		}
		_ = c.sink.Close(func(cause error) error { return c.stream.Close(canceled(p.t), cause) }, errStop)
	}
}

func (p *player) checkEnd(id string, c *played, h upstreamtest.Heard) {
	p.t.Helper()
	switch {
	case c.end == nil:
		p.t.Errorf("%s: ended with %v, want it open", id, h.Err)
	case c.stopped:
		if !errors.Is(h.Err, errStop) {
			p.t.Errorf("%s: got %v, want the cause", id, h.Err)
		}
	case c.end.kind == "":
		if h.Err != nil {
			p.t.Errorf("%s: got %v, want a good end", id, h.Err)
		}
	case upstream.KindOf(h.Err) != c.end.kind:
		p.t.Errorf("%s: got %v, want %s", id, h.Err, c.end.kind)
	}
	if c.end != nil && h.Usage.Charge.Decimal != c.end.cents {
		p.t.Errorf("%s: got charge %+v, want %q cents", id, h.Usage.Charge, c.end.cents)
	}
}
