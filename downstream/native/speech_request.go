package native

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

const linesType = "application/x-ndjson"

// bodyForm is what a client wants a body to be.
type bodyForm int

const (
	bodyAudio bodyForm = iota // as it comes
	bodyWhole                 // audio, with its length before it
	bodyLines                 // messages
)

// readSpeech is what a request asks for. The generation id is empty where the client names none.
func readSpeech(w http.ResponseWriter, r *http.Request, most int) (*protocol.Generate, *protocol.Error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, downstream.Invalid("Content-Type", "Content-Type must be application/json")
	}
	body, err := downstream.ReadBody(w, r, most)
	if err != nil {
		return nil, err
	}
	cmd, err := protocol.DecodeSpeech(body)
	if err != nil {
		return nil, err
	}
	if err := addKey(cmd, r); err != nil {
		err.GenerationID = cmd.GenerationID
		return nil, err
	}
	return cmd, nil
}

// bodyFormOf is what a request wants its answer's body to be.
func bodyFormOf(r *http.Request) (bodyForm, *protocol.Error) {
	const length = "length"
	query, err := downstream.Parameters(r.URL.RawQuery, length)
	if err != nil {
		return 0, err
	}
	lines := wantsLines(r.Header.Values("Accept"))
	switch {
	case !query.Has(length):
	case query.Get(length) != "known":
		return 0, downstream.Invalid(length, "length must be known, or left out")
	case lines:
		return 0, downstream.Invalid(length, "length=known is for audio: lines come as they are made")
	default:
		return bodyWhole, nil
	}
	if lines {
		return bodyLines, nil
	}
	return bodyAudio, nil
}

// addKey takes the idempotency key of the header, where there is one.
func addKey(cmd *protocol.Generate, r *http.Request) *protocol.Error {
	const name = "Idempotency-Key"
	key, err := downstream.IdempotencyKey(r, name)
	switch {
	case err != nil || key == "":
		return err
	case cmd.IdempotencyKey != "" && cmd.IdempotencyKey != key:
		return downstream.Invalid("idempotency_key", "idempotency_key is another than that of the header "+name)
	}
	cmd.IdempotencyKey = key
	return nil
}

// wantsLines reports whether a client accepts messages, a line each: by name, since a client that takes anything wants audio.
func wantsLines(accept []string) bool {
	for _, value := range strings.Split(strings.Join(accept, ","), ",") {
		kind, params, err := mime.ParseMediaType(value)
		if err != nil || kind != linesType {
			continue
		}
		q, given := params["q"]
		weight, err := strconv.ParseFloat(q, 64)
		return !given || err != nil || weight > 0
	}
	return false
}

// mediaType is what a body in an output's format is.
func mediaType(o protocol.Output) string {
	switch o.Encoding {
	case protocol.EncodingWAV:
		return "audio/wav"
	case protocol.EncodingMuLaw:
		return "audio/PCMU"
	case protocol.EncodingALaw:
		return "audio/PCMA"
	case protocol.EncodingMP3:
		return "audio/mpeg"
	case protocol.EncodingOpus:
		return "audio/ogg"
	case protocol.EncodingFLAC:
		return "audio/flac"
	default:
		return "audio/pcm;rate=" + strconv.Itoa(o.SampleRate) + ";encoding=" + o.Encoding
	}
}
