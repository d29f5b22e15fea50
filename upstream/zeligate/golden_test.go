package zeligate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
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

const transcripts = "../emulator/zeligate/testdata/"

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	files, err := filepath.Glob(transcripts + "*.jsonl")
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
	conn     *upstreamtest.Conn
	sink     *upstreamtest.Sink
	stream   upstream.Stream
	text     string // not ordered yet
	pieces   int

	// What the transcript has said so far.
	audio int
	last  bool
	end   *upstream.Kind // nil: not ended; empty: well
}

func replay(t *testing.T, exchange []entry) {
	conns := make(chan *upstreamtest.Conn, 1)
	p := &player{t: t, sink: upstreamtest.NewSink(t)}
	p.vendor = upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
		conns <- c
		<-c.Over()
	})
	defer p.vendor.Close()
	var err error
	p.provider, err = open(defaults, upstream.Env{URL: upstreamtest.URL, APIKey: "sk-zeli-...", HTTP: p.vendor.Client(), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.provider.Close() }() // never fails
	if first := exchange[0]; first.Refuse != 0 {
		p.refuse(first.Refuse)
		return
	}
	if p.stream, err = p.provider.Open(t.Context(), request, p.sink); err != nil {
		t.Fatal(err)
	}
	p.conn = <-conns
	for _, e := range exchange {
		switch {
		case e.Dir == "c2s" && e.Close != 0:
			p.stop(upstream.Canceled)
		case e.Dir == "c2s":
			p.act(e.Frame)
		case e.Close != 0:
			p.close(e.Close)
		default:
			p.say(e.Frame)
		}
		synctest.Wait()
	}
	p.check()
}

func (p *player) refuse(status int) {
	p.vendor.Refuse(status, nil)
	_, err := p.provider.Open(p.t.Context(), request, p.sink)
	want := map[int]upstream.Kind{400: upstream.Rejected, 401: upstream.AuthFailed, 404: upstream.Rejected, 503: upstream.UpstreamError}[status]
	if got := upstream.KindOf(err); err == nil || got != want {
		p.t.Errorf("status %d: got %v, want %s", status, err, want)
	}
}

// act does what makes the client's frame. What no adapter would send is left out.
func (p *player) act(data json.RawMessage) {
	var f struct {
		Text  *string `json:"text"`
		Flush bool    `json:"flush"`
	}
	if json.Unmarshal(data, &f) != nil || p.last {
		return
	}
	if f.Text != nil && *f.Text != " " {
		p.text += *f.Text
	}
	p.last = f.Text != nil && *f.Text == ""
	if p.last || f.Flush && p.text != "" {
		p.speak()
	}
}

// speak orders what there is: the vendor also speaks unasked.
func (p *player) speak() {
	if err := p.stream.Speak(p.t.Context(), upstream.Piece{ID: p.pieces, Text: p.text, Last: p.last}); err != nil {
		p.t.Fatal(err)
	}
	p.pieces++
	p.text = ""
}

// say sends the vendor's frame, and notes what must come of it.
func (p *player) say(data json.RawMessage) {
	var f map[string]any
	if err := json.Unmarshal(data, &f); err != nil {
		p.t.Fatal(err)
	}
	if p.text != "" {
		p.speak()
	}
	const size = 961 // half a sample at the end
	if f["audio"] != nil {
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, size))
		p.audio += size
	}
	p.conn.Send(f)
	switch {
	case f["detail"] != nil || f["error"] != nil:
		p.ends(kindOf(p.t, f))
	case f["isFinal"] == true && p.pieces > 0:
		p.ends("")
	}
}

func (p *player) ends(kind upstream.Kind) {
	if p.end == nil {
		p.end = &kind
	}
}

// kindOf is the kind of an error frame, by the suite's own list.
func kindOf(t *testing.T, f map[string]any) upstream.Kind {
	t.Helper()
	id, _ := f["error"].(string)
	switch detail := f["detail"].(type) {
	case map[string]any:
		id, _ = detail["status"].(string)
	case []any:
		id, _ = detail[0].(map[string]any)["type"].(string)
	}
	kind, ok := kinds[id]
	if !ok {
		t.Fatalf("no case for %q", id)
	}
	return kind
}

func (p *player) close(code int) {
	kind := map[int]upstream.Kind{
		1000: upstream.Dropped, 1001: upstream.Dropped, 1008: upstream.AuthFailed, 1011: upstream.UpstreamError,
		1012: upstream.Dropped, 1013: upstream.ConnectFailed,
	}[code]
	if p.text != "" {
		p.speak()
	}
	p.ends(kind)
	p.conn.Close(code)
}

// stop closes the stream from this side.
func (p *player) stop(kind upstream.Kind) {
	p.ends(kind)
	_ = p.sink.Close(func(cause error) error { return p.stream.Close(context.Background(), cause) }, errStop) // never fails
}

// check compares what the stream has delivered with what the transcript said.
func (p *player) check() {
	p.t.Helper()
	select {
	case <-p.sink.Ended():
	default:
		if p.end != nil {
			p.t.Errorf("not ended, want %q", *p.end)
		}
		p.stop(upstream.Canceled)
	}
	h := p.sink.Heard()
	if len(h.Audio) != p.audio {
		p.t.Errorf("got %d bytes of audio, want %d", len(h.Audio), p.audio)
	}
	if *p.end == "" && h.Err != nil || *p.end != "" && (h.Err == nil || upstream.KindOf(h.Err) != *p.end) {
		p.t.Errorf("got %v, want %q", h.Err, *p.end)
	}
	_ = p.stream.Close(p.t.Context(), nil) // never fails
	synctest.Wait()
	if _, open := p.vendor.Sockets(); open != 0 {
		p.t.Errorf("%d sockets are left open", open)
	}
}

// TestTheVendorsExample has the adapter send what the vendor's own example does, but for the orders to speak.
func TestTheVendorsExample(t *testing.T) {
	example := exchanges(t, transcripts+"speech_example.jsonl")[0]
	var bos struct {
		VoiceSettings    map[string]any `json:"voice_settings"`
		GenerationConfig struct {
			ChunkLengthSchedule []int64 `json:"chunk_length_schedule"`
		} `json:"generation_config"`
	}
	if err := json.Unmarshal(example[0].Frame, &bos); err != nil {
		t.Fatal(err)
	}
	options := bos.VoiceSettings
	options["chunk_length_schedule"] = bos.GenerationConfig.ChunkLengthSchedule
	raw, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	recorded(t, defaults, upstream.Env{APIKey: "sk-zeli-..."}, func(t *testing.T, r *recording) {
		req := request
		if req.Options, err = r.ParseOptions(raw); err != nil {
			t.Fatal(err)
		}
		s := r.begin(req)
		var want []string
		for i, e := range example[:4] {
			want = append(want, string(e.Frame))
			if i == 1 {
				want = append(want, `{"flush":true}`)
			}
		}
		r.speak(s, 0, textOf(t, example[1]), false)
		r.speak(s, 1, textOf(t, example[2]), true)
		r.wantFrames(want...)
		_ = s.Close(t.Context(), nil) // never fails
	})
}

func textOf(t *testing.T, e entry) string {
	t.Helper()
	var f textFrame
	if err := json.Unmarshal(e.Frame, &f); err != nil || f.Text == "" {
		t.Fatalf("%s: no text: %v", e.Frame, err)
	}
	return f.Text
}

// TestCodesAreListed has every code that the transcripts show in the tables.
func TestCodesAreListed(t *testing.T) {
	listed := map[string]bool{}
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Where == "" || e.Message == "" {
			t.Errorf("%+v says nothing", e)
		}
		listed[e.Code] = true
	}
	for id := range kinds {
		if !listed[id] && id != "brand_new" {
			t.Errorf("%s is not listed", id)
		}
	}
	for _, code := range []int{400, 401, 404, 422, 503, 1000, 1001, 1008, 1011, 1012, 1013} {
		if !listed[strconv.Itoa(code)] {
			t.Errorf("%d is not listed", code)
		}
	}
}
