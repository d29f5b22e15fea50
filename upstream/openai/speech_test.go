package openai

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorhttp"
)

func wavFile(rate int, samples string) string { return string(audio.WAVHeader(rate)) + samples }

func pcm(rate int) audio.Format { return audio.Format{Encoding: audio.PCM16, Rate: rate} }

// delta is an event with audio, under that name.
func delta(name, samples string) string {
	return fmt.Sprintf("data: {\"type\":%q,%q:%q}\n\n", typeDelta, name, base64.StdEncoding.EncodeToString([]byte(samples)))
}

const lastEvent = "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":14,\"output_tokens\":101,\"total_tokens\":115}}\n\n"

// Whatever was asked for, an answer is what it says and begins like.
func TestAnswersAreWhatTheySay(t *testing.T) {
	const samples = "twelve bytes"
	wav := with(func(c *Config) { c.Format = formatWAV })
	slow := with(func(c *Config) { c.PCMRate = 16000 })
	for name, c := range map[string]struct {
		cfg   Config
		media string
		body  string
		of    audio.Format
		kind  upstream.Kind
	}{
		"samples":                       {defaults(), "audio/pcm", samples, pcm(24000), ""},
		"samples at another rate":       {slow, "audio/pcm", samples, pcm(16000), ""},
		"samples that tell their rate":  {defaults(), "audio/pcm; rate=8000", samples, pcm(8000), ""},
		"samples of an odd rate":        {defaults(), "audio/pcm;rate=12345;channels=1", samples, pcm(24000), ""},
		"samples of L16":                {defaults(), "audio/L16;rate=48000", samples, pcm(48000), ""},
		"bytes":                         {defaults(), "application/octet-stream", samples, pcm(24000), ""},
		"no type":                       {defaults(), "", samples, pcm(24000), ""},
		"an odd type":                   {defaults(), ";;", samples, pcm(24000), ""},
		"a file for samples":            {defaults(), "audio/wav", wavFile(22050, samples), pcm(22050), ""},
		"a file that is said to be raw": {defaults(), "audio/pcm", wavFile(22050, samples), pcm(22050), ""},
		"a file":                        {wav, "audio/x-wav", wavFile(44100, samples), pcm(44100), ""},
		"a file in bytes":               {wav, "application/octet-stream", wavFile(44100, samples), pcm(44100), ""},
		"samples for a file":            {wav, "audio/pcm", samples, pcm(24000), ""},
		"bytes for a file":              {wav, "application/octet-stream", samples, audio.Format{}, upstream.Garbled},
		"a file that is none":           {defaults(), "audio/wav", samples, audio.Format{}, upstream.Garbled},
		"MP3":                           {defaults(), "audio/mpeg", "ID3", audio.Format{}, upstream.Garbled},
		"MP3 in bytes":                  {defaults(), "application/octet-stream", "ID3\x04\x00", audio.Format{}, upstream.Garbled},
		"a page":                        {defaults(), "text/html; charset=utf-8", "<html>", audio.Format{}, upstream.Garbled},
		"nothing":                       {defaults(), "audio/pcm", "", audio.Format{}, upstream.NoAudio},
		"a header alone":                {wav, "audio/wav", wavFile(24000, ""), audio.Format{}, upstream.NoAudio},
		"events":                        {defaults(), "text/event-stream; charset=utf-8", delta("audio", samples) + lastEvent, pcm(24000), ""},
		"events of another name":        {defaults(), eventsType, delta("delta", samples) + lastEvent, pcm(24000), ""},
		"events that end as chats do":   {defaults(), eventsType, delta("audio", samples) + "data: [DONE]\n\n", pcm(24000), ""},
		"events of a kind not known":    {defaults(), eventsType, "data: {\"type\":\"ping\"}\n\n" + delta("audio", samples) + lastEvent, pcm(24000), ""},
		"events with a file":            {defaults(), eventsType, delta("audio", wavFile(32000, samples[:4])) + delta("audio", samples[4:]) + lastEvent, pcm(32000), ""},
		"events for a file":             {wav, eventsType, delta("audio", wavFile(32000, samples[:4])) + delta("audio", samples[4:]) + lastEvent, pcm(32000), ""},
		"base64 in lines":               {defaults(), eventsType, strings.Replace(delta("audio", samples), "dHdl", `dH\r\nd\nl`, 1) + lastEvent, pcm(24000), ""},
		"events without an end":         {defaults(), eventsType, delta("audio", samples), pcm(24000), upstream.Dropped},
		"events that are none":          {defaults(), eventsType, samples + "\n", audio.Format{}, upstream.Garbled},
		"events of no JSON":             {defaults(), eventsType, "data: {\n\n", audio.Format{}, upstream.Garbled},
		"events of a list":              {defaults(), eventsType, "data: []\n\n", audio.Format{}, upstream.Garbled},
		"an event of failure":           {defaults(), eventsType, `data: {"error":{"code":"insufficient_quota"}}` + "\n\n", audio.Format{}, upstream.NoCredit},
		"a failure in disguise":         {defaults(), "application/json", `{"error":{"message":"x","type":"server_error"}}`, audio.Format{}, upstream.UpstreamError},
	} {
		t.Run(name, func(t *testing.T) {
			_, h := ask(t, c.cfg, "http://server/v1", testRequest, answering(c.media, c.body))
			if upstream.KindOf(h.Err) != c.kind || h.Format != c.of {
				t.Fatalf("got %v of %v, want %q of %v", h.Err, h.Format, c.kind, c.of)
			}
			if c.kind == "" && string(h.Audio) != samples {
				t.Errorf("got %q", h.Audio)
			}
		})
	}
}

// TestCodes checks what the documents show against what statuses and codes become.
func TestCodes(t *testing.T) {
	for _, e := range codes() {
		if _, known := upstream.Policies[e.Kind]; !known || e.Message == "" || e.Where == "" {
			t.Errorf("%+v: want a known kind and a message", e)
		}
	}
	for code, want := range unstated {
		if got := unstatedError([]byte(`{"error":{"code":"` + code + `"}}`)); got.Kind != want.Kind || got.Code != code {
			t.Errorf("%s: got %v, want %s", code, got, want.Kind)
		}
	}
}

// usualEvent is what a server sends for 200 ms.
var usualEvent = []byte(`{"type":"speech.audio.delta","audio":"` + base64.StdEncoding.EncodeToString(make([]byte, 9600)) + `"}`)

// taking is the audio of events that a sink gets.
func taking(sink *upstreamtest.Quiet) *vendorhttp.Samples {
	return &vendorhttp.Samples{Out: vendorhttp.NewAnswer(http.Header{}, nil, sink.Audio), Format: pcm(24000)}
}

func takeUsual(samples *vendorhttp.Samples) *upstream.Error {
	_, fault := takeEvent(nil, samples, usualEvent)
	return fault
}

func TestEventsAllocateNothing(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	samples := taking(sink)
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return takeUsual(samples) })
}

func BenchmarkFrame(b *testing.B) {
	samples := taking(&upstreamtest.Quiet{})
	upstreamtest.BenchFrame(b, usualEvent, func() *upstream.Error { return takeUsual(samples) })
}

// FuzzAnswer plays answers of any type and body.
func FuzzAnswer(f *testing.F) {
	f.Add("audio/wav", []byte(wavFile(24000, "abcd")))
	f.Add("audio/pcm;rate=8000", []byte("abcd"))
	f.Add(eventsType, []byte(delta("audio", "abcdefgh")+lastEvent))
	f.Add("application/json", []byte(`{"detail":[{"type":"missing"}]}`))
	cfg := defaults()
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		sink := &upstreamtest.Loose{TB: t}
		header := http.Header{"Content-Type": {media}}
		answer := vendorhttp.NewAnswer(header, io.LimitReader(bytes.NewReader(body), 1<<20), sink.Audio)
		if fault := (&speech{cfg: &cfg}).Play(answer); fault != nil {
			upstreamtest.CheckError(t, fault, nil)
		}
		if sink.Bytes > len(body) {
			t.Errorf("%d bytes of audio came of %d", sink.Bytes, len(body))
		}
	})
}

// The tokens of a stream are those of all its requests, or none.
func TestTokensAreTold(t *testing.T) {
	last := func(usage string) string { return `data: {"type":"speech.audio.done"` + usage + "}\n\n" }
	told := last(`,"usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}`)
	for name, c := range map[string]struct {
		ends []string // of the answers, one after the other
		want upstream.Metered
	}{
		"of one":             {[]string{told}, upstream.Metered{InputTokens: 14, OutputTokens: 101}},
		"of all":             {[]string{told, told, told}, upstream.Metered{InputTokens: 42, OutputTokens: 303}},
		"not of the last":    {[]string{told, last("")}, upstream.Metered{}},
		"not of the first":   {[]string{last(`,"usage":null`), told}, upstream.Metered{}},
		"as chats end":       {[]string{told, "data: [DONE]\n\n"}, upstream.Metered{}},
		"of no audio":        {[]string{last(`,"usage":{"input_tokens":14,"output_tokens":0}`)}, upstream.Metered{}},
		"below zero":         {[]string{last(`,"usage":{"input_tokens":-1,"output_tokens":5}`)}, upstream.Metered{}},
		"beyond all measure": {[]string{last(`,"usage":{"input_tokens":1,"output_tokens":9000000000000000000}`)}, upstream.Metered{}},
		"no numbers":         {[]string{last(`,"usage":{"input_tokens":"1","output_tokens":[]}`)}, upstream.Metered{}},
		"not of a failure":   {[]string{told, "data: {\n\n"}, upstream.Metered{}},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			client, stop := upstreamtest.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", eventsType)
				_, _ = io.WriteString(w, delta("audio", "twelve bytes")+c.ends[n.Add(1)-1]) // the adapter may have gone
			}))
			defer stop()
			p, err := open(with(func(c *Config) { c.Prefetch = 0 }), upstream.Env{URL: "http://server/v1", HTTP: client})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			l, err := upstreamtest.OpenLine(t, p, testRequest)
			if err != nil {
				t.Fatal(err)
			}
			texts := []string{"One.", "Two.", "Three."}
			l.Order(true, texts[:len(c.ends)]...)
			if got := l.Finish().Usage.Metered; got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
