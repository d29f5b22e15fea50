package zeligate

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"testing"
	"testing/synctest"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "zeligate", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		p := &player{Player: goldentest.NewPlayer(t, goldentest.Setup{
			Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults, env) },
			Request: request,
			Key:     "sk-zeli-...",
		})}
		if first := x.Lines[0]; first.Refuse == 0 {
			p.stream = p.Open(request.ID)
		}
		p.Play(p, x.Lines)
		p.Check()
		for _, s := range p.Streams {
			_ = s.Stream.Close(t.Context(), nil) // never fails
		}
		synctest.Wait()
		if _, open := p.Vendor.Sockets(); open != 0 {
			t.Errorf("%d sockets are left open", open)
		}
	})
}

// player is one exchange being played, which is one stream.
type player struct {
	*goldentest.Player
	stream *goldentest.Stream
	last   bool // the client has sent its last
}

// Act does what makes the client's frame. What no adapter would send is left out.
func (p *player) Act(e goldentest.Entry) {
	if e.Close != 0 {
		p.stream.Stop()
		return
	}
	var f struct {
		Text  *string `json:"text"`
		Flush bool    `json:"flush"`
	}
	if json.Unmarshal(e.Frame, &f) != nil || p.last {
		return
	}
	if f.Text != nil && *f.Text != " " {
		p.stream.Text += *f.Text
	}
	p.last = f.Text != nil && *f.Text == ""
	if p.last || f.Flush {
		p.speak()
	}
}

// speak orders what there is: the vendor also speaks unasked.
func (p *player) speak() {
	if p.last || p.stream.Text != "" {
		p.stream.Speak(p.last)
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	if p.stream.Text != "" {
		p.speak()
	}
	const size = 961 // half a sample at the end
	if f["audio"] != nil {
		f["audio"] = base64.StdEncoding.EncodeToString(make([]byte, size))
		p.stream.Hear(size, 0)
	}
	p.Conn().Send(f)
	switch {
	case f["detail"] != nil || f["error"] != nil:
		p.stream.MustEnd(p.kindOf(f))
	case f["isFinal"] == true && p.stream.Ordered > 0:
		p.stream.MustEnd("")
	}
}

// kindOf is the kind of an error frame, by the suite's own list.
func (p *player) kindOf(f map[string]any) upstream.Kind {
	id, _ := f["error"].(string)
	switch detail := f["detail"].(type) {
	case map[string]any:
		id, _ = detail["status"].(string)
	case []any:
		id, _ = detail[0].(map[string]any)["type"].(string)
	}
	kind, ok := kinds[id]
	if !ok {
		p.Fatalf("no case for %q", id)
	}
	return kind
}

// Close closes the socket.
func (p *player) Close(code int) {
	if p.stream.Text != "" {
		p.speak()
	}
	p.CloseAll(code, map[int]upstream.Kind{
		1000: upstream.Dropped, 1001: upstream.Dropped, 1008: upstream.AuthFailed, 1011: upstream.UpstreamError,
		1012: upstream.Dropped, 1013: upstream.ConnectFailed,
	}[code])
}

// Refused is the vendor's own meaning of a status.
func (p *player) Refused(status int) upstream.Kind {
	return map[int]upstream.Kind{
		400: upstream.Rejected, 401: upstream.AuthFailed, 404: upstream.Rejected, 503: upstream.UpstreamError,
	}[status]
}

// TestTheVendorsExample has the adapter send what the vendor's own example does, but for the orders to speak.
func TestTheVendorsExample(t *testing.T) {
	example := goldentest.Read(t, "zeligate", "speech_example.jsonl")[0].Lines
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
	recorded(t, defaults, upstream.Env{APIKey: "sk-zeli-..."}, func(r *recorder) {
		req := request
		if req.Options, err = r.Provider.ParseOptions(raw); err != nil {
			r.Fatal(err)
		}
		l := r.Open(req)
		var want []string
		for i, e := range example[:4] {
			want = append(want, string(e.Frame))
			if i == 1 {
				want = append(want, `{"flush":true}`)
			}
		}
		l.MustOrder(false, textOf(t, example[1]))
		l.MustOrder(true, textOf(t, example[2]))
		r.Want(want...)
		l.Stop(nil)
	})
}

func textOf(t *testing.T, e goldentest.Entry) string {
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
