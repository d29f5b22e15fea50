package fish

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

const testKey = "fish-secret-key"

var errStop = errors.New("barge-in")

// record runs a test before a vendor that says nothing by itself.
func record(t *testing.T, test func(r *upstreamtest.Recorder[*provider])) {
	t.Helper()
	upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(defaults(), env) },
		Env:  upstream.Env{Name: "fish", APIKey: testKey},
	}.Run(t, test)
}

// want checks what the vendor has got since the last call.
func want(r *upstreamtest.Recorder[*provider], wants ...reply) {
	r.Helper()
	got := r.Sent()
	if len(got) != len(wants) {
		r.Errorf("got %d frames %q, want %d", len(got), got, len(wants))
		return
	}
	for i, data := range got {
		var g, w map[string]any
		if msgpack.Unmarshal([]byte(data), &g) != nil || msgpack.Unmarshal(encode(wants[i]), &w) != nil || !reflect.DeepEqual(g, w) {
			r.Errorf("frame %d: got %v\nwant %v", i, g, w)
		}
	}
}

// says has the vendor send a frame, which is heard.
func says(c *upstreamtest.Conn, r reply) {
	c.SendBinary(encode(r))
	synctest.Wait()
}

// timed are words of 100 ms each.
func timed(texts ...string) []upstream.Word {
	var words []upstream.Word
	for i, text := range texts {
		at := time.Duration(i) * 100 * time.Millisecond
		words = append(words, upstream.Word{Text: text, Start: at, End: at + 100*time.Millisecond})
	}
	return words
}

// lasting is so much audio.
func lasting(d time.Duration) []byte { return make([]byte, 48*d.Milliseconds()) }

func TestWhatIsSent(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		if got := c.Request.URL.Path; got != "/v1/tts/live/with-timestamp" {
			t.Errorf("path: got %s", got)
		}
		if h := c.Request.Header; h.Get("Authorization") != "Bearer "+testKey || h.Get("Model") != "s2.1-pro" {
			t.Errorf("headers: got %v", h)
		}
		want(r)
		l.MustOrder(false, "One.")
		want(r, reply{"event": "start", "request": reply{
			"text": "", "reference_id": testRequest.Voice, "format": "pcm", "sample_rate": 24000, "latency": "balanced", "chunk_length": 200, "normalize": true,
		}}, reply{"event": "text", "text": "One."}, reply{"event": "flush"})
		l.MustOrder(true, "Two.")
		want(r, reply{"event": "text", "text": "Two."}, reply{"event": "flush"}, reply{"event": "stop"})
		says(c, reply{"event": eventFinish, "reason": reasonStop})
		if h := l.Finish(); h.Err != nil || len(h.Pieces) != 2 {
			t.Errorf("got %+v", h)
		}
		r.WantSockets(1, 0)

		req := testRequest
		req.Model, req.Speed, req.Normalize, req.Output = "s1", 3, false, audio.Format{Encoding: audio.MuLaw, Rate: 8000}
		heat, share, volume := 0.5, 0.9, -3.0
		req.Options = &options{Temperature: &heat, TopP: &share, Volume: &volume}
		l = r.Open(req)
		if got := r.Conn().Request.Header.Get("Model"); got != "s1" {
			t.Errorf("model: got %s", got)
		}
		l.MustOrder(false, "One.")
		want(r, reply{"event": "start", "request": reply{
			"text": "", "reference_id": testRequest.Voice, "format": "pcm", "sample_rate": 8000, "latency": "balanced", "chunk_length": 200, "normalize": false,
			"prosody": reply{"speed": 2.0, "volume": -3.0}, "temperature": 0.5, "top_p": 0.9,
		}}, reply{"event": "text", "text": "One."}, reply{"event": "flush"})
		l.Stop(errStop)
		l.WantStopped(errStop)
		want(r) // but the end of the socket
		r.WantSockets(2, 0)

		req = testRequest
		req.Voice = ""
		r.WantRejected(req)
	})
}

// A text that never comes needs no word to the vendor.
func TestNothingToSay(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		l.MustOrder(true, "")
		if h := l.Finish(); h.Err != nil || len(h.Pieces) != 1 {
			t.Errorf("got %+v", h)
		}
		want(r)
	})
}

// A piece of several chunks ends with the last of them; each chunk's words are told when the next begins, by the latest
// snapshot, in the stream's time.
func TestChunksMakePieces(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		l.MustOrder(false, "One two. Three four!", "Five.")
		says(c, audioOf(7, "One two.", lasting(100*time.Millisecond), timed("Won")))
		says(c, audioOf(7, "One two.", lasting(100*time.Millisecond), nil))
		says(c, audioOf(7, "One two.", nil, timed("One", "two")))
		time.Sleep(time.Minute)
		if h := l.Heard(); len(h.Words) != 0 || len(h.Pieces) != 0 {
			t.Errorf("in the first chunk: words %+v, pieces %v", h.Words, h.Pieces)
		}
		says(c, audioOf(8, " Three four!", lasting(200*time.Millisecond), timed("Three", "four")))
		if h := l.Heard(); len(h.Words) != 2 || h.Words[0].Text != "One" || len(h.Pieces) != 0 {
			t.Errorf("in the second chunk: words %+v, pieces %v", h.Words, h.Pieces)
		}
		says(c, audioOf(9, "Five.", lasting(100*time.Millisecond), timed("Five")))
		h := l.Heard()
		if !slices.Equal(h.PieceBytes, []int{4 * 4800}) {
			t.Errorf("pieces ended after %v bytes, want one after 400 ms", h.PieceBytes)
		}
		if w := h.Words; len(w) != 4 || w[3].Text != "four" || w[3].Piece != 0 || w[3].Start != 300*time.Millisecond {
			t.Errorf("words: got %+v", w)
		}
		l.MustOrder(true, "")
		says(c, reply{"event": eventFinish, "reason": reasonStop})
		if h := l.Finish(); h.Err != nil || len(h.Pieces) != 3 || len(h.Words) != 5 || h.Words[4].Piece != 1 || h.Words[4].End != 500*time.Millisecond {
			t.Errorf("at the end: got %+v", h)
		}
	})
}

// Where no chunk follows, a piece is over after a quiet period, if its words have all been heard; without words, its audio must be
// long enough, and the period longer; and where it is too short, nothing but a chunk or the end shows it.
func TestQuietEndsAPiece(t *testing.T) {
	quiet := defaults().Quiet
	for name, c := range map[string]struct {
		frames []reply
		after  time.Duration // 0: never
	}{
		"all words":  {[]reply{audioOf(0, "One two three.", lasting(300*time.Millisecond), timed("One", "two", "three"))}, quiet},
		"late words": {[]reply{audioOf(0, "One two three.", lasting(300*time.Millisecond), nil), audioOf(0, "One two three.", nil, timed("One", "two", "three"))}, quiet},
		"words at last": {[]reply{
			audioOf(0, "One two three.", lasting(600*time.Millisecond), nil), audioOf(0, "One two three.", nil, timed("One", "two", "three")),
		}, quiet},
		"no words":       {[]reply{audioOf(0, "One two three.", lasting(600*time.Millisecond), nil)}, patience * quiet},
		"half the words": {[]reply{audioOf(0, "One two three.", lasting(300*time.Millisecond), timed("One", "two"))}, 0},
		"half the audio": {[]reply{audioOf(0, "One two three.", lasting(200*time.Millisecond), timed("One", "two", "three"))}, 0},
		"half the text":  {[]reply{audioOf(0, "One two", lasting(900*time.Millisecond), timed("One", "two"))}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			record(t, func(r *upstreamtest.Recorder[*provider]) {
				l := r.Open(testRequest)
				conn := r.Conn()
				l.MustOrder(false, "One two three.")
				for _, f := range c.frames {
					says(conn, f)
				}
				wait := c.after
				if wait == 0 {
					wait = time.Minute
				}
				time.Sleep(wait - time.Millisecond)
				if h := l.Heard(); len(h.Pieces) != 0 {
					t.Errorf("it ended before %v", wait)
				}
				time.Sleep(2 * time.Millisecond)
				synctest.Wait()
				if h := l.Heard(); (len(h.Pieces) == 1) != (c.after > 0) {
					t.Errorf("after %v: pieces %v", wait, h.Pieces)
				}
				l.Stop(errStop)
			})
		})
	}
}

// A chunk that is written otherwise counts for its piece, which is over where the next one's text begins.
func TestTextThatIsWrittenOtherwise(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		l.MustOrder(true, "It is 12 o'clock.", "Really?", "Yes.")
		says(c, audioOf(1, "it is twelve", lasting(300*time.Millisecond), timed("it", "is", "twelve")))
		says(c, audioOf(2, "o'clock", lasting(100*time.Millisecond), timed("oclock")))
		says(c, audioOf(3, "REALLY", lasting(100*time.Millisecond), nil))
		if h := l.Heard(); !slices.Equal(h.PieceBytes, []int{4 * 4800}) {
			t.Errorf("pieces ended after %v bytes", h.PieceBytes)
		}
		says(c, audioOf(4, "Yes.", lasting(100*time.Millisecond), nil))
		says(c, reply{"event": eventFinish, "reason": reasonStop})
		if h := l.Finish(); h.Err != nil || !slices.Equal(h.PieceBytes, []int{4 * 4800, 5 * 4800, 6 * 4800}) {
			t.Errorf("got %+v", h)
		}
	})
}

// A stream that is lost in the middle of a chunk tells the words that were heard whole.
func TestALostStreamTellsWhatWasHeard(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		l.MustOrder(false, "One two three.")
		says(c, audioOf(0, "One two three.", lasting(200*time.Millisecond), timed("One", "two", "three")))
		c.Drop()
		h := l.Finish()
		if upstream.KindOf(h.Err) != upstream.Dropped || len(h.Words) != 2 || len(h.Pieces) != 0 {
			t.Errorf("got %v with words %+v and pieces %v", h.Err, h.Words, h.Pieces)
		}
	})
}

// A finish that nobody asked for is the end of a connection.
func TestAnEarlyFinish(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		l.MustOrder(false, "One.")
		says(c, reply{"event": eventFinish, "reason": reasonStop})
		if h := l.Finish(); upstream.KindOf(h.Err) != upstream.Dropped {
			t.Errorf("got %v", h.Err)
		}
	})
}
