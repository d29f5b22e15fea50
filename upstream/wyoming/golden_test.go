package wyoming

import (
	"encoding/json"
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// goldenEvent is an event of a transcript's server.
type goldenEvent struct {
	Type    string         `json:"type"`
	Data    map[string]any `json:"data"`
	Payload bool           `json:"payload"`
}

// exchange is an order of a transcript, and what its server says to it.
type exchange struct {
	order   synthesize
	answers []goldenEvent
	ends    bool
}

const goldenSpeech = "some samples"

// TestGolden orders what the transcripts order, each by a stream of its own, and plays their servers' answers.
func TestGolden(t *testing.T) {
	goldentest.Each(t, "wyoming", "*.jsonl", func(t *testing.T, e goldentest.Exchange) {
		orders := ordersOf(t, e)
		if len(orders) == 0 {
			t.Skip("the adapter orders nothing like it")
		}
		at := 0
		v := upstreamtest.NewTCPVendor(next, func(c *upstreamtest.Conn) {
			for data, ok := c.Next(); ok; data, ok = c.Next() {
				if at >= len(orders) {
					t.Errorf("sent %s, which nothing asks for", data)
					return
				}
				playGolden(t, c, data, orders[at])
				at++
			}
		})
		defer v.Close()
		p, err := open(defaults(), upstream.Env{Name: "w", URL: upstreamtest.OverTCP.URL(), HTTP: v.Client(), Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for _, o := range orders {
			speakGolden(t, p, o)
		}
		if opened, _ := v.Sockets(); opened != 1 {
			t.Errorf("%d connections were opened", opened)
		}
	})
}

// ordersOf are a transcript's orders of whole texts, by which alone the adapter speaks.
func ordersOf(t *testing.T, e goldentest.Exchange) (orders []exchange) {
	t.Helper()
	for _, line := range e.Lines {
		var event goldenEvent
		var order struct {
			Data synthesize `json:"data"`
		}
		if line.Frame != nil && (json.Unmarshal(line.Frame, &event) != nil || json.Unmarshal(line.Frame, &order) != nil) {
			t.Fatalf("%s is no event", line.Frame)
		}
		switch {
		case event.Type == "synthesize-start", event.Type == "synthesize-chunk", event.Type == "describe", line.Packet != "":
			return nil
		case line.Dir == "c2s" && event.Type == "synthesize" && order.Data.Text == "":
			return orders // nothing is asked for where there is nothing to say
		case line.Dir == "c2s" && event.Type == "synthesize":
			orders = append(orders, exchange{order: order.Data})
		case line.Dir == "s2c" && line.End != "":
			orders[len(orders)-1].ends = true
		case line.Dir == "s2c":
			orders[len(orders)-1].answers = append(orders[len(orders)-1].answers, event)
		}
	}
	return orders
}

// playGolden compares an order with the transcript's, and answers as that does.
func playGolden(t *testing.T, c *upstreamtest.Conn, data []byte, o exchange) {
	t.Helper()
	var got struct {
		Type string     `json:"type"`
		Data synthesize `json:"data"`
	}
	if err := json.Unmarshal(data, &got); err != nil || got.Type != "synthesize" || got.Data.Text != o.order.Text {
		t.Errorf("sent %s, want %+v", data, o.order)
	}
	if o.order.Voice != nil && o.order.Voice.Name != "" && (got.Data.Voice == nil || *got.Data.Voice != *o.order.Voice) {
		t.Errorf("sent %s, want voice %+v", data, *o.order.Voice)
	}
	for _, event := range o.answers {
		payload := []byte(nil)
		if event.Payload {
			payload = []byte(goldenSpeech)
		}
		c.SendBinary(said(event.Type, event.Data, payload))
	}
	if o.ends {
		c.Drop()
	}
}

// speakGolden speaks as the transcript orders, and checks what comes of it.
func speakGolden(t *testing.T, p *provider, o exchange) {
	t.Helper()
	req := testRequest
	if req.Voice = ""; o.order.Voice != nil {
		req.Voice = o.order.Voice.Name
	}
	l, err := upstreamtest.OpenLine(t, p, req)
	if err != nil {
		t.Fatal(err)
	}
	l.MustOrder(true, o.order.Text)
	h := l.Finish()
	var want upstream.Kind
	rate := 0
	for _, event := range o.answers {
		if event.Type == "error" {
			code, _ := event.Data["code"].(string)
			want = codeError(code).Kind
		}
		if r, ok := event.Data["rate"].(float64); ok {
			rate = int(r)
		}
	}
	if upstream.KindOf(h.Err) != want {
		t.Errorf("%q: got %v, want %q", o.order.Text, h.Err, want)
	}
	if want == "" && (string(h.Audio) != goldenSpeech || h.Format.Rate != rate || len(h.Pieces) != 1) {
		t.Errorf("%q: got %q at %v, pieces %v, want rate %d", o.order.Text, h.Audio, h.Format, h.Pieces, rate)
	}
}
