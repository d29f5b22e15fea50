package deepgram

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
)

// asked is what a query asks for. Parameters that are not known are passed over.
type asked struct {
	// model names the voice; empty: the default route's own.
	model  string
	output audio.Format
	kbps   int // of a compressed output, in kbit/s; 0: the usual one
	// speed is 1 where none is asked for.
	speed float64
	tags  []string
	// session is the program's own id of what it does; empty: it has told none.
	session string
}

// The rates that clients get who ask for none, by Deepgram's documentation.
const (
	linearRate = 24000
	g711Rate   = 8000
)

// linear16 is the encoding that all its clients speak by default.
const linear16 = "linear16"

// encodings are the raw ones, by the names that clients know.
var encodings = map[string]audio.Format{
	linear16: {Encoding: audio.PCM16, Rate: linearRate},
	"mulaw":  {Encoding: audio.MuLaw, Rate: g711Rate},
	"alaw":   {Encoding: audio.ALaw, Rate: g711Rate},
}

// readQuery is what a request's query asks of a version. The format is left to the caller.
func readQuery(r *http.Request, v *version) (asked, url.Values, *protocol.Error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return asked{}, nil, downstream.Invalid("", "malformed query")
	}
	a := asked{model: query.Get("model"), speed: 1, tags: query["tag"], session: r.Header.Get(headerSession)}
	if len(a.model) > maxModel || !utf8.ValidString(a.model) {
		return asked{}, nil, downstream.Invalid("model", fmt.Sprintf("model may have %d bytes of UTF-8", maxModel))
	}
	if text := query.Get("speed"); text != "" {
		speed, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return asked{}, nil, downstream.Invalid("speed", "speed must be a number")
		}
		if wrong := v.checkSpeed(speed); wrong != nil {
			return asked{}, nil, downstream.Invalid("speed", wrong.Description)
		}
		a.speed = speed
	}
	return a, query, nil
}

// maxModel bounds a name that refusals and records repeat.
const maxModel = 256

// rawFormat is the format of raw audio that a query asks for.
func rawFormat(query url.Values) (audio.Format, *protocol.Error) {
	f, ok := encodings[cmp.Or(query.Get("encoding"), linear16)]
	if !ok {
		return f, downstream.Unsupported("encoding", "encoding must be linear16, mulaw or alaw here")
	}
	return withRate(f, query)
}

// withRate is a format at the rate of a query, if there is one.
func withRate(f audio.Format, query url.Values) (audio.Format, *protocol.Error) {
	if text := query.Get("sample_rate"); text != "" {
		rate, err := strconv.ParseFloat(text, 64) // a program may write 24000.0
		if err != nil || rate != math.Trunc(rate) || math.Abs(rate) > math.MaxInt32 {
			return f, downstream.Invalid("sample_rate", "sample_rate must be a whole number")
		}
		f.Rate = int(rate)
	}
	if err := f.Validate(); err != nil {
		return f, downstream.Unsupported("sample_rate", err.Error())
	}
	return f, nil
}

// speedFault is why a speed can't be had.
type speedFault struct {
	Code, Description string
}

// checkSpeed refuses a speed that a version does not have.
func (v *version) checkSpeed(speed float64) *speedFault {
	steps := speed / speedStep
	switch {
	case math.IsNaN(speed) || speed < v.slowest || speed > v.fastest:
		return &speedFault{"SPEED_OUT_OF_RANGE", fmt.Sprintf("speed must be from %v to %v", v.slowest, v.fastest)}
	case v.stepped && math.Abs(steps-math.Round(steps)) > 1e-6:
		return &speedFault{"SPEED_INCREMENT_INVALID", fmt.Sprintf("speed must be a multiple of %v", speedStep)}
	}
	return nil
}

// speedStep is what speeds differ by where they come in steps.
const speedStep = 0.05

// metadata is what records say of a generation: the dialect, and what clients give to find their requests again.
func (a asked) metadata(v *version) map[string]string {
	kept := map[string]string{"dialect": name, "endpoint": v.path}
	keep := func(key, value string) {
		if value != "" && len(value) <= maxTag && utf8.ValidString(value) && !strings.ContainsFunc(value, unicode.IsControl) {
			kept[key] = value
		}
	}
	keep("client_session", a.session)
	for i, tag := range a.tags[:min(len(a.tags), maxTags)] {
		keep("tag"+strconv.Itoa(i+1), tag)
	}
	return kept
}

// headerSession has the id that the vendor's SDKs give to all that a client object of theirs does.
const headerSession = "X-Deepgram-Session-Id"

// What a record keeps of them: more and longer ones are left out. Deepgram takes 128 characters.
const (
	maxTags = 8
	maxTag  = 128 // bytes
)
