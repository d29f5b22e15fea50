package elevenlabs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
)

// hearSingle sends messages on stream-input, and hears until the close.
func hearSingle(t *testing.T, r *downstreamtest.Relay, query string, messages ...string) (of turn, code websocket.StatusCode) {
	t.Helper()
	conn, err := r.WebSocket(r.Prefix+"/v1/text-to-speech/narrator/stream-input?"+query, http.Header{"Xi-Api-Key": {downstreamtest.Key}})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if err := conn.Write(context.Background(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	for {
		_, data, err := conn.Read(context.Background())
		if err != nil {
			return of, websocket.CloseStatus(err)
		}
		var h heard
		if err := json.Unmarshal(data, &h); err != nil {
			t.Fatal(err)
		}
		if h.ContextID != nil || strings.Contains(string(data), "contextId") && h.Error == "" {
			t.Errorf("a context in %.80s", data)
		}
		(&client{}).note(t, h, &of)
	}
}

const beginSingle = `{"text":" ","try_trigger_generation":true,"voice_settings":null,"generation_config":{"chunk_length_schedule":[50]}}`

// wordwise is a text as the vendor's Python SDK sends it.
func wordwise(text string) (messages []string) {
	messages = append(messages, beginSingle)
	for w := range strings.FieldsSeq(text) {
		messages = append(messages, fmt.Sprintf(`{"text":%q,"try_trigger_generation":true}`, w+" "))
	}
	return messages
}

// The whole connection is one text, and ends with it: the vendor's Python SDK reads until the close, and takes 1000 alone for
// success.
func TestSingleStreamInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		of, code := hearSingle(t, r, "model_id=eleven_multilingual_v2&output_format=pcm_24000", append(wordwise(relaytest.TwelveWords), `{"text":""}`)...)
		if got := relaytest.Heard(of.pcm); got != relaytest.Letters(relaytest.TwelveWords) || of.finals != 1 || code != websocket.StatusNormalClosure {
			t.Errorf("heard %q, %d final frames, close %d", got, of.finals, code)
		}
		if got := strings.TrimLeft(strings.Join(of.words, ""), " "); got != relaytest.TwelveWords+" " {
			t.Errorf("the characters are %q", got)
		}
	})
}

// An empty text with a flush is a flush, and not the end.
func TestSingleFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		of, code := hearSingle(t, r, "output_format=pcm_24000",
			beginSingle, `{"text":"One two "}`, `{"text":"","flush":true}`, `{"text":"three four."}`, `{"text":""}`, `{"text":"and no more"}`)
		if got := relaytest.Heard(of.pcm); got != "Onetwothreefour" || code != websocket.StatusNormalClosure {
			t.Errorf("heard %q, close %d", got, code)
		}
	})
}

// A failure is a message and a close that is no success.
func TestSingleFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		r.First.Refuse, r.Second.Refuse = errRefused, errRefused
		of, code := hearSingle(t, r, "output_format=pcm_24000", append(wordwise(relaytest.TwelveWords), `{"text":""}`)...)
		if len(of.errors) != 1 || code != websocket.StatusPolicyViolation {
			t.Errorf("errors %q, close %d; want one and 1008", of.errors, code)
		}
	})
}

// A connection whose text stops is over after inactivity_timeout.
func TestSingleInactivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		began := time.Now()
		of, code := hearSingle(t, r, "output_format=pcm_24000&inactivity_timeout=5", wordwise(relaytest.TwelveWords)...)
		if got := relaytest.Heard(of.pcm); got != relaytest.Letters(relaytest.TwelveWords) || code != websocket.StatusNormalClosure {
			t.Errorf("heard %q, close %d", got, code)
		}
		if took := time.Since(began); took < 5*time.Second || took > 8*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// Audio for a file comes as fast as it is made.
func TestSingleIsNotPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		began := time.Now()
		text := strings.Repeat(relaytest.TwelveWords+" ", 20)
		of, _ := hearSingle(t, r, "output_format=pcm_24000", append(wordwise(text), `{"text":""}`)...)
		length := time.Duration(len(of.pcm)/2) * time.Second / 24000
		if took := time.Since(began); took > length/2 {
			t.Errorf("%v of audio took %v", length, took)
		}
	})
}
