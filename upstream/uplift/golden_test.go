package uplift

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// entry is a line of a golden transcript.
type entry struct {
	Dir    string          `json:"dir"`
	Path   string          `json:"path"`
	Packet string          `json:"packet"`
	Frame  json.RawMessage `json:"frame"`
	Close  int             `json:"close"`
	Refuse int             `json:"refuse"`
}

// message is the vendor's own message in a line, out of its event, or nil.
func (e entry) message(t *testing.T) map[string]any {
	t.Helper()
	data := e.Frame
	if strings.HasPrefix(e.Packet, "42") {
		var event []json.RawMessage
		if err := json.Unmarshal(data, &event); err != nil {
			t.Fatal(err)
		}
		data = event[1]
	} else if e.Packet != "" || data == nil {
		return nil
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	files, err := filepath.Glob("../emulator/uplift/testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d transcripts: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			for _, scene := range scenes(t, file) {
				if !bytes.Contains(scene[len(scene)-1].Frame, []byte("Invalid namespace")) { // of another than ours
					synctest.Test(t, func(t *testing.T) { replay(t, scene) })
				}
			}
		})
	}
}

// scenes are a transcript's connections, from the line that opens each.
func scenes(t *testing.T, file string) [][]entry {
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
			all = append(all, []entry{e})
		case "c2s", "s2c":
			all[len(all)-1] = append(all[len(all)-1], e)
		}
	}
	return all
}

// player is one scene being played. Each request is the one piece of a stream of its own.
type player struct {
	*rig
	c       *upstreamtest.Conn
	greeted bool
	opened  chan error // what the first Open came to
	first   *played
	streams map[string]*played // by the transcript's ids
}

// played is a request, and what the transcript has said of it so far.
type played struct {
	*spoken
	audio   int
	stopped bool
	over    bool
	kind    upstream.Kind // of the error it must end with; empty: none
}

func replay(t *testing.T, scene []entry) {
	cfg := over(transportWebSocket)
	if scene[0].Path == "/socket.io/" {
		cfg = over(transportSocketIO)
	}
	conns := make(chan *upstreamtest.Conn, 1)
	r := newRig(t, cfg, func(c *upstreamtest.Conn) {
		conns <- c
		<-c.Over()
	})
	defer r.close()
	p := &player{rig: r, opened: make(chan error, 1), streams: map[string]*played{}}
	scene = scene[1:]
	if scene[0].Refuse != 0 {
		r.vendor.Refuse(scene[0].Refuse, nil)
		_, err := r.tryOpen(request1)
		wantKind(t, err, upstream.RefusedKind(scene[0].Refuse))
		return
	}
	go func() {
		s, err := r.tryOpen(request1)
		p.first = &played{spoken: s}
		p.opened <- err
	}()
	p.c = <-conns
	for _, e := range scene {
		if e.Dir == "c2s" {
			p.act(e)
		} else {
			p.say(e)
		}
		synctest.Wait()
	}
	p.finish(scene[len(scene)-1])
}

// greet waits for the adapter to be ready.
func (p *player) greet() {
	if p.greeted {
		return
	}
	p.greeted = true
	if err := <-p.opened; err != nil {
		p.t.Fatalf("Open: %v", err)
	}
}

// act does what makes the client's line, and checks that it does.
func (p *player) act(e entry) {
	m := e.message(p.t)
	switch id, _ := m["requestId"].(string); {
	case m == nil && e.Packet == "41/text-to-speech/multi-stream,":
		return // the adapter closes the socket instead
	case m == nil:
		p.want(e.Packet, e.Frame)
		return
	case m["type"] == "synthesize":
		if !p.greeted && e.Packet == "" { // early, which the adapter never is
			p.c.Send(reply{"type": "ready", "sessionId": "session_abc123"})
		}
		p.greet()
		if !p.speak(id, m) {
			return
		}
		m["outputFormat"] = outputFormat(p.streams[id].format)
	default:
		s := p.streams[id]
		if s == nil || s.over {
			return // what has ended is not cancelled
		}
		s.stopped, s.over = true, true
		s.close(errStop)
	}
	m["requestId"] = m["requestId"].(string) + ".0"
	var frame any = m
	if e.Packet != "" {
		frame = []any{m["type"], m}
	}
	data, _ := json.Marshal(frame)
	p.want(e.Packet, data)
}

// want checks the adapter's next frame.
func (p *player) want(packet string, frame json.RawMessage) {
	p.t.Helper()
	data, _ := p.c.Next()
	rest, ok := bytes.CutPrefix(data, []byte(packet))
	if len(frame) == 0 {
		if !ok || len(rest) > 0 {
			p.t.Errorf("got %s, want %s", data, packet)
		}
		return
	}
	var got, want any
	if !ok || json.Unmarshal(rest, &got) != nil || json.Unmarshal(frame, &want) != nil {
		p.t.Fatalf("got %s, want %s%s", data, packet, frame)
	}
	for _, token := range []string{"YOUR_API_KEY", "WRONG"} {
		if m, _ := want.(map[string]any); m["token"] == token {
			m["token"] = string(key)
		}
	}
	if !reflect.DeepEqual(got, want) {
		p.t.Errorf("got %s, want %s%s", data, packet, frame)
	}
}

// speak speaks a request's text on a stream, unless its format is none that the adapter asks for.
func (p *player) speak(id string, m map[string]any) bool {
	req := request1
	req.ID, req.Voice = id, m["voiceId"].(string)
	switch m["outputFormat"] {
	case nil, "PCM_22050_16":
	case "ULAW_8000_8":
		req.Output = audio.Format{Encoding: audio.MuLaw, Rate: 8000}
	default:
		return false
	}
	if config, ok := m["phraseReplacementConfigId"]; ok {
		req.Options = &options{PhraseReplacementConfigID: config.(string)}
	}
	if old := p.streams[id]; old != nil {
		p.check(id, old)
	}
	p.streams[id] = &played{spoken: p.open(req)}
	p.streams[id].speak(m["text"].(string), true)
	return true
}

// say sends the vendor's line, and notes what must come of it.
func (p *player) say(e entry) {
	if e.Close != 0 {
		p.end("", upstream.CloseError(closeCodes, e.Close).Kind)
		p.c.Close(e.Close)
		return
	}
	m := maps.Clone(e.message(p.t))
	id, _ := m["requestId"].(string)
	switch s := p.streams[id]; m["type"] {
	case "ready":
		if p.greeted {
			return // it came before an early request
		}
	case "audio":
		if s == nil {
			return // in a format that was not asked for
		}
		m["audio"] = base64.StdEncoding.EncodeToString(make([]byte, 2000))
		if !s.over {
			s.audio += 2000
		}
	case "audio_end":
		if s != nil && s.audio == 0 {
			p.end(id, upstream.NoAudio)
		}
		p.end(id, "")
	case "error":
		p.end(id, kindOf(p.t, m["code"].(string)))
	}
	p.send(e, m)
}

// send sends a line with its message as it has become.
func (p *player) send(e entry, m map[string]any) {
	frame := e.Frame
	if m != nil {
		if id, ok := m["requestId"].(string); ok {
			m["requestId"] = id + ".0"
		}
		var v any = m
		if e.Packet != "" {
			v = []any{"message", m}
		}
		frame, _ = json.Marshal(v)
	}
	p.c.SendRaw(append([]byte(e.Packet), frame...))
}

// end notes the end of a request, or of all that have not ended where the id is empty.
func (p *player) end(id string, kind upstream.Kind) {
	for other, s := range p.streams {
		if !s.over && (other == id || id == "") {
			s.over, s.kind = true, kind
		}
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

// finish compares what has come of the scene with what it said. last is its last line.
func (p *player) finish(last entry) {
	if !p.greeted {
		err := <-p.opened
		want := upstream.AuthFailed // all that the transcripts have before ready, but for closes
		if last.Close != 0 {
			want = upstream.CloseError(closeCodes, last.Close).Kind
		}
		if err == nil && strings.HasPrefix(last.Packet, "42") {
			p.first.close(nil) // it never spoke
			return
		}
		wantKind(p.t, err, want)
		return
	}
	for id, s := range p.streams {
		p.check(id, s)
	}
	p.first.close(errStop)
}

// check compares what a request has delivered with what the transcript said.
func (p *player) check(id string, s *played) {
	p.t.Helper()
	h := s.sink.Heard()
	if len(h.Audio) != s.audio {
		p.t.Errorf("%s: got %d bytes of audio, want %d", id, len(h.Audio), s.audio)
	}
	if want := s.over && !s.stopped && s.kind == ""; (len(h.Pieces) == 1) != want {
		p.t.Errorf("%s: got piece ends %v, want one: %v", id, h.Pieces, want)
	}
	select {
	case <-s.sink.Ended():
		switch {
		case !s.over:
			p.t.Errorf("%s: ended with %v, want it open", id, h.Err)
		case s.stopped && !errors.Is(h.Err, errStop), s.kind != "" && upstream.KindOf(h.Err) != s.kind, !s.stopped && s.kind == "" && h.Err != nil:
			p.t.Errorf("%s: got %v, want kind %q, stopped: %v", id, h.Err, s.kind, s.stopped)
		}
	default:
		if s.over {
			p.t.Errorf("%s: has not ended", id)
		}
	}
	s.close(errStop)
}
