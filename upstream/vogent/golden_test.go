package vogent

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
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
	Dir    string          `json:"dir"`
	Frame  json.RawMessage `json:"frame"`
	Close  int             `json:"close"`
	Refuse int             `json:"refuse"`
}

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter has a stream of one piece for each
// of its generations.
func TestGoldenTranscripts(t *testing.T) {
	files, err := filepath.Glob("../emulator/vogent/testdata/*.jsonl")
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
	sent     chan input // by the adapter
	conn     *upstreamtest.Conn
	played   map[string]*played // by the transcript's ids, the latest of each
	all      []*played
}

// played is a generation, and what the transcript has said of it so far.
type played struct {
	id      string // the adapter's
	sink    *upstreamtest.Sink
	stream  upstream.Stream
	stopped bool

	audio, words int
	heard        bool
	over         bool
	kind         upstream.Kind // of the end; empty: a good one
}

func replay(t *testing.T, exchange []entry) {
	p := &player{t: t, conns: make(chan *upstreamtest.Conn, 1), sent: make(chan input, 1024), played: map[string]*played{}}
	p.vendor = upstreamtest.NewVendor(p.listen)
	defer p.vendor.Close()
	var err error
	env := upstream.Env{Name: "v", URL: upstreamtest.URL, APIKey: "YOUR_API_KEY", HTTP: p.vendor.Client(), Log: zerolog.Nop()}
	if p.provider, err = open(sharing(32), env); err != nil {
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
	for _, g := range p.all {
		p.check(g)
	}
	_ = p.provider.Close() // never fails
}

// listen keeps what the adapter sends.
func (p *player) listen(c *upstreamtest.Conn) {
	p.conns <- c
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var in input
		if json.Unmarshal(data, &in) == nil {
			p.sent <- in
		}
	}
}

// begin has the adapter speak a generation.
func (p *player) begin(id string) {
	req := request
	req.ID = fmt.Sprintf("%s-%d", id, len(p.all))
	g := &played{sink: upstreamtest.NewSink(p.t, "YOUR_API_KEY")}
	var err error
	if g.stream, err = p.provider.Open(p.t.Context(), req, g.sink); err != nil {
		p.t.Fatal(err)
	}
	synctest.Wait()
	select {
	case p.conn = <-p.conns: // the first, or another since the adapter gave one up
	default:
	}
	if err := g.stream.Speak(p.t.Context(), upstream.Piece{Text: "Hello there.", Last: true}); err != nil {
		p.t.Fatal(err)
	}
	in := <-p.sent
	for in.Cancel { // of a generation before
		in = <-p.sent
	}
	g.id = in.GenerationID
	p.played[id] = g
	p.all = append(p.all, g)
}

// act does what makes the client's message, where the adapter has one like it.
func (p *player) act(frame json.RawMessage) {
	var in input
	if json.Unmarshal(frame, &in) != nil && in.GenerationID == "" {
		return // what no adapter sends
	}
	g := p.played[in.GenerationID]
	switch {
	case in.Cancel && g != nil:
		g.stopped = true
		if err := g.sink.Close(func(cause error) error { return g.stream.Close(p.t.Context(), cause) }, errStop); err != nil {
			p.t.Errorf("Close: %v", err)
		}
	case !in.Cancel && (g == nil || g.over):
		p.begin(in.GenerationID)
	}
}

// say sends the vendor's frame, and notes what must come of it.
func (p *player) say(frame json.RawMessage) {
	var f map[string]any
	if err := json.Unmarshal(frame, &f); err != nil {
		p.t.Fatal(err)
	}
	if p.conn == nil {
		p.begin("before any frame")
	}
	if f["audio"] != nil {
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, 960))
	}
	id, _ := f["generationId"].(string)
	if id == "" {
		for _, g := range p.all {
			g.note(p.t, f)
		}
	} else {
		g := p.played[id]
		if g == nil {
			p.begin(id)
			g = p.played[id]
		}
		g.note(p.t, f)
		f["generationId"] = g.id
	}
	p.conn.Send(f)
}

// note notes what a frame must lead to.
func (g *played) note(t *testing.T, f map[string]any) {
	if g.over || g.stopped {
		return
	}
	g.heard = true
	switch f["type"] {
	case "chunk":
		g.audio += 960
	case "finished":
		g.over = true
	case "error":
		kind, known := errorKinds[f["error"].(string)]
		if !known {
			t.Fatalf("no kind for %q", f["error"])
		}
		g.over, g.kind = true, kind
	default:
		for name, value := range f {
			if name != "type" && name != "generationId" {
				g.words += texts(value)
			}
		}
	}
}

// texts counts the strings in a value: in word times there is one a word.
func texts(v any) int {
	n := 0
	switch v := v.(type) {
	case string:
		return 1
	case []any:
		for _, element := range v {
			n += texts(element)
		}
	case map[string]any:
		for _, element := range v {
			n += texts(element)
		}
	}
	return n
}

// closeKinds are what closes mean to a generation that nothing has been said of.
var closeKinds = map[int]upstream.Kind{
	1000: upstream.Dropped, 1001: upstream.Dropped, 1008: upstream.AuthFailed, 1011: upstream.UpstreamError,
	1012: upstream.Dropped, 1013: upstream.ConnectFailed,
}

func (p *player) close(code int) {
	if p.conn == nil {
		p.begin("before any frame")
	}
	for _, g := range p.all {
		if !g.over && !g.stopped {
			if g.heard {
				p.t.Fatal("a close in mid-speech, for which this has no kind")
			}
			g.over, g.kind = true, closeKinds[code]
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

// check compares what a generation has delivered with what the transcript said.
func (p *player) check(g *played) {
	p.t.Helper()
	h := g.sink.Heard()
	if len(h.Audio) != g.audio || len(h.Words) != g.words {
		p.t.Errorf("%s: got %d bytes of audio and %d words, want %d and %d", g.id, len(h.Audio), len(h.Words), g.audio, g.words)
	}
	select {
	case <-g.sink.Ended():
	default:
		if g.over {
			p.t.Errorf("%s: not ended", g.id)
		}
		_ = g.sink.Close(func(cause error) error { return g.stream.Close(p.t.Context(), cause) }, errStop)
		return
	}
	switch {
	case g.stopped:
		if !errors.Is(h.Err, errStop) {
			p.t.Errorf("%s: got %v, want the cause", g.id, h.Err)
		}
	case !g.over:
		p.t.Errorf("%s: ended with %v, want it open", g.id, h.Err)
	case g.kind == "":
		if h.Err != nil || len(h.Pieces) != 1 {
			p.t.Errorf("%s: got %v and %d piece ends, want a good end of one", g.id, h.Err, len(h.Pieces))
		}
	case upstream.KindOf(h.Err) != g.kind:
		p.t.Errorf("%s: got %v, want %s", g.id, h.Err, g.kind)
	}
}
