package openai

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const (
	text = "One two three four five six. Seven eight nine ten eleven twelve."
	path = "/v1/audio/speech"
)

// ask asks for speech in a format, with more fields.
func ask(t *testing.T, w *enginetest.Wire, format string, more engine.Object) (*http.Response, error) {
	t.Helper()
	body := engine.Object{"model": "tts-1", "input": text, "voice": "alloy", "response_format": format}
	for name, value := range more {
		body[name] = value
	}
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return w.TryRequest(t, path, http.Header{"Content-Type": {"application/json"}}, data)
}

// samples are a body's, with their rate: those of a WAV file, those of events, or the body itself.
func samples(t *testing.T, response *http.Response, body []byte) ([]byte, int) {
	t.Helper()
	if response.Header.Get("Content-Type") == "text/event-stream" {
		var all []byte
		for _, event := range frames(t, response, body) {
			for _, field := range []string{"audio", "delta"} {
				encoded, _ := event[field].(string)
				raw, err := base64.StdEncoding.DecodeString(encoded)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, raw...)
			}
		}
		body = all
	}
	if !bytes.HasPrefix(body, []byte("RIFF")) {
		return body, engine.NativeRate
	}
	format, raw, err := audio.ReadWAV(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return raw, format.Rate
}

func TestOpenAISaysEveryWord(t *testing.T) {
	for seed := range uint64(12) {
		for _, asked := range []string{"pcm", "wav"} {
			for _, more := range []engine.Object{nil, {"stream_format": "sse"}} {
				t.Run(fmt.Sprintf("seed %d %s %v", seed, asked, more), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Seed: seed}})
						response, err := ask(t, w, asked, more)
						if err != nil {
							t.Fatal(err)
						}
						body, err := io.ReadAll(response.Body)
						if err != nil {
							t.Fatal(err)
						}
						if response.StatusCode != http.StatusOK {
							if more == nil {
								t.Errorf("got %d: %s", response.StatusCode, body)
							}
							return // it refuses stream_format
						}
						raw, rate := samples(t, response, body)
						enginetest.WantWords(t, raw, audio.Format{Encoding: audio.PCM16, Rate: rate}, text)
						seen := w.Server.Stats().Streams[0]
						if got := audio.Duration(int64(len(raw)/2), rate); (got - seen.Audio).Abs() > 10*time.Millisecond {
							t.Errorf("%v were heard, and %v are counted", got, seen.Audio)
						}
						if want := int64(len(text) * charMicros); seen.Charge != want || !slices.Equal(seen.Texts, []string{text}) || !seen.Over {
							t.Errorf("got %+v, want a charge of %d", seen, want)
						}
					})
				})
			}
		}
	}
}

// A body with a true length is held until it is whole, as is any body of some servers; others are written as they are made.
func TestOpenAIHoldsBodies(t *testing.T) {
	for quirks, length := range map[string]bool{
		"buffered:false wavSize:0": false, "buffered:true wavSize:0": true, "buffered:false wavSize:1": true, "buffered:false wavSize:4294967295": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Quirks: strings.Fields(quirks)})
			response, err := ask(t, w, "wav", nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || (response.ContentLength == int64(len(body))) != length {
				t.Errorf("%s: got a length of %d for %d bytes, %v", quirks, response.ContentLength, len(body), err)
			}
		})
	}
}

// A client that leaves stops the generation at once, or at the sentence's end.
func TestOpenAIStopsWithItsClient(t *testing.T) {
	for quirk, most := range map[string]time.Duration{"lingers:false": 1200 * time.Millisecond, "lingers:true": 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			o := engine.Options{Pace: 1, Chunk: 100 * time.Millisecond}
			w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: []string{quirk, "buffered:false", "onlyWAV:false"}})
			response, err := ask(t, w, "pcm", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(response.Body, make([]byte, 48_000)); err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close() // it is not at its end
			if !w.Server.WaitFor(func(st engine.Stats) bool { return st.OpenContexts == 0 }, time.Minute) {
				t.Error("it goes on")
			}
			st := w.Server.Stats()
			if got := st.Streams[0].Audio; got < time.Second || got > most || (quirk == "lingers:true") != (got > 1300*time.Millisecond) {
				t.Errorf("%s: %v were generated", quirk, got)
			}
			if len(st.Cancels) != 1 || st.Cancels[0].ID != st.Streams[0].ID {
				t.Errorf("%s: got cancels %+v", quirk, st.Cancels)
			}
		})
	}
}

// Requests at once are served at once, or one after the other.
func TestOpenAIServesOneAtATime(t *testing.T) {
	for quirk, serial := range map[string]bool{"serial:true": true, "serial:false": false} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Pace: 4}, Quirks: []string{quirk, "buffered:true"}})
			began := time.Now()
			took := make(chan time.Duration, 2)
			for range 2 {
				go func() { // ends with its answer, which is waited for
					if response, err := ask(t, w, "pcm", nil); err == nil {
						_, _ = io.Copy(io.Discard, response.Body)
					}
					took <- time.Since(began)
				}()
			}
			first, second := <-took, <-took
			if (second > first*3/2) != serial {
				t.Errorf("%s: the answers took %v and %v", quirk, first, second)
			}
		})
	}
}

// Clients keep their connections, where the server does, and are told so by it.
func TestOpenAIKeepsConnections(t *testing.T) {
	for quirk, want := range map[string]int{"closes:false": 1, "closes:true": 3} {
		o := engine.Options{}
		o.Seed = enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: []string{quirk, "lists:true"}}.Seed(t, enginetest.Line{})
		server := engine.New(Vendor, o)
		base, err := server.Start("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{}}
		for range 3 {
			response, err := client.Get(base + "/models")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				t.Error(err)
			}
			_ = response.Body.Close()
		}
		if got := server.Stats().Sockets; got != want {
			t.Errorf("%s: %d connections for three requests, want %d", quirk, got, want)
		}
		server.HangUp(0)
		if !server.WaitFor(func(st engine.Stats) bool { return st.OpenSockets == 0 }, 10*time.Second) {
			t.Errorf("%s: connections outlive the server's close", quirk)
		}
		client.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenAIRefusesWhatIsNoRequest(t *testing.T) {
	d := enginetest.Dialect{Vendor: Vendor, Quirks: []string{"errors:envelope", "instructions:refused", "voiceObjects:false"}}
	valid := `"model":"tts-1","input":"Hi.","voice":"alloy"`
	tests := map[string]struct {
		kind, body string
		status     int
	}{
		"no JSON":            {"application/json", "{", 400},
		"no object":          {"application/json", "[]", 400},
		"another type":       {"text/plain", "{" + valid + "}", 415},
		"wrong field":        {"application/json", `{"model":7}`, 400},
		"a voice's object":   {"application/json", `{"model":"tts-1","input":"Hi.","voice":{"id":"voice_1"}}`, 400},
		"instructions":       {"application/json", "{" + valid + `,"instructions":"Whisper."}`, 400},
		"an unknown format":  {"application/json", "{" + valid + `,"response_format":"aac"}`, 400},
		"too large a body":   {"application/json", `{"input":"` + strings.Repeat("a", maxBody) + `"}`, 413},
		"a mixture of wrong": {"application/json", `{"model":"tts-1","input":"Hi.","voice":"alloy+nobody"}`, 400},
	}
	for name, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.Serve(t, d)
			response := w.Request(t, path, http.Header{"Content-Type": {tt.kind}}, []byte(tt.body))
			status := response.StatusCode
			if name == "a mixture of wrong" && status == http.StatusNotFound { // as may be drawn
				status = http.StatusBadRequest
			}
			if onlyWAV := drawQuirks(w.Server.Options()).onlyWAV; status != tt.status && !(onlyWAV && name == "an unknown format") {
				t.Errorf("%s: got %d, want %d", name, status, tt.status)
			}
			time.Sleep(time.Second) // net/http keeps a connection for a while whose body it has not read
		})
	}
}

// fault is what came of a request to a server with a fault.
type fault struct {
	status int
	kind   string // of the body
	body   []byte
	took   time.Duration
	err    error
}

func TestOpenAIFaults(t *testing.T) {
	const due = 300 * time.Millisecond
	const frame = 100 * time.Millisecond
	length := func(f fault) time.Duration { return audio.Duration(int64(len(f.body)/2), engine.NativeRate) }
	inTime := func(f fault) bool { return length(f) >= due && length(f) <= due+frame }
	speaks := func(f fault) bool { return f.status == 200 && f.err == nil && length(f) > 2*time.Second }
	for written, right := range map[string]func(fault) bool{
		"":                                  speaks,
		"null_cost":                         speaks,
		"odd_chunks":                        speaks,
		"empty":                             func(f fault) bool { return f.status == 200 && f.err == nil && len(f.body) == 0 },
		"wrong_length":                      func(f fault) bool { return f.err == nil && length(f) > 0 && length(f) < frame },
		"late:2s":                           func(f fault) bool { return speaks(f) && f.took >= 2*time.Second && f.took < 3*time.Second },
		"slow":                              func(f fault) bool { return speaks(f) && f.took >= length(f)*3/2 },
		"drop":                              func(f fault) bool { return f.status == 0 && f.err != nil },
		"close":                             func(f fault) bool { return f.status == 0 && f.err != nil },
		"drop:300ms":                        func(f fault) bool { return errors.Is(f.err, io.ErrUnexpectedEOF) && inTime(f) },
		"error:rate_limit_exceeded":         func(f fault) bool { return f.status == 429 && bytes.Contains(f.body, []byte("rate_limit_exceeded")) },
		"error:300ms":                       func(f fault) bool { return errors.Is(f.err, io.ErrUnexpectedEOF) && inTime(f) },
		"garbage":                           func(f fault) bool { return f.kind == "text/html" && string(f.body) == engine.GarbageText },
		"garbage:300ms":                     func(f fault) bool { return f.err != nil && !errors.Is(f.err, io.ErrUnexpectedEOF) && inTime(f) },
		"stall":                             func(f fault) bool { return f.err != nil && len(f.body) == 0 && f.took >= time.Minute },
		"stall:300ms":                       func(f fault) bool { return f.err != nil && inTime(f) && f.took >= time.Minute },
		"refuse":                            func(f fault) bool { return f.status == 503 && bytes.Contains(f.body, []byte("loading")) },
		"refuse:1013":                       func(f fault) bool { return f.status == 500 },
		"refuse:billing_hard_limit_reached": func(f fault) bool { return f.status == 402 },
	} {
		t.Run("fault "+written, func(t *testing.T) {
			f, err := engine.ParseFault(written)
			if err != nil {
				t.Fatal(err)
			}
			d := enginetest.Dialect{
				Vendor: Vendor, Options: engine.Options{Chunk: frame, Fault: f},
				Quirks: []string{"errors:envelope", "onlyWAV:false", "buffered:false", "oddChunks:false", "cutClean:false"},
			}
			synctest.Test(t, func(t *testing.T) {
				w := enginetest.Serve(t, d)
				if got := meet(t, w); !right(got) {
					t.Errorf("got %d %s, %d bytes in %v, %v", got.status, got.kind, len(got.body), got.took, got.err)
				}
				over := func(st engine.Stats) bool { return st.OpenContexts == 0 }
				if !w.Server.WaitFor(over, time.Minute) {
					t.Errorf("left open: %+v", w.Server.Stats())
				}
			})
		})
	}
}

// meet asks a server with a fault, and leaves after a minute.
func meet(t *testing.T, w *enginetest.Wire) (f fault) {
	t.Helper()
	began := time.Now()
	type answer struct {
		response *http.Response
		err      error
	}
	answers := make(chan answer, 1)
	go func() { // ends with the answer, or with the server
		response, err := ask(t, w, "pcm", nil)
		answers <- answer{response, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return fault{err: a.err, took: time.Since(began)}
		}
		f.status, f.kind = a.response.StatusCode, a.response.Header.Get("Content-Type")
		leave := time.AfterFunc(time.Minute, func() { _ = a.response.Body.Close() })
		defer leave.Stop()
		f.body, f.err = io.ReadAll(a.response.Body)
	case <-time.After(time.Minute):
		if err := w.Server.Close(); err != nil {
			t.Error(err)
		}
		f.err = (<-answers).err
	}
	f.took = time.Since(began)
	return f
}

// What was begun ends with the server, also where no one reads it.
func TestOpenAIEndsWithItsServer(t *testing.T) {
	for name, o := range map[string]engine.Options{
		"before the audio": {FirstAudio: time.Minute}, "in the middle": {Pace: 1}, "unread": {},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: []string{"waits:false", "buffered:false", "onlyWAV:false"}})
			if _, err := ask(t, w, "pcm", nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if err := w.Server.Close(); err != nil {
				t.Error(err)
			}
			if st := w.Server.Stats(); st.OpenContexts != 0 || len(st.Cancels) != 0 {
				t.Errorf("%s: left %+v", name, st)
			}
		})
	}
}

// FuzzOpenAI asks for whatever: nothing panics, and nothing outlives the answer.
func FuzzOpenAI(f *testing.F) {
	f.Add(uint64(1), []byte(`{"model":"tts-1","input":"Hi.","voice":"alloy"}`))
	f.Add(uint64(2), []byte(`{"model":"tts-1","input":"Hi. <b>","voice":{"id":"alloy"},"speed":0.25,"stream_format":"sse"}`))
	f.Add(uint64(3), []byte(`{"model":null,"input":"…","voice":"alloy+(2)","response_format":"opus"}`))
	f.Add(uint64(4), []byte("{\xff"))
	f.Fuzz(func(t *testing.T, seed uint64, body []byte) {
		if len(body) == 0 || len(body) > 1<<12 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Seed: seed}})
			response := w.Request(t, path, http.Header{"Content-Type": {"application/json"}}, body)
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				t.Error(err)
			}
			if st := w.Server.Stats(); st.OpenContexts != 0 {
				t.Errorf("left open: %+v", st)
			}
		})
	})
}
