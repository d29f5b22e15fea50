package openai

import (
	"encoding/json"
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

func (o *emulator) listModels(w http.ResponseWriter, _ *http.Request, _ string) {
	var all []engine.Object
	for _, id := range models() {
		all = append(all, engine.Object{"id": id, "object": "model", "created": 1_700_000_000, "owned_by": "openai"})
	}
	o.list(w, engine.Object{"object": "list", "data": all})
}

// listVoices lists voices as Kokoro-FastAPI does. OpenAI has no such list.
func (o *emulator) listVoices(w http.ResponseWriter, _ *http.Request, _ string) {
	o.list(w, engine.Object{"voices": voices()})
}

// list answers with a list, where there are lists.
func (o *emulator) list(w http.ResponseWriter, list engine.Object) {
	if !o.quirks.lists {
		o.refuse(w, refusal{status: http.StatusNotFound, message: "Not Found"})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list) // the client may have gone
}
