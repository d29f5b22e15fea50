package deepgram

import "strings"

// version is one of the vendor's two protocols. They differ in where they are, in what says that all audio of a text has come, and
// in how a stream is stopped.
type version struct {
	path    string
	stop    []byte // the order to stop
	ended   string // the type of the frame after all audio of what a Flush had spoken
	stopped string // the type of the frame that answers the order to stop
}

var (
	aura = &version{path: "/v1/speak", stop: message{Type: typeClear}.encode(), ended: typeFlushed, stopped: typeCleared}
	flux = &version{path: "/v2/speak", stop: message{Type: typeInterrupt}.encode(), ended: typeSpeechMetadata, stopped: typeSpeechInterrupted}
)

// fluxVoices is how the vendor's names of Flux's voices begin.
const fluxVoices = "flux-"

// versionOf is the protocol of a voice.
func (c *Config) versionOf(voice string) *version {
	if c.Version == 2 || c.Version == 0 && strings.HasPrefix(voice, fluxVoices) {
		return flux
	}
	return aura
}

// flushWarning is in the one Warning of Aura's that matters, in lower case: that a Flush is ignored. The vendor documents
// that there is one, not how it reads. That Flux has it too is assumed; there it is looked for in the code alone, since
// the warnings of Flux have codes.
const flushWarning = "flush"

// ignoresFlush reports whether a Warning says that the vendor ignores a Flush.
func (v *version) ignoresFlush(f *frame) bool {
	told := f.Code
	if v == aura {
		told += " " + f.Description + " " + f.WarnMsg
	}
	return strings.Contains(strings.ToLower(told), flushWarning)
}

// answersStop reports whether a frame says that the vendor has stopped, or that it was at nothing.
func (v *version) answersStop(f *frame) bool {
	return f.Type == v.stopped || v == flux && f.Type == typeWarning && f.Code == noActiveSpeech
}
