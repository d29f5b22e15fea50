package attack

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode/utf8"
)

// speeches are what somebody with a key can ask to be spoken.
func speeches() []attack {
	return []attack{
		{name: "generates as fast as they go", does: generateFlood, least: 50, grows: 48},
		{name: "open texts that hold places", does: placesHeld, least: 40, grows: 48},
		{name: "flushes of two characters", does: tinyFlushes, least: 125, grows: 48},
		{name: "texts cancelled at once", does: cancelledAtOnce, least: 50, grows: 48},
		{name: "a context for each text", does: manyContexts, least: 50, grows: 48},
		{name: "an idempotency key for each text", does: manyIdempotencyKeys, least: 50, grows: 48},
		{name: "texts that ended, on idle connections", does: endedAndIdle, least: 50, grows: 48},
		{name: "raw models and voices, each another", does: rawNames, least: 50, grows: 48},
		{name: "texts that are hard to take apart", does: hardTexts, ill: aSampleNowAndThen, least: 10, grows: 48},
		{name: "hard texts, a character at a time", does: hardTextsByTheCharacter, ill: aSampleNowAndThen, least: 250, grows: 48},
		{name: "readers that take nothing", does: stalledReaders, least: 32, grows: 192},
		{name: "NDJSON readers that take nothing", does: stalledLines, least: 8, grows: 192},
		{name: "answers with their length, unread", does: wholeAnswers, least: 8, grows: 128},
		{name: "POST bodies, a byte at a time", does: tricklingBodies, least: 50, grows: 32},
	}
}

// long is a text of some minutes. Such texts are spoken by route far, whose vendor has only what time is left: what it takes to make
// so much speech is no work of the relay.
var long = strings.TrimSpace(strings.Repeat("The quick brown fox jumps over a lazy dog near our house, and seven bright lanterns hang above. ", 40))

func generateFlood(h *hostile) {
	h.flood(8, 100, func(i int) string { return generate(fmt.Sprint("g", i), `"text":"Go on."`) })
}

// placesHeld are texts that never end, and say something without a word in it now and then.
func placesHeld(h *hostile) {
	h.flood(4, 50, func(i int) string {
		switch {
		case i <= 12:
			return generate(fmt.Sprint("g", i), `"text":"Well,","final":false`)
		case i%2 == 0:
			return fmt.Sprintf(`{"type":"append","generation_id":"g%d","text":""}`, 1+i%12)
		default:
			return fmt.Sprintf(`{"type":"flush","generation_id":"g%d"}`, 1+i%12)
		}
	})
}

func tinyFlushes(h *hostile) {
	h.flood(4, 500, func(i int) string {
		switch {
		case i == 1:
			return generate("g", `"text":"","final":false`)
		case i%2 == 0:
			return `{"type":"append","generation_id":"g","text":"a "}`
		default:
			return `{"type":"flush","generation_id":"g"}`
		}
	})
}

func cancelledAtOnce(h *hostile) {
	h.flood(4, 200, func(i int) string {
		if i%2 == 0 {
			return `{"type":"cancel","all":true}`
		}
		return generate(fmt.Sprint("g", i), `"route":"far","text":"`+long[:400]+`"`)
	})
}

func manyContexts(h *hostile) {
	h.flood(4, 200, func(i int) string {
		return generate(fmt.Sprint("g", i), fmt.Sprintf(`"text":"","context_id":"%d%s"`, i, strings.Repeat("c", 100)))
	})
}

func manyIdempotencyKeys(h *hostile) {
	h.flood(4, 200, func(i int) string {
		key := fmt.Sprint(h.acts.Load(), "-", i, strings.Repeat("k", 100))
		return generate(fmt.Sprint("g", i), fmt.Sprintf(`"text":"","idempotency_key":%q`, key))
	})
}

func endedAndIdle(h *hostile) {
	for _, s := range h.sockets(60, "") {
		s.drain()
		h.wg.Go(func() {
			for i := range 8 {
				if s.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "route": "far", "text": long[:300]}) == nil {
					h.did(1)
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	h.hold()
}

func rawNames(h *hostile) {
	h.flood(4, 200, func(i int) string {
		name := fmt.Sprintf("m%d-%d", h.acts.Load(), i)
		return generate(fmt.Sprint("g", i), fmt.Sprintf(`"text":"Hi.","route":"ill/%s","voice":"ill/%d"`, name, i))
	})
}

// hard are texts of 10,000 characters in which a tag, a word, a cluster or a sentence may begin anywhere and never ends.
var hard = func() []string {
	var all []string
	for _, part := range []string{
		"<a ", "[a ", "<a b='", "</", "a\u0301", "\u0301", "\U0001f468\u200d", "a", "1", ". ", "www.", "\u0640", "\u202e", "Dr. ", "\u0e01", "\u4e2d", "?!",
	} {
		all = append(all, strings.Repeat(part, 10_000/utf8.RuneCountInString(part)))
	}
	return all
}()

func hardTexts(h *hostile) {
	h.flood(4, 10, func(i int) string {
		text, _ := json.Marshal(hard[i%len(hard)]) // it always has a form as JSON
		return fmt.Sprintf(`{"type":"generate","generation_id":"g%d","route":"ill","text":%s,"word_timestamps":true}`, i, text)
	})
}

// hardTextsByTheCharacter have what came so far looked at again with each character.
func hardTextsByTheCharacter(h *hostile) {
	texts := make([][]rune, len(hard))
	for i := range hard {
		texts[i] = []rune(hard[i])
	}
	h.flood(4, 1000, func(i int) string {
		if i <= len(texts) {
			return generate(fmt.Sprint("g", i), `"route":"ill","text":"","final":false`)
		}
		n := i % len(texts)
		text, _ := json.Marshal(string(texts[n][i/len(texts)])) // it always has a form as JSON
		return fmt.Sprintf(`{"type":"append","generation_id":"g%d","text":%s}`, n+1, text)
	})
}

func stalledReaders(h *hostile) {
	for _, s := range h.sockets(4, "") {
		_ = s.conn.(*net.TCPConn).SetReadBuffer(64 << 10) // so that the relay feels it
		for i := range 12 {
			output := j{"encoding": "pcm_f32le", "sample_rate": 48000}
			if s.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "route": "far", "text": long, "output": output}) == nil {
				h.did(1)
			}
		}
	}
	h.hold()
}

// post is a request to speak, as bytes.
func post(h *hostile, path, accept, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: %s\r\n"+
		"Content-Length: %d\r\n\r\n%s", path, h.address, hostileKey, accept, len(body), body)
}

func stalledLines(h *hostile) {
	for range 12 {
		if _, err := h.dial(post(h, "/v1/speech", "application/x-ndjson", `{"route":"far","text":"`+long+`","output":{"encoding":"pcm_f32le","sample_rate":48000}}`)); err == nil {
			h.did(1)
		}
	}
	h.hold()
}

func wholeAnswers(h *hostile) {
	for range 12 {
		if _, err := h.dial(post(h, "/v1/speech?length=known", "*/*", `{"route":"far","text":"`+long+`"}`)); err == nil {
			h.did(1)
		}
	}
	h.hold()
}

func tricklingBodies(h *hostile) {
	head := strings.TrimSuffix(post(h, "/v1/speech", "*/*", strings.Repeat("a", 200_000)), strings.Repeat("a", 200_000))
	for range 50 {
		conn, err := h.dial(head)
		if err != nil {
			continue
		}
		h.wg.Go(func() {
			for !h.over() {
				if _, err := conn.Write([]byte("{")); err != nil {
					return // cut off
				}
				h.did(1)
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	h.hold()
}
