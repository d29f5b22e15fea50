package deepgram

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/relay"
)

// modelList is what clients may choose among.
type modelList struct {
	// STT is always empty: nothing here listens.
	STT []model `json:"stt"`
	TTS []model `json:"tts"`
}

// model is one of them: a voice.
type model struct {
	Name         string   `json:"name"`
	Canonical    string   `json:"canonical_name"`
	Architecture string   `json:"architecture"`
	Languages    []string `json:"languages"`
	Version      string   `json:"version"`
	UUID         string   `json:"uuid"`
}

// models lists the voices that a key may use.
func (srv *host) models(w http.ResponseWriter, r *http.Request, key *access.Key) {
	identify(w)
	srv.AnswerList(w, r, key, listModels)
}

func listModels(on *relay.Terms) (any, *protocol.Error) {
	list := modelList{STT: []model{}, TTS: []model{}}
	for _, v := range on.Setup.Table().Voices(on.Key.Allow) {
		m := model{
			Name: v.Name, Canonical: v.Name, Architecture: architecture, Languages: []string{}, Version: modelVersion, UUID: uuidOf(v.Name),
		}
		if v.Language != nil {
			m.Languages = append(m.Languages, *v.Language)
		}
		list.TTS = append(list.TTS, m)
	}
	return list, nil
}

// architecture stands where the vendor has the family of a voice: here several vendors may speak by it.
const architecture = "voicerelay"
