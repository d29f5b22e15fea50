package upstream

import "voicerelay/audio"

// Request is what one attempt asks of a provider. Word times are always wanted: they are the best evidence
// of how far the audio reached, whether or not the client asked for them.
type Request struct {
	// ID is unique within the process. Adapters may use it as the vendor's id of this stream.
	ID string
	// Affinity, if any, names the conversation: streams with equal values go to the same vendor socket
	// where the vendor ties prosody to one and it is healthy.
	Affinity string
	// Tenant owns the request. Sockets whose errors end all their streams are shared within a tenant only.
	Tenant string
	// Model and Voice are the vendor's own ids; Model is empty where the vendor has none.
	Model string
	Voice string
	// Language is a BCP 47 tag, or empty for the vendor's choice.
	Language string
	// Speed is a factor, 0.5 to 2. An adapter sends the nearest value that the vendor takes.
	Speed float64
	// Normalize asks for numbers, dates and symbols to be spoken as words.
	Normalize bool
	// Output is the client's format. An adapter asks the vendor for the nearest that it has.
	Output audio.Format
	// Options is what the provider's ParseOptions made of the client's provider_options, or nil.
	Options any
}
