package jambonz

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/relay"
)

// usualRate is that of audio for a client that names none: jambonz' own example gives it.
const usualRate = 16000

// noLanguage is what jambonz sends where its application has no language.
const noLanguage = "default"

// settings are how a connection's texts are to be spoken.
type settings struct {
	voice, route, language string
	rate                   int
}

// readQuery finds the settings in an address. jambonz adds voice, language and sampleRate to it; an operator may have written
// a route.
func readQuery(query url.Values) (settings, *protocol.Error) {
	s := settings{voice: query.Get("voice"), route: query.Get("route"), language: query.Get("language"), rate: usualRate}
	if rate := query.Get("sampleRate"); rate != "" {
		var err error
		if s.rate, err = strconv.Atoi(rate); err != nil || !slices.Contains(audio.Rates, s.rate) {
			return s, downstream.Unsupported("sampleRate", fmt.Sprintf("sampleRate must be one of %v", audio.Rates))
		}
	}
	if s.language == noLanguage {
		s.language = ""
	}
	if s.language != "" && (len(s.language) > protocol.MaxLanguageLength || !protocol.IsLanguageTag(s.language)) {
		return s, downstream.Invalid("language", "language must be a BCP 47 language tag, such as en-US")
	}
	return s, nil
}

func (s settings) output() audio.Format { return audio.Format{Encoding: audio.PCM16, Rate: s.rate} }

// request is what the settings ask for, without a text.
func (s settings) request(on downstream.Server, terms *relay.Terms) (relay.Request, *protocol.Error) {
	names := downstream.Names{Settings: on.Settings(name)}
	voice, refused := names.Voice(terms, s.voice)
	if refused != nil {
		return relay.Request{}, refused
	}
	route, refused := names.Route(terms, s.route)
	if refused != nil {
		return relay.Request{}, refused
	}
	return relay.Request{
		Voice: voice, Route: route, Language: s.language, Speed: 1, Output: s.output(), Normalize: true,
		Metadata: map[string]string{"dialect": name},
	}, nil
}
