package openai

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorhttp"
)

// speech is what one stream asks of the server.
type speech struct {
	cfg    *Config
	url    string
	header http.Header
	fields map[string]any // of each request, but for the text
}

// Request has a text spoken.
func (s *speech) Request(text string) vendorhttp.Request {
	fields := maps.Clone(s.fields)
	fields[fieldInput] = text
	body, _ := json.Marshal(fields) // they have been JSON, or are texts and numbers
	return vendorhttp.Request{URL: s.url, Header: s.header, Body: body}
}

// Refused says what a refusal means.
func (s *speech) Refused(r vendorhttp.Refusal) *upstream.Error { return refusal(r.Status, r.Body) }

// The media types of what can be played. Servers name them as they like, and some name none.
var (
	bareTypes = []string{"", "audio/pcm", "audio/l16", "audio/raw", "audio/x-raw", "audio/x-pcm", "application/octet-stream", "binary/octet-stream"}
	wavTypes  = []string{"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"}
	jsonTypes = []string{"application/json", "application/problem+json", "text/json"}
)

const eventsType = "text/event-stream"

// Play plays an answer as what it is, which may not be what was asked for.
func (s *speech) Play(a *vendorhttp.Answer) *upstream.Error {
	media, params := a.Type()
	samples := &vendorhttp.Samples{Out: a}
	switch {
	case media == eventsType:
		if s.cfg.Format == formatPCM {
			samples.Format = s.cfg.bare()
		}
		return playEvents(a, samples)
	case slices.Contains(jsonTypes, media):
		return unstatedError(a.Rest())
	case slices.Contains(wavTypes, media):
	case slices.Contains(bareTypes, media):
		// What claims to be samples is, also where a WAV file was asked for; what claims nothing must be what was asked for.
		if s.cfg.Format == formatPCM || media == "audio/pcm" {
			samples.Format = declared(s.cfg.bare(), params)
		}
	default:
		return upstream.GarbledError("the vendor's answer is neither samples nor a WAV file")
	}
	return samples.Play()
}

// declared is the format of bare samples at the rate that a type's parameters have, if they have one that can be used.
func declared(format audio.Format, params map[string]string) audio.Format {
	rate, err := strconv.Atoi(params["rate"])
	if told := (audio.Format{Encoding: format.Encoding, Rate: rate}); err == nil && told.Validate() == nil {
		return told
	}
	return format
}

// playEvents plays server-sent events.
func playEvents(a *vendorhttp.Answer, samples *vendorhttp.Samples) *upstream.Error {
	whole, fault := a.Events(func(data []byte) (last bool, fault *upstream.Error) { return takeEvent(a, samples, data) })
	if fault != nil {
		return fault
	}
	if !whole {
		return &upstream.Error{Kind: upstream.Dropped, Message: "the vendor's events end without the last one"}
	}
	return samples.End()
}

// takeEvent takes an event, and reports whether it is the last one.
func takeEvent(a *vendorhttp.Answer, samples *vendorhttp.Samples, data []byte) (last bool, fault *upstream.Error) {
	fields := [...]upstream.Field{{Name: "type"}, {Name: "audio"}, {Name: "delta"}}
	if upstream.ScanFlat(data, fields[:]) {
		kind, _ := fields[0].Text()
		for _, field := range fields[1:] {
			if audio, ok := field.Text(); ok && string(kind) == typeDelta {
				return false, samples.TakeBase64(audio)
			}
		}
	}
	if string(data) == doneMark {
		return true, nil
	}
	var e event
	if fault := upstream.DecodeFrame(false, data, &e); fault != nil {
		return false, fault
	}
	switch {
	case e.Type == typeDone:
		a.Metered(e.metered())
		return true, nil
	case e.Type == typeError || len(e.Error) > 0 && string(e.Error) != "null":
		return false, unstatedError(data)
	case e.Type == typeDelta && e.Audio != "":
		return false, samples.TakeBase64(upstream.Base64(e.Audio))
	case e.Type == typeDelta:
		return false, samples.TakeBase64(upstream.Base64(e.Delta))
	}
	return false, nil // of a kind that is not known
}

// metered is what the last event says that was counted: nothing where it says no tokens of both, for there is no speech without.
func (e *event) metered() upstream.Metered {
	var u usage
	if json.Unmarshal(e.Usage, &u) != nil || u.Input <= 0 || u.Output <= 0 {
		return upstream.Metered{}
	}
	return upstream.Metered{InputTokens: u.Input, OutputTokens: u.Output}
}
