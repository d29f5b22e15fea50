package elevenlabs

import (
	"net/http"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/relay"
)

// voice is a voice as clients list it.
type voice struct {
	VoiceID  string            `json:"voice_id"`
	Name     string            `json:"name"`
	Category string            `json:"category"` // LiveKit's plugin requires it
	Labels   map[string]string `json:"labels"`
}

// model is a route as clients list it.
type model struct {
	ModelID           string     `json:"model_id"`
	Name              string     `json:"name"`
	CanDoTextToSpeech bool       `json:"can_do_text_to_speech"`
	Languages         []language `json:"languages"`
}

type language struct {
	LanguageID string `json:"language_id"`
	Name       string `json:"name"`
}

// voicesOf are the voices that a key may use whose name has a text in it.
func voicesOf(on *relay.Terms, key *access.Key, search string) []voice {
	all := []voice{}
	for _, v := range on.Setup.Table().Voices(key.Allow) {
		if !strings.Contains(strings.ToLower(v.Name), strings.ToLower(search)) {
			continue
		}
		labels := map[string]string{}
		if v.Language != nil {
			labels["language"] = *v.Language
		}
		all = append(all, voice{VoiceID: v.Name, Name: v.Name, Category: "premade", Labels: labels})
	}
	return all
}

// listVoices lists the voices that a key may use.
func (srv *host) listVoices(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.answer(w, r, key, func(on *relay.Terms) any {
		return map[string]any{"voices": voicesOf(on, key, "")}
	})
}

// searchVoices is listVoices in pages, of which there is one.
func (srv *host) searchVoices(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.answer(w, r, key, func(on *relay.Terms) any {
		found := voicesOf(on, key, r.URL.Query().Get("search"))
		return map[string]any{"voices": found, "has_more": false, "total_count": len(found), "next_page_token": nil}
	})
}

// listModels lists the routes that a key may use.
func (srv *host) listModels(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.answer(w, r, key, func(on *relay.Terms) any {
		all := []model{}
		for _, route := range on.Setup.Table().Routes(key.Allow) {
			all = append(all, model{ModelID: route.Name, Name: route.Name, CanDoTextToSpeech: true, Languages: []language{}})
		}
		return all
	})
}

// answer answers by what is configured now.
func (srv *host) answer(w http.ResponseWriter, r *http.Request, key *access.Key, of func(*relay.Terms) any) {
	srv.AnswerList(w, r, key, func(on *relay.Terms) (any, *protocol.Error) { return of(on), nil })
}

// isOurs tells this dialect's requests from those of others that have the same path.
func isOurs(r *http.Request) bool {
	return r.Header.Get("Xi-Api-Key") != "" || r.URL.Query().Get("xi_api_key") != ""
}
