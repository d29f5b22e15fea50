package inworld

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// reply is a frame to the adapter.
type reply map[string]any

// of is a result of a context.
func of(id string, what reply) reply {
	what["contextId"] = id
	what["status"] = reply{"code": 0, "message": "", "details": []any{}}
	return reply{"result": what}
}

// fault is a context's error.
func fault(id string, code int) reply {
	return reply{"result": reply{"contextId": id, "status": reply{"code": code, "message": "secret vendor text", "details": []any{}}}}
}

// script plays the vendor: contexts side by side, five at most, and a contextClosed after a cancel.
func script(c *upstreamtest.Conn) {
	contexts := map[string]*scripted{}
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var m command
		if err := json.Unmarshal(data, &m); err != nil || m.ContextID == "" {
			c.Send(reply{"error": reply{"code": 3, "message": "secret vendor text"}})
			continue
		}
		for id, k := range contexts {
			select {
			case <-k.over:
				delete(contexts, id)
			default:
			}
		}
		k := contexts[m.ContextID]
		switch {
		case m.CancelContext != nil:
			c.Stopped(m.ContextID)
			if k != nil && !c.Plan().Deaf {
				close(k.stop)
				select {
				case <-k.over:
				case <-c.Over():
				}
			}
		case m.Create != nil && len(contexts) == maxContexts:
			c.Send(fault(m.ContextID, 8))
		case m.Create != nil && k == nil && m.Create.VoiceID != "" && m.Create.AudioConfig.AudioEncoding == "PCM":
			k = &scripted{id: m.ContextID, orders: make(chan command, 256), stop: make(chan struct{}), over: make(chan struct{})}
			contexts[m.ContextID] = k
			c.Send(of(m.ContextID, reply{"contextCreated": m.Create}))
			c.Go(func() { k.generate(c) })
		case k == nil, m.SendText != nil && len(m.SendText.Text) > threshold:
			c.Send(fault(m.ContextID, 3))
		default:
			k.orders <- m
		}
	}
}

// scripted is a context of the script.
type scripted struct {
	id     string
	orders chan command
	stop   chan struct{} // closed by a cancel
	over   chan struct{} // closed with contextClosed
}

// generate speaks what is flushed until the context is closed.
func (k *scripted) generate(c *upstreamtest.Conn) {
	voice := c.Voice(k.id, k.stop)
	for {
		select {
		case <-k.stop:
			k.close(c)
			return
		case <-c.Over():
			return
		case m := <-k.orders:
			switch {
			case m.CloseContext != nil:
				k.close(c)
				return
			case m.SendText.FlushContext == nil: // keeps the socket
			case !k.say(c, voice, m.SendText.Text):
				k.wait(c)
				return
			default:
				c.Send(of(k.id, reply{"flushCompleted": reply{}}))
			}
		}
	}
}

// wait waits until a context that does not go on is cancelled.
func (k *scripted) wait(c *upstreamtest.Conn) {
	select {
	case <-k.stop:
		k.close(c)
	case <-c.Over():
	}
}

func (k *scripted) close(c *upstreamtest.Conn) {
	close(k.over)
	c.Send(of(k.id, reply{"contextClosed": reply{}}))
}

// say speaks a text, its word times with the second chunk and after all of them.
func (k *scripted) say(c *upstreamtest.Conn, voice *upstreamtest.Voice, text string) (whole bool) {
	words := upstreamtest.Words(text)
	chunks, told := 0, 0
	whole = voice.Say(text, func(audio []byte) {
		chunk := reply{
			"audioContent": base64.StdEncoding.EncodeToString(audio),
			"usage":        reply{"processedCharactersCount": len(text), "modelId": "inworld-tts-2"},
		}
		if chunks++; chunks == 2 {
			told = len(words) / 2
			chunk["timestampInfo"] = times(words[:told])
		}
		c.Send(of(k.id, reply{"audioChunk": chunk}))
	})
	if whole {
		c.Send(of(k.id, reply{"audioChunk": reply{"timestampInfo": times(words[told:])}}))
	}
	return whole
}

// times are those of words as the vendor tells them: spaces and punctuation are tokens of their own.
func times(words []upstream.Word) reply {
	w := wordAlignment{Words: []string{}, Starts: []float64{}, Ends: []float64{}}
	add := func(token string, start, end float64) {
		w.Words, w.Starts, w.Ends = append(w.Words, token), append(w.Starts, start), append(w.Ends, end)
	}
	for i, word := range words {
		if i > 0 {
			add(strings.Repeat(" ", 1+i%2), word.Start.Seconds(), word.Start.Seconds())
		}
		add(word.Text, word.Start.Seconds(), word.End.Seconds())
		add(",", word.End.Seconds(), word.End.Seconds())
	}
	return reply{"wordAlignment": w, "characterAlignment": nil}
}
