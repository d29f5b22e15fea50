package openai

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"voicerelay/upstream/upstreamtest"
)

// reply is a JSON body or event.
type reply map[string]any

// request is what the adapter asks for.
type request struct {
	Model  string `json:"model"`
	Input  string `json:"input"`
	Voice  string `json:"voice"`
	Format string `json:"response_format"`
	Stream string `json:"stream_format"`
}

// script answers one request, as it is asked to.
func script(c *upstreamtest.Conn) {
	body, ok := c.Next()
	if !ok {
		return
	}
	var r request
	if json.Unmarshal(body, &r) != nil || r.Model == "" || r.Input == "" || r.Voice == "" {
		c.Respond(http.StatusBadRequest, nil)
		return
	}
	header := http.Header{"Content-Type": {"audio/pcm"}, "X-Request-Id": {"req_1"}}
	frame := c.SendBinary
	if r.Stream == streamSSE {
		header.Set("Content-Type", eventsType)
		frame = func(audio []byte) {
			sendEvent(c, reply{"type": typeDelta, "audio": base64.StdEncoding.EncodeToString(audio)})
		}
	}
	began := false
	spoken := c.Voice("", nil).Say(r.Input, func(audio []byte) {
		if !began {
			began = true
			c.Respond(http.StatusOK, header)
		}
		frame(audio)
	})
	switch {
	case !spoken:
		<-c.Over()
	case r.Stream == streamSSE:
		sendEvent(c, reply{"type": typeDone, "usage": reply{"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}})
	}
}

// sendEvent sends a server-sent event.
func sendEvent(c *upstreamtest.Conn, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a script's own mistake
	}
	c.SendRaw([]byte("data: " + string(data) + "\n\n"))
}
