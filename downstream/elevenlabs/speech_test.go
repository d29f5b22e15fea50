package elevenlabs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
)

// reader is a client of an endpoint over HTTP: each turn is a request of its own.
type reader struct {
	r       *downstreamtest.Relay
	as      downstreamtest.Caller
	path    string
	ctx     context.Context
	cancel  context.CancelFunc
	text    string
	answer  *http.Response
	err     error
	lines   *bufio.Reader
	waiting []downstreamtest.Event
}

func dialHTTP(r *downstreamtest.Relay, as downstreamtest.Caller, path string) *reader {
	ctx, cancel := context.WithCancel(context.Background())
	return &reader{r: r, as: as, path: path, ctx: ctx, cancel: cancel}
}

// post sends a request.
func post(ctx context.Context, r *downstreamtest.Relay, as downstreamtest.Caller, path, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+r.Prefix+"/v1/text-to-speech/"+as.Voice+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if as.Key != "" {
		request.Header.Set("xi-api-key", as.Key)
	}
	return r.HTTP().Do(request)
}

// Say implements downstreamtest.Client.
func (c *reader) Say(_, text string) { c.text += text }

// Flush implements downstreamtest.Client.
func (c *reader) Flush(string) {}

// End implements downstreamtest.Client.
func (c *reader) End(string) {
	body := fmt.Sprintf(`{"text":%q,"model_id":"eleven_turbo_v2_5","voice_settings":null,"previous_text":"before"}`, c.text)
	c.answer, c.err = post(c.ctx, c.r, c.as, c.path, body)
	if c.err == nil && c.answer.StatusCode != http.StatusOK {
		c.err = downstreamtest.RefusedBy(c.answer)
	}
	if c.err == nil {
		c.lines = bufio.NewReader(c.answer.Body)
	}
}

// Interrupt implements downstreamtest.Client.
func (c *reader) Interrupt(string) { c.cancel() }

// Hangup implements downstreamtest.Client.
func (c *reader) Hangup() {
	c.cancel()
	if c.answer != nil {
		_ = c.answer.Body.Close() // it may be over
	}
}

// timedAnswer is an answer with times.
type timedAnswer struct {
	Audio               string   `json:"audio_base64"`
	Alignment           *spelled `json:"alignment"`
	NormalizedAlignment *spelled `json:"normalized_alignment"`
}

type spelled struct {
	Characters []string  `json:"characters"`
	Starts     []float64 `json:"character_start_times_seconds"`
	Ends       []float64 `json:"character_end_times_seconds"`
}

// Next implements downstreamtest.Client.
func (c *reader) Next() (e downstreamtest.Event, err error) {
	if c.err != nil {
		return e, c.err
	}
	for len(c.waiting) == 0 {
		switch {
		case c.answer == nil:
			return e, io.EOF
		case strings.HasPrefix(c.answer.Header.Get("Content-Type"), "audio/"):
			c.takeAudio()
		default:
			c.takeLine()
		}
		if c.err != nil {
			return e, c.err
		}
	}
	e, c.waiting = c.waiting[0], c.waiting[1:]
	return e, nil
}

func (c *reader) takeAudio() {
	data := make([]byte, 4800)
	n, err := io.ReadFull(c.lines, data)
	if n > 0 {
		c.waiting = append(c.waiting, downstreamtest.Event{Kind: downstreamtest.Audio, PCM: data[:n]})
	}
	c.end(err)
}

// end takes the body's end, where it has come.
func (c *reader) end(err error) {
	switch {
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF) && len(c.waiting) > 0:
	case errors.Is(err, io.EOF):
		c.waiting = append(c.waiting, downstreamtest.Event{Kind: downstreamtest.Over})
		_ = c.answer.Body.Close() // it was read
		c.answer = nil
	default:
		c.err = err
	}
}

func (c *reader) takeLine() {
	line, err := c.lines.ReadBytes('\n')
	if len(line) == 0 {
		c.end(err)
		return
	}
	var a timedAnswer
	if c.err = json.Unmarshal(line, &a); c.err != nil {
		return
	}
	pcm, failed := base64.StdEncoding.DecodeString(a.Audio)
	if c.err = failed; len(pcm) > 0 {
		c.waiting = append(c.waiting, downstreamtest.Event{Kind: downstreamtest.Audio, PCM: pcm})
	}
	if a.Alignment != nil {
		c.waiting = append(c.waiting, downstreamtest.Event{Kind: downstreamtest.Words, Words: a.Alignment.words()})
	}
}

// words are the words of characters with times.
func (s *spelled) words() (words []downstreamtest.Word) {
	if len(s.Characters) != len(s.Starts) || len(s.Characters) != len(s.Ends) {
		return []downstreamtest.Word{{Text: "lists of unequal length"}}
	}
	var w downstreamtest.Word
	at := func(seconds float64) time.Duration { return time.Duration(seconds*1000+0.5) * time.Millisecond }
	for i, char := range s.Characters {
		switch {
		case char != " ":
			if w.Text == "" {
				w.Start = at(s.Starts[i])
			}
			w.Text, w.End = w.Text+char, at(s.Ends[i])
		case w.Text != "":
			words, w = append(words, w), downstreamtest.Word{}
		}
	}
	return words
}

// Each endpoint over HTTP gives its clients what they expect.
func TestSuiteOverHTTP(t *testing.T) {
	for name, path := range map[string]string{
		"audio": "?output_format=pcm_24000", "stream": "/stream?output_format=pcm_24000",
		"lines": "/stream/with-timestamps?output_format=pcm_24000",
	} {
		t.Run(name, func(t *testing.T) {
			d := downstreamtest.Dialect{
				Under: Dialect{},
				Dial: func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
					return dialHTTP(r, as, path), nil
				},
				Can: downstreamtest.Can{Words: name == "lines"},
			}
			downstreamtest.Run(t, d)
		})
	}
}

// ask posts a body to an endpoint, and returns the status with the answer.
func ask(t *testing.T, r *downstreamtest.Relay, path, body string) (*http.Response, string) {
	t.Helper()
	answer, err := post(context.Background(), r, downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice}, path, body)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(data)
}

func TestFormatsOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		for format, tt := range map[string]struct {
			kind  string
			bytes float64 // a second
		}{
			"pcm_8000": {"audio/pcm", 16000}, "pcm_16000": {"audio/pcm", 32000}, "pcm_22050": {"audio/pcm", 44100}, "pcm_24000": {"audio/pcm", 48000},
			"pcm_32000": {"audio/pcm", 64000}, "pcm_44100": {"audio/pcm", 88200}, "pcm_48000": {"audio/pcm", 96000},
			"ulaw_8000": {"audio/basic", 8000}, "alaw_8000": {"audio/x-alaw-basic", 8000}, "wav_16000": {"audio/wav", 32000},
		} {
			answer, body := ask(t, r, "?output_format="+format, fmt.Sprintf(`{"text":%q}`, relaytest.TwelveWords))
			want := tt.bytes * float64(len(relaytest.TwelveWords)) * relaytest.CharLength.Seconds()
			if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != tt.kind || float64(len(body)) < want-100 || float64(len(body)) > want+100 {
				t.Errorf("%s: %d %s, %d bytes, want %.0f", format, answer.StatusCode, answer.Header.Get("Content-Type"), len(body), want)
			}
			if answer.Header.Get("Request-Id") == "" {
				t.Errorf("%s: no request-id", format)
			}
		}
	})
}

// An answer in one object has all audio and all times, or a status that says why there is none.
func TestWholeAnswerWithTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		const path = "/with-timestamps?output_format=pcm_24000"
		body := fmt.Sprintf(`{"text":%q}`, relaytest.TwelveWords)
		answer, data := ask(t, r, path, body)
		var got timedAnswer
		if err := json.Unmarshal([]byte(data), &got); err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Length") == "" {
			t.Fatalf("%d %v: %.80s, %v", answer.StatusCode, answer.Header, data, err)
		}
		pcm, err := base64.StdEncoding.DecodeString(got.Audio)
		if heard := relaytest.Heard(pcm); err != nil || heard != relaytest.Letters(relaytest.TwelveWords) {
			t.Errorf("heard %q, %v", heard, err)
		}
		if words := got.Alignment.words(); len(words) != 12 || words[11].Text != "twelve." || words[11].End > relaytest.CharLength*time.Duration(len(relaytest.TwelveWords)) {
			t.Errorf("the words are %v", words)
		}
		r.First.Breaks(9, errRefused)
		r.Second.Breaks(9, errRefused)
		if answer, data = ask(t, r, path, body); answer.StatusCode != http.StatusBadGateway || !strings.Contains(data, "internal_error") {
			t.Errorf("where all vendors break off: %d %.80s", answer.StatusCode, data)
		}
	})
}

// What can't be answered has the vendor's envelope, and says which field is at fault.
func TestRefusalsOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		for name, tt := range map[string]struct {
			path, body string
			status     int
			mentions   string
		}{
			"no text":                 {"", `{"model_id":"eleven_v3"}`, 422, `"loc":["body","text"]`},
			"null text":               {"", `{"text":null}`, 422, `"loc":["body","text"]`},
			"text that is a number":   {"", `{"text":5}`, 422, `"loc":["body","text"]`},
			"a list":                  {"", `[]`, 422, `"loc":["body"]`},
			"nothing":                 {"", ``, 422, `"loc":["body"]`},
			"too fast":                {"", `{"text":"a","voice_settings":{"speed":9}}`, 422, `"loc":["body","voice_settings","speed"]`},
			"a speed of letters":      {"", `{"text":"a","voice_settings":{"speed":"fast"}}`, 422, `voice_settings`},
			"settings that are text":  {"", `{"text":"a","voice_settings":"loud"}`, 422, `voice_settings`},
			"unknown model":           {"", `{"text":"a","model_id":"other"}`, 404, `"status":"model_not_found"`},
			"no format":               {"?output_format=", `{"text":"a"}`, 400, `"status":"invalid_output_format"`},
			"the vendor's own format": {"?output_format=mp3_44100_128", `{"text":"a"}`, 400, `output_format=pcm_24000`},
			"a rate that is none":     {"?output_format=pcm_1", `{"text":"a"}`, 400, `"status":"invalid_output_format"`},
			"wav within JSON":         {"/with-timestamps?output_format=wav_24000", `{"text":"a"}`, 400, `"status":"invalid_output_format"`},
			"a malformed query":       {"?output_format=%zz", `{"text":"a"}`, 400, `malformed query`},
			"too much text":           {"?output_format=pcm_24000", `{"text":"` + strings.Repeat("a", 10_001) + `"}`, 400, `"status":"text_too_long"`},
			"too large a body":        {"?output_format=pcm_24000", `{"text":"` + strings.Repeat("a", 300_000) + `"}`, 400, `"status":"text_too_long"`},
		} {
			path := tt.path
			if path == "" {
				path = "?output_format=pcm_24000"
			}
			answer, body := ask(t, r, path, tt.body)
			if answer.StatusCode != tt.status || !strings.Contains(body, tt.mentions) || !json.Valid([]byte(body)) {
				t.Errorf("%s: %d %s, want %d with %s", name, answer.StatusCode, body, tt.status, tt.mentions)
			}
		}
		time.Sleep(time.Second) // the server lingers where a body was too large
	})
}

// The whole of a text in one object has all of its audio, whatever the lengths of frames.
func TestWholeFormJoinsBase64(t *testing.T) {
	f := &wholeForm{wire: &wholeEncoder{}}
	var dst, want []byte
	for n := range 20 {
		frame := bytes.Repeat([]byte{byte(n)}, n)
		want = append(want, frame...)
		dst = f.Audio(dst, frame)
	}
	dst, _ = f.End(dst, completed)
	var got timedAnswer
	if err := json.Unmarshal(dst, &got); err != nil {
		t.Fatal(err)
	}
	pcm, err := base64.StdEncoding.DecodeString(got.Audio)
	if err != nil || !bytes.Equal(pcm, want) || got.Alignment != nil {
		t.Errorf("got %d bytes, %v, %+v; want %d and no times", len(pcm), err, got.Alignment, len(want))
	}
}

// A page at the root is the vendor's for clients that show their key as the vendor's do.
func TestLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		get := func(path, header string) string {
			request, err := http.NewRequest(http.MethodGet, "http://localhost"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			key := downstreamtest.Key
			if header == "Authorization" {
				key = "Bearer " + key
			}
			request.Header.Set(header, key)
			answer, err := r.HTTP().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(string(body))
		}
		const narrator = `{"voice_id":"narrator","name":"narrator","category":"premade","labels":{"language":"en"}}`
		for path, want := range map[string]string{
			"/v1/voices":            `{"voices":[` + narrator + `]}`,
			"/v2/voices":            `{"has_more":false,"next_page_token":null,"total_count":1,"voices":[` + narrator + `]}`,
			"/v2/voices?search=NAR": `{"has_more":false,"next_page_token":null,"total_count":1,"voices":[` + narrator + `]}`,
			"/v2/voices?search=x":   `{"has_more":false,"next_page_token":null,"total_count":0,"voices":[]}`,
			"/v1/models":            `[{"model_id":"default","name":"default","can_do_text_to_speech":true,"languages":[]}]`,
		} {
			for _, prefix := range []string{"", r.Prefix} {
				if got := get(prefix+path, "xi-api-key"); got != want {
					t.Errorf("%s%s: %s, want %s", prefix, path, got, want)
				}
			}
		}
		for path, want := range map[string]string{"/v1/user": `"user_id":"acme"`, "/v1/user/subscription": `"status":"active"`} {
			if got := get(path, "xi-api-key"); !strings.Contains(got, want) || !strings.Contains(got, `"tier":"relay"`) {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
		}
		if got := get("/v1/voices", "Authorization"); !strings.Contains(got, `"providers"`) {
			t.Errorf("the relay's own list is %s", got)
		}
	})
}
