package elevenlabs

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// speechRequest is a request for speech over HTTP. What the relay has no use for is left out.
type speechRequest struct {
	Text          *string        `json:"text"` // nil: left out or null
	ModelID       string         `json:"model_id"`
	LanguageCode  string         `json:"language_code"`
	Normalization string         `json:"apply_text_normalization"`
	VoiceSettings *voiceSettings `json:"voice_settings"`

	output output // by the query
}

// readRequest reads a request's body and its query.
func (srv *host) readRequest(w http.ResponseWriter, r *http.Request, most int, at place) (*speechRequest, *protocol.Error) {
	query, failed := url.ParseQuery(r.URL.RawQuery)
	if failed != nil {
		return nil, downstream.Invalid("", "malformed query")
	}
	out, refused := outputOf(query.Get("output_format"), at, srv.Settings(name), srv.Codecs())
	if refused != nil {
		return nil, refused
	}
	data, refused := downstream.ReadBody(w, r, most)
	if refused != nil {
		return nil, refused
	}
	asked, refused := decodeRequest(data)
	if refused != nil {
		return nil, refused
	}
	asked.output, asked.ModelID = out, cmp.Or(asked.ModelID, query.Get("model_id"))
	if len(r.PathValue("voice")) > longestName || len(asked.ModelID) > longestName || len(asked.LanguageCode) > longestName {
		return nil, nameTooLong()
	}
	return asked, nil
}

// decodeRequest decodes a request's body.
func decodeRequest(data []byte) (*speechRequest, *protocol.Error) {
	asked := new(speechRequest)
	refused := downstream.DecodeTolerant(data, asked)
	if refused == nil && asked.Text == nil {
		refused = downstream.Invalid("text", "text is missing")
	}
	if refused == nil {
		refused = asked.VoiceSettings.check()
	}
	if refused != nil {
		refused.Status = http.StatusUnprocessableEntity
		return nil, refused
	}
	return asked, nil
}
