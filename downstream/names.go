package downstream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/relay"
)

// Names finds the voices and routes of the configuration by what a dialect's clients call them.
type Names struct {
	Settings Settings
	// Adapter is the adapter of the vendor whose dialect it is: its ids of voices are known; empty: there is none.
	Adapter string
	// UsualVoice and UsualModel report whether a name is one that clients send by default, or one of the vendor's that every
	// program knows. Such a name that nothing here has stands for the route's voice, and for the default route. nil: none is.
	UsualVoice, UsualModel func(name string) bool
}

// Voice is the alias of a voice, or a raw voice, or empty for the route's own: an alias of that name, the configured one, the
// voice that has this id at the dialect's vendor, provider/voice, or a usual name.
func (n Names) Voice(on *relay.Terms, asked string) (string, *protocol.Error) {
	table := on.Setup.Table()
	switch {
	case asked == "" || table.HasVoice(asked):
		return asked, nil
	case n.Settings.Voices[asked] != "":
		return n.Settings.Voices[asked], nil
	}
	if alias := table.VoiceByID(asked, n.isVendor(on)); alias != "" {
		return alias, nil
	}
	if n.isRaw(on, asked) {
		return asked, nil
	}
	if n.UsualVoice != nil && n.UsualVoice(asked) {
		return "", nil
	}
	if on.Key.Allow.Voices != nil { // the same answer as for one that exists, so that names can't be found out by trying
		return "", &protocol.Error{Code: protocol.CodeNotAllowed, Param: "voice", Message: fmt.Sprintf("voice not allowed %q", asked)}
	}
	return "", &protocol.Error{Code: protocol.CodeUnknownVoice, Param: "voice", Message: fmt.Sprintf("unknown voice %q", asked)}
}

// Route is the name of a route, or a raw target, or empty for the default one: a route of that name, the configured one,
// provider/model, or a usual name.
func (n Names) Route(on *relay.Terms, model string) (string, *protocol.Error) {
	switch {
	case model == "" || on.Setup.Table().HasRoute(model):
		return model, nil
	case n.Settings.Models[model] != "":
		return n.Settings.Models[model], nil
	case on.Key.Allow.Raw && n.isRaw(on, model):
		return model, nil
	case n.UsualModel != nil && n.UsualModel(model):
		return "", nil
	}
	if on.Key.Allow.Routes != nil { // likewise
		return "", &protocol.Error{Code: protocol.CodeNotAllowed, Param: "model", Message: fmt.Sprintf("model not allowed %q", model)}
	}
	return "", &protocol.Error{Code: protocol.CodeUnknownRoute, Param: "model", Message: fmt.Sprintf("unknown model %q", model)}
}

// isRaw reports whether a name is of the form provider/name, with a provider of the configuration. Whether the key may use it
// the engine knows.
func (n Names) isRaw(on *relay.Terms, name string) bool {
	provider, rest, ok := strings.Cut(name, "/")
	return ok && rest != "" && on.Setup.Provider(provider) != nil
}

// isVendor reports whether a provider is an account at the dialect's vendor.
func (n Names) isVendor(on *relay.Terms) func(provider string) bool {
	return func(provider string) bool {
		p := on.Setup.Provider(provider)
		return p != nil && n.Adapter != "" && p.Adapter == n.Adapter
	}
}

// OneOf reports whether a name is in a list: a UsualVoice or UsualModel.
func OneOf(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}
