package deepgram

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"

	"voicerelay/access"
	"voicerelay/downstream"
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
	held, gone := srv.Hold(key)
	if gone != nil {
		refused := downstream.WireError(gone)
		srv.Refused(srv.RemoteOf(r), refused.Code, key)
		refuse(w, refused)
		return
	}
	defer held.Release()
	list := modelList{STT: []model{}, TTS: []model{}}
	for _, v := range held.Terms.Setup.Table().Voices(held.Terms.Key.Allow) {
		m := model{
			Name: v.Name, Canonical: v.Name, Architecture: "voicerelay", Languages: []string{}, Version: modelVersion, UUID: uuidOf(v.Name),
		}
		if v.Language != nil {
			m.Languages = append(m.Languages, *v.Language)
		}
		list.TTS = append(list.TTS, m)
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // never: texts alone
	}
	identify(w)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // the client may have left
}

// uuidOf is a name's id in the form that clients know, the same each time (RFC 9562, section 5.8).
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte("voicerelay model " + name))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
