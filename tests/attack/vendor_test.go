package attack

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// wellVendor starts a vendor that does as its reference says. It speaks the short sentences of the other tenant quickly, so that the
// suite takes little time.
func wellVendor(t *testing.T) string {
	t.Helper()
	_, url := process.Emulate(t, "kugelaudio", wellOptions(20))
	return url
}

// wellOptions are those of a vendor that speaks so many times faster than it is heard.
func wellOptions(pace float64) emulator.Options {
	return emulator.Options{APIKey: vendorKey, Seed: 7, FirstAudio: 10 * time.Millisecond, Pace: pace}
}

// An illVendor speaks KugelAudio's protocol as far as it takes to be believed.
type illVendor struct {
	// Static after startIll.
	server *http.Server
	url    string
	cancel context.CancelFunc // ends what it says

	mu      sync.Mutex
	speaks  func(*utterance) // nil: a vendor that says nothing
	hostile *hostile         // counts what is said

	wg sync.WaitGroup
}

// An utterance is a text at an ill vendor.
type utterance struct {
	ctx  context.Context
	conn *websocket.Conn
	id   string
	h    *hostile
}

// startIll starts an ill vendor.
func startIll() (*illVendor, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	v := &illVendor{url: "ws://" + l.Addr().String(), cancel: cancel}
	v.server = &http.Server{Handler: v, BaseContext: func(net.Listener) context.Context { return ctx }}
	v.wg.Go(func() { _ = v.server.Serve(l) }) // ends with close
	return v, nil
}

func (v *illVendor) close() {
	v.cancel()
	_ = v.server.Close() // connections that are left are closed
	v.wg.Wait()
}

// become has the vendor speak so from now on.
func (v *illVendor) become(speaks func(*utterance), h *hostile) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.speaks, v.hostile = speaks, h
}

func (v *illVendor) now() (func(*utterance), *hostile) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.speaks, v.hostile
}

// ServeHTTP takes a socket, and speaks each context that gets its text.
func (v *illVendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // the relay has gone
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithCancel(r.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	spoken := make(map[string]bool)
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var f struct {
			Context string `json:"context_id"`
			Flush   bool   `json:"flush"`
		}
		speaks, h := v.now()
		if json.Unmarshal(data, &f) != nil || !f.Flush || spoken[f.Context] || speaks == nil {
			continue
		}
		spoken[f.Context] = true
		wg.Go(func() { speaks(&utterance{ctx, conn, f.Context, h}) })
	}
}

// say sends a message, and reports whether to go on.
func (c *utterance) say(message any) bool {
	data, err := json.Marshal(message)
	if err != nil || c.h.over() || c.conn.Write(c.ctx, websocket.MessageText, data) != nil {
		return false
	}
	c.h.did(1)
	return true
}

// audio sends so many samples of silence.
func (c *utterance) audio(samples int) bool {
	return c.say(j{
		"audio": base64.StdEncoding.EncodeToString(make([]byte, 2*samples)), "enc": "pcm_s16le", "sr": 24000, "context_id": c.id, "chunk_id": 0,
	})
}

// rest waits, and reports whether to go on.
func (c *utterance) rest(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-c.h.ctx.Done():
		return false
	case <-c.ctx.Done():
		return false
	}
}

// Ways in which a vendor is ill.

// endlessWords are times of words that are not in the text, with a sample of audio now and then.
func endlessWords(c *utterance) {
	words := make([]j, 500)
	for i := range words {
		words[i] = j{"word": "never" + strings.Repeat("x", i%40), "start_ms": i, "end_ms": i + 1}
	}
	for c.audio(240) && c.say(j{"context_id": c.id, "chunk_id": 0, "word_timestamps": words}) && c.rest(time.Millisecond) {
	}
}

// endlessAudio is speech that never ends, far faster than it is heard.
func endlessAudio(c *utterance) {
	for c.audio(24000) && c.rest(2*time.Millisecond) {
	}
}

// tinyFrames are of one sample each.
func tinyFrames(c *utterance) {
	for c.audio(1) {
	}
}

// aSampleNowAndThen is less than real time, by far.
func aSampleNowAndThen(c *utterance) {
	for c.audio(1) && c.rest(200*time.Millisecond) {
	}
}

// hugeFrames are larger than any that is taken.
func hugeFrames(c *utterance) {
	c.say(j{"context_id": c.id, "audio": strings.Repeat("A", 8<<20)})
}

// strangeMessages have members and nesting that no vendor's have.
func strangeMessages(c *utterance) {
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	for c.audio(240) && c.say(j{"context_id": c.id, "unknown": json.RawMessage(deep), "text": strings.Repeat("y", 100_000)}) &&
		c.rest(5*time.Millisecond) {
	}
}

// errorsToATerminal are errors whose text would do something to a terminal, or to a log's reader.
func errorsToATerminal(c *utterance) {
	evil := "\x1b]0;owned\x07\r\n" + secretText + strings.Repeat("z", 10_000)
	c.say(j{"context_id": c.id, "error": evil, "error_code": evil, "code": 400})
}

// contextsOfOthers names streams that are not this one's.
func contextsOfOthers(c *utterance) {
	for i := 0; c.say(j{"context_id": strings.Repeat("c", i%64), "final": true, "context_closed": true}) && c.rest(time.Millisecond); i++ {
	}
}
