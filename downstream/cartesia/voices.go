package cartesia

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/routing"
)

// listedVoice is a voice as clients see it listed.
type listedVoice struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Language    string `json:"language"`
	CreatedAt   string `json:"created_at"`
	IsOwner     bool   `json:"is_owner"`
	IsPublic    bool   `json:"is_public"`
	Access      string `json:"access"`
}

// unknownDay is when voices were made, of which the relay knows nothing: clients want a date.
const unknownDay = "1970-01-01T00:00:00Z"

// listed is a voice of the configuration.
func listed(v routing.VoiceEntry) listedVoice {
	language := ""
	if v.Language != nil {
		language = *v.Language
	}
	return listedVoice{ID: v.Name, Name: v.Name, Language: language, CreatedAt: unknownDay, IsPublic: true, Access: "public"}
}

// mostVoices is how many voices a page of the list has, where the client does not say.
const mostVoices = 100

// listVoices lists the voices that a key may use, a page at a time.
func (srv *host) listVoices(w http.ResponseWriter, r *http.Request, key *access.Key) {
	query := r.URL.Query()
	limit := mostVoices
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostVoices {
			srv.Refuse(w, r, key, downstream.Invalid("limit", fmt.Sprintf("limit must be 1 to %d", mostVoices)))
			return
		}
		limit = n
	}
	srv.AnswerList(w, r, key, func(on *relay.Terms) (any, *protocol.Error) {
		voices := on.Setup.Table().Voices(key.Allow)
		if after := query.Get("starting_after"); after != "" {
			at := slices.IndexFunc(voices, func(v routing.VoiceEntry) bool { return v.Name == after })
			if at < 0 {
				return nil, unknownVoice(after)
			}
			voices = voices[at+1:]
		}
		page := struct {
			Data    []listedVoice `json:"data"`
			HasMore bool          `json:"has_more"`
		}{Data: []listedVoice{}, HasMore: len(voices) > limit}
		for _, v := range voices[:min(limit, len(voices))] {
			page.Data = append(page.Data, listed(v))
		}
		return page, nil
	})
}

// showVoice shows a voice that a key may use, by any name that a request may have for it.
func (srv *host) showVoice(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked := r.PathValue("id")
	srv.AnswerList(w, r, key, func(on *relay.Terms) (any, *protocol.Error) {
		name, refused := srv.names().Voice(on, asked)
		if refused != nil {
			return nil, refused
		}
		for _, v := range on.Setup.Table().Voices(key.Allow) {
			if v.Name == name {
				return listed(v), nil
			}
		}
		return nil, unknownVoice(asked)
	})
}

func unknownVoice(asked string) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeUnknownVoice, Param: "voice", Message: fmt.Sprintf("unknown voice %q", bounded(asked))}
}
