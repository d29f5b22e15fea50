package together

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
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

// is reports whether the entry is a frame of that type.
func (e entry) is(kind string) bool { return e.Frame["type"] == kind }

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's, or
// what comes nearest to it: where text is spoken without a commit it commits.
func TestGoldenTranscripts(t *testing.T) {
	files, err := filepath.Glob("../emulator/together/testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d transcripts: %v", len(files), err)
	}
	for _, file := range files {
		for i, exchange := range exchanges(t, file) {
			t.Run(fmt.Sprint(filepath.Base(file), " ", i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { replay(t, exchange) })
			})
		}
	}
}

// exchanges are a transcript's connections, each with its greeting first: the adapter waits for that.
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
	for _, exchange := range all {
		if i := slices.IndexFunc(exchange, func(e entry) bool { return e.is(typeCreated) }); i > 0 {
			exchange[0], exchange[i] = exchange[i], exchange[0]
		}
	}
	return all
}

// player is one exchange being played.
type player struct {
	*testing.T
	vendor   *upstreamtest.Vendor
	provider *provider
	conns    chan *upstreamtest.Conn
	conn     *upstreamtest.Conn // the latest
	streams  map[string]*played
}

// played is a stream, and what the transcript has said of it so far.
type played struct {
	*upstreamtest.Sink
	stream  upstream.Stream
	conn    *upstreamtest.Conn
	text    string // not committed yet
	pieces  int
	stopped bool

	audio, words int
	kind         upstream.Kind // of the error that it must end with
}

func replay(t *testing.T, exchange []entry) {
	p := &player{T: t, conns: make(chan *upstreamtest.Conn, 1), streams: map[string]*played{}}
	p.vendor = upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
		p.conns <- c
		<-c.Over()
	})
	defer p.vendor.Close()
	var err error
	p.provider, err = open(defaults(), upstream.Env{Name: "t", URL: upstreamtest.URL, APIKey: goodKey, HTTP: p.vendor.Client(), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.provider.Close() }() // never fails
	if !exchange[0].is(typeCreated) {
		p.refuse(exchange[0])
		return
	}
	for _, e := range exchange[1:] {
		switch {
		case e.Dir == "c2s":
			p.act(e.Frame)
		case e.Close != 0:
			p.drop(e.Close)
		default:
			p.say(e.Frame)
		}
		synctest.Wait()
	}
	for id, s := range p.streams {
		p.check(id, s)
	}
}

// refuse answers a connection by anything but a greeting.
func (p *player) refuse(e entry) {
	var want upstream.Kind
	switch {
	case e.Refuse != 0:
		p.vendor.Refuse(e.Refuse, nil)
		want = (&dialect{}).Refused(e.Refuse)
	case e.Close != 0:
		want = closeKind(e.Close)
	default:
		want = p.kindOf(e.Frame)
	}
	go func() {
		if e.Refuse != 0 {
			return
		}
		conn := <-p.conns
		if e.Close != 0 {
			conn.Close(e.Close)
			return
		}
		conn.Send(e.Frame)
	}()
	_, err := p.provider.Open(p.Context(), request(), upstreamtest.NewSink(p))
	if err == nil || upstream.KindOf(err) != want {
		p.Errorf("got %v, want %s", err, want)
	}
}

// stream is the stream of a context, opened on its first use, on a connection that greets it.
func (p *player) stream(context any) *played {
	p.Helper()
	id, named := context.(string)
	if !named {
		id = "default"
	}
	if s := p.streams[id]; s != nil {
		return s
	}
	greeted := make(chan struct{})
	go func() {
		select {
		case p.conn = <-p.conns:
			p.conn.Send(reply{"type": typeCreated})
		case <-greeted:
		}
	}()
	req := request()
	req.ID = id
	s := &played{Sink: upstreamtest.NewSink(p)}
	var err error
	if s.stream, err = p.provider.Open(p.Context(), req, s.Sink); err != nil {
		p.Fatal(err)
	}
	close(greeted)
	synctest.Wait()
	s.conn = p.conn
	p.streams[id] = s
	return s
}

// act does what makes the client's frame.
func (p *player) act(f map[string]any) {
	switch f["type"] {
	case typeAppend:
		text, _ := f["text"].(string)
		p.stream(f["context_id"]).text += text
	case typeCommit:
		p.commit(p.stream(f["context_id"]), false)
	case "input_text_buffer.clear":
		p.stream(f["context_id"]).text = ""
	case typeCancel:
		if f["context_id"] == nil {
			return // a mistake that the adapter does not make
		}
		s := p.stream(f["context_id"])
		s.stopped = true
		go func() {
			_ = s.Close(func(cause error) error { return s.stream.Close(within(p.T, second), cause) }, errStop)
		}()
	}
}

var errStop = errors.New("barge-in")

// commit speaks what has been appended, if anything.
func (p *player) commit(s *played, last bool) {
	if s.text == "" && !last {
		return
	}
	if err := s.stream.Speak(p.Context(), upstream.Piece{ID: s.pieces, Text: s.text, Last: last}); err != nil {
		p.Error(err)
	}
	s.text = ""
	s.pieces++
}

// say sends the vendor's frame on the stream's connection, and notes what must come of it.
func (p *player) say(f map[string]any) {
	s := p.stream(f["context_id"])
	switch f["type"] {
	case typeDelta:
		p.commit(s, false)
		samples := make([]byte, 9600)
		if !s.stopped {
			s.audio += len(samples)
		}
		if f["delta"] == "<riff b64>" {
			samples = append(audio.WAVHeader(format.Rate), samples...)
		}
		f["delta"] = base64.StdEncoding.EncodeToString(samples)
	case typeWords:
		s.words += len(f["words"].([]any))
	case typeFailed:
		s.kind = p.kindOf(f)
		if f["context_id"] == nil { // of the session, whatever streams it has
			for _, other := range p.streams {
				other.kind = s.kind
				other.conn.Send(f)
			}
			return
		}
	case typeError:
		return // for mistakes that the adapter does not make
	}
	s.conn.Send(f)
}

// kindOf is the kind of a vendor's error.
func (p *player) kindOf(f map[string]any) upstream.Kind {
	code := f["error"].(map[string]any)["code"].(string)
	for _, c := range errorCases() {
		if c.Code == code {
			return c.Kind
		}
	}
	p.Fatalf("no case for %s", code)
	return ""
}

func closeKind(code int) upstream.Kind {
	switch code {
	case 1011:
		return upstream.UpstreamError
	case 1013:
		return upstream.ConnectFailed
	}
	return upstream.Dropped
}

func (p *player) drop(code int) {
	for _, s := range p.streams {
		s.kind = closeKind(code)
		s.conn.Close(code)
	}
}

// check compares what a stream has delivered with what the transcript said.
func (p *player) check(id string, s *played) {
	p.Helper()
	if s.kind == "" && !s.stopped {
		p.commit(s, true)
		time.Sleep(10 * second)
	}
	h := s.Heard()
	select {
	case <-s.Ended():
	default:
		p.Fatalf("%s: not ended", id)
	}
	if len(h.Audio) != s.audio || len(h.Words) != s.words {
		p.Errorf("%s: got %d bytes of audio and %d words, want %d and %d", id, len(h.Audio), len(h.Words), s.audio, s.words)
	}
	switch {
	case s.stopped && !errors.Is(h.Err, errStop):
		p.Errorf("%s: got %v, want the cause", id, h.Err)
	case s.kind != "" && (h.Err == nil || upstream.KindOf(h.Err) != s.kind):
		p.Errorf("%s: got %v, want %s", id, h.Err, s.kind)
	case s.kind == "" && !s.stopped && (h.Err != nil || len(h.Pieces) != s.pieces):
		p.Errorf("%s: got %v after %d pieces, want a good end after %d", id, h.Err, len(h.Pieces), s.pieces)
	}
}
