package openai

import (
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// speechRequest is the body of a request for speech. Fields that are not the vendor's own say who sends them.
type speechRequest struct {
	Model          string            `json:"model"`
	Input          *string           `json:"input"`
	Voice          voiceName         `json:"voice"`
	ResponseFormat string            `json:"response_format"`
	Speed          downstream.Number `json:"speed"`
	StreamFormat   string            `json:"stream_format"` // how the body is framed: audio or sse
	SampleRate     downstream.Number `json:"sample_rate"`   // Agora and others, with pcm
	APIKey         string            `json:"api_key"`       // Agora, which may send no header
}

// voiceName is a voice: text, or an object with its id.
type voiceName string

// UnmarshalJSON implements json.Unmarshaler.
func (v *voiceName) UnmarshalJSON(data []byte) error {
	if data[0] == '{' {
		var object struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(data, &object); err != nil {
			return err
		}
		*v = voiceName(object.ID)
		return nil
	}
	return json.Unmarshal(data, (*string)(v))
}

// How a body is framed.
const (
	framedBare = "audio"
	framedSSE  = "sse"
)

// readRequest is what a client asks for, in values that can be used.
func readRequest(w http.ResponseWriter, r *http.Request, most int) (*speechRequest, *protocol.Error) {
	data, refused := downstream.ReadBody(w, r, most)
	if refused != nil {
		return nil, refused
	}
	return decodeRequest(data)
}

func decodeRequest(data []byte) (*speechRequest, *protocol.Error) {
	asked := new(speechRequest)
	if refused := downstream.DecodeTolerant(data, asked); refused != nil {
		return nil, refused
	}
	return asked, asked.check()
}

// check refuses values that no configuration could serve.
func (s *speechRequest) check() *protocol.Error {
	switch {
	case s.Input == nil || *s.Input == "":
		return downstream.Invalid("input", "input is missing")
	case utf8.RuneCountInString(s.Model) > protocol.MaxNameLength:
		return downstream.Invalid("model", fmt.Sprintf("model has over %d characters", protocol.MaxNameLength))
	case utf8.RuneCountInString(string(s.Voice)) > protocol.MaxNameLength:
		return downstream.Invalid("voice", fmt.Sprintf("voice has over %d characters", protocol.MaxNameLength))
	case s.Speed.Set && !(s.Speed.Value >= protocol.MinSpeed && s.Speed.Value <= protocol.MaxSpeed): // also what is no number
		return downstream.Invalid("speed", fmt.Sprintf("speed must be from %g to %g", protocol.MinSpeed, protocol.MaxSpeed))
	case s.StreamFormat != "" && s.StreamFormat != framedBare && s.StreamFormat != framedSSE:
		return downstream.Invalid("stream_format", "stream_format must be audio or sse")
	}
	return nil
}

// speed is the speed that is asked for.
func (s *speechRequest) speed() float64 {
	if s.Speed.Set {
		return s.Speed.Value
	}
	return 1
}

// keyInside is the key in the body of a request; empty: there is none.
func keyInside(data []byte) string {
	var asked struct {
		APIKey string `json:"api_key"`
	}
	if downstream.DecodeTolerant(data, &asked) != nil {
		return ""
	}
	return asked.APIKey
}
