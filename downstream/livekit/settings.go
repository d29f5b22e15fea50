package livekit

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/relay"
)

// defaultRate is what clients in Node ask for by default, and what counts as asked where none is: those in Python always say.
const defaultRate = 16000

// encoding is the only one that clients know.
const encoding = "pcm_s16le"

// settings are how a text is to be spoken. They can be compared.
type settings struct {
	Model, Voice, Language string
	Rate                   int
	Speed                  float64 // 0: as the voice speaks
	NoWords                bool
}

// created are the settings that a session.create asks for, where the query has named a model.
func created(m *message, model string) (settings, *protocol.Error) {
	if m.Encoding != "" && m.Encoding != encoding {
		return settings{}, downstream.Unsupported("encoding", "encoding must be "+encoding)
	}
	s := settings{Model: model, Rate: defaultRate}
	if m.SampleRate.Set {
		s.Rate = int(m.SampleRate.Value)
		format := audio.Format{Encoding: audio.PCM16, Rate: s.Rate}
		if err := format.Validate(); err != nil || float64(s.Rate) != m.SampleRate.Value {
			return settings{}, downstream.Unsupported("sample_rate", fmt.Sprintf("sample_rate must be one of %v", audio.Rates))
		}
	}
	return s.with(asked{m.Model, m.Voice, m.Language}, m.Extra)
}

// with are the settings with what a client asks for now.
func (s settings) with(a asked, e extra) (settings, *protocol.Error) {
	if a.Model != "" {
		s.Model = a.Model
	}
	if a.Voice != "" {
		s.Voice = a.Voice
	}
	if a.Language != "" {
		s.Language = a.Language
	}
	if s.Language != "" && (len(s.Language) > protocol.MaxLanguageLength || !protocol.IsLanguageTag(s.Language)) {
		return s, downstream.Invalid("language", "language must be a BCP 47 language tag, such as en or zh-Hant-TW")
	}
	if speed, err := strconv.ParseFloat(string(e.Speed), 64); err == nil {
		s.Speed = min(max(speed, protocol.MinSpeed), protocol.MaxSpeed)
	}
	if e.AddTimestamps.Set {
		s.NoWords = !e.AddTimestamps.Value
	}
	return s, nil
}

// check refuses settings that name what does not exist, or what the key may not use.
func (s settings) check(on downstream.Server, key *access.Key) *protocol.Error {
	held, gone := on.Hold(key)
	if gone != nil {
		return downstream.WireError(gone)
	}
	defer held.Release()
	request, refused := s.request(on, held.Terms)
	if refused != nil {
		return refused
	}
	return downstream.WireError(on.Services().Engine.Check(request, held.Terms))
}

// request is what the settings ask for, without a text.
func (s settings) request(on downstream.Server, terms *relay.Terms) (relay.Request, *protocol.Error) {
	set := on.Settings(name)
	model, voice := splitModel(s.Model)
	if s.Voice != "" {
		voice = s.Voice
	}
	names := downstream.Names{Settings: set, Adapter: vendorOf(model)}
	alias, refused := names.Voice(terms, voice)
	if refused != nil {
		return relay.Request{}, refused
	}
	speed := s.Speed
	if speed == 0 {
		speed = 1
	}
	return relay.Request{
		Voice:          alias,
		Route:          routeOf(set, terms, model),
		Language:       s.Language,
		Speed:          speed,
		Output:         audio.Format{Encoding: audio.PCM16, Rate: s.Rate},
		WordTimestamps: !s.NoWords,
		Normalize:      true,
	}, nil
}

// routeOf is the route for a model: one of that name, the configured one, else the default route. A model of a vendor is no raw
// target here, though it looks like one: every client names such a model, and would lose what the routes are for.
func routeOf(set downstream.Settings, terms *relay.Terms, model string) string {
	if terms.Setup.Table().HasRoute(model) {
		return model
	}
	return set.Models[model]
}

// splitModel parts a model from the voice behind it: "cartesia/sonic-3:narrator". Clients do so themselves.
func splitModel(model string) (name, voice string) {
	if i := strings.LastIndexByte(model, ':'); i >= 0 {
		return model[:i], model[i+1:]
	}
	return model, ""
}

// vendorOf is what a model begins with: the vendor, by the name that its adapter has here.
func vendorOf(model string) string {
	vendor, _, _ := strings.Cut(model, "/")
	return vendor
}
