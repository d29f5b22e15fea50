package openai_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mewkiz/flac"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
)

func TestBodiesAreWhatTheirContentTypeSays(t *testing.T) {
	letters := relaytest.Letters("Hello there.")
	samples := len("Hello there.") * relaytest.SamplesPerChar
	for name, tt := range map[string]struct {
		fields, mediaType string
		head              []byte
		rate              int
	}{
		"pcm":             {`"response_format":"pcm"`, "audio/pcm", nil, 24000},
		"wav":             {`"response_format":"wav"`, "audio/wav", audio.WAVHeader(24000), 24000},
		"a rate":          {`"response_format":"pcm","sample_rate":16000`, "audio/pcm;rate=16000", nil, 16000},
		"a rate as text":  {`"response_format":"pcm","sample_rate":"8000"`, "audio/pcm;rate=8000", nil, 8000},
		"no rate":         {`"response_format":"pcm","sample_rate":null`, "audio/pcm", nil, 24000},
		"a rate of a WAV": {`"response_format":"wav","sample_rate":16000`, "audio/wav", audio.WAVHeader(16000), 16000},
		"bare, by name":   {`"response_format":"pcm","stream_format":"audio"`, "audio/pcm", nil, 24000},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, `{`+hello+`,`+tt.fields+`}`, nil)
				if got.Status != http.StatusOK || got.Header.Get("Content-Type") != tt.mediaType {
					t.Fatalf("got %d %q, want 200 %q", got.Status, got.Header.Get("Content-Type"), tt.mediaType)
				}
				if got.Header.Get("X-Request-Id") == "" || got.Header.Get("X-Request-Id") != got.Header.Get("Record-Id") {
					t.Errorf("X-Request-Id is %q, want the record %q", got.Header.Get("X-Request-Id"), got.Header.Get("Record-Id"))
				}
				pcm, ok := bytes.CutPrefix(got.Body, tt.head)
				if want := samples * tt.rate / 24000 * 2; !ok || len(pcm) != want {
					t.Errorf("%d bytes of audio behind the header %v, want %d", len(pcm), ok, want)
				}
				if tt.rate == relaytest.FakeRate && relaytest.Heard(pcm) != letters {
					t.Errorf("heard %q, want %q", relaytest.Heard(pcm), letters)
				}
			})
		})
	}
}

func TestAWAVHeaderIsInTheFirstEventOnly(t *testing.T) {
	within(t, func(t *testing.T, r *downstreamtest.Relay) {
		got := speak(t, r, `{`+hello+`,"response_format":"wav","stream_format":"sse"}`, nil)
		if kind := got.Header.Get("Content-Type"); kind != "text/event-stream" {
			t.Errorf("Content-Type is %q", kind)
		}
		file := eventsAudio(t, got.Body)
		if pcm, ok := bytes.CutPrefix(file, audio.WAVHeader(24000)); !ok || relaytest.Heard(pcm) != relaytest.Letters("Hello there.") {
			t.Errorf("a header: %v, heard %q", ok, relaytest.Heard(pcm))
		}
		if bytes.Count(file, []byte("RIFF")) != 1 {
			t.Error("more than one header")
		}
	})
}

// A text with nothing to speak gets a file all the same: with its header, and framed as the others.
func TestNothingToSpeakIsAMomentOfSilence(t *testing.T) {
	silence := make([]byte, 4800)
	for fields, want := range map[string][]byte{
		`"response_format":"pcm"`:                       silence,
		`"response_format":"wav"`:                       append(audio.WAVHeader(24000), silence...),
		`"response_format":"wav","stream_format":"sse"`: append(audio.WAVHeader(24000), silence...),
	} {
		for _, text := range []string{"…", " ", "🙂"} {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, fmt.Sprintf(`{"model":"tts-1","voice":"alloy","input":%q,%s}`, text, fields), nil)
				body := got.Body
				if strings.Contains(fields, "sse") {
					body = eventsAudio(t, got.Body)
				}
				if got.Status != http.StatusOK || !bytes.Equal(body, want) {
					t.Errorf("%s, %q: %d, %d bytes, want %d", fields, text, got.Status, len(body), len(want))
				}
			})
		}
	}
}

// eventsAudio is the audio in a body of events, whose last one must be the end.
func eventsAudio(t *testing.T, body []byte) (file []byte) {
	t.Helper()
	events := strings.Split(strings.TrimSuffix(string(body), "\n\n"), "\n\n")
	for i, event := range events {
		var e struct {
			Type  string
			Audio []byte
		}
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok || json.Unmarshal([]byte(data), &e) != nil {
			t.Fatalf("event %d is %q", i, event)
		}
		if want := map[bool]string{false: "speech.audio.delta", true: "speech.audio.done"}[i == len(events)-1]; e.Type != want {
			t.Fatalf("event %d of %d is of type %q", i+1, len(events), e.Type)
		}
		file = append(file, e.Audio...)
	}
	return file
}

// liveKit is what LiveKit Agents 1.8.9 sends by default.
const liveKit = `{` + hello + `,"response_format":"mp3","speed":1.0,"stream_format":"sse"}`

func TestMP3WithoutAnEncoder(t *testing.T) {
	async := http.Header{"User-Agent": {"AsyncOpenAI/Python 3.57.0"}}
	fallback := set(func(s *downstream.Settings) { s.MP3Fallback = audio.WAV })
	for name, tt := range map[string]struct {
		body    string
		header  http.Header
		changes []downstreamtest.Change
		status  int
	}{
		"by default":                     {`{` + hello + `}`, nil, nil, 400},
		"by name":                        {`{` + hello + `,"response_format":"mp3"}`, nil, nil, 400},
		"LiveKit reads the Content-Type": {liveKit, async, nil, 200},
		"Pipecat does not":               {`{` + hello + `,"response_format":"mp3","speed":1}`, async, nil, 400},
		"LiveKit wants Opus":             {strings.Replace(liveKit, "mp3", "opus", 1), async, nil, 400},
		"a fallback":                     {`{` + hello + `}`, nil, []downstreamtest.Change{fallback}, 200},
		"a fallback, in events":          {`{` + hello + `,"stream_format":"sse"}`, nil, []downstreamtest.Change{fallback}, 200},
		"no fallback for Opus":           {`{` + hello + `,"response_format":"opus"}`, nil, []downstreamtest.Change{fallback}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, tt.body, tt.header)
				if got.Status != tt.status {
					t.Fatalf("got %d %.200s, want %d", got.Status, got.Body, tt.status)
				}
				if got.Status == http.StatusOK {
					if !bytes.HasPrefix(got.Body, audio.WAVHeader(24000)) || got.Header.Get("Content-Type") != "audio/wav" {
						t.Errorf("got %q, want a bare WAV file", got.Header.Get("Content-Type"))
					}
					return
				}
				fault := got.fault()
				if fault.Code != "unsupported_format" || fault.Param != "response_format" || !strings.Contains(fault.Message, `"pcm"`) {
					t.Errorf("refused with %+v", fault)
				}
			}, tt.changes...)
		})
	}
}

// FLAC the relay makes by itself: bare, in events, and where there is nothing to speak.
func TestFLACIsThePCM(t *testing.T) {
	for _, framed := range []string{"audio", "sse"} {
		for text, letters := range map[string]string{"Hello there.": "Hellothere", "…": ""} {
			within(t, func(t *testing.T, r *downstreamtest.Relay) {
				got := speak(t, r, fmt.Sprintf(`{"model":"tts-1","voice":"alloy","input":%q,"response_format":"flac","stream_format":%q}`, text, framed), nil)
				file, kind := got.Body, "audio/flac"
				if framed == "sse" {
					file, kind = eventsAudio(t, got.Body), "text/event-stream"
				}
				if got.Status != http.StatusOK || got.Header.Get("Content-Type") != kind {
					t.Fatalf("got %d %q", got.Status, got.Header.Get("Content-Type"))
				}
				pcm := decodeFLAC(t, file)
				if want := max(len("Hello there.")*len(letters)/10*relaytest.SamplesPerChar, 2400); relaytest.Heard(pcm) != letters || len(pcm) != 2*want {
					t.Errorf("%s: heard %q in %d bytes, want %q in %d", framed, relaytest.Heard(pcm), len(pcm), letters, 2*want)
				}
			})
		}
	}
}

func decodeFLAC(t *testing.T, file []byte) (pcm []byte) {
	t.Helper()
	stream, err := flac.New(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		frame, err := stream.ParseNext()
		if errors.Is(err, io.EOF) {
			return pcm
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, sample := range frame.Subframes[0].Samples {
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(sample))
		}
	}
}
