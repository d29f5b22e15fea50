package openai

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/relay"
	"voicerelay/routing"
)

// model is a route as clients see it.
type model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

func modelOf(route string) model { return model{ID: route, Object: "model", OwnedBy: "voicerelay"} }

// listModels lists the routes that a key may use.
func (srv *host) listModels(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.AnswerList(w, r, key, func(on *relay.Terms) (any, *protocol.Error) {
		list := struct {
			Object string  `json:"object"`
			Data   []model `json:"data"`
		}{Object: "list", Data: []model{}}
		for _, route := range on.Setup.Table().Routes(key.Allow) {
			list.Data = append(list.Data, modelOf(route.Name))
		}
		return list, nil
	})
}

// voice is a voice as Open WebUI and others list it.
type voice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// listVoices lists the voices that a key may use.
func (srv *host) listVoices(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.AnswerList(w, r, key, func(on *relay.Terms) (any, *protocol.Error) {
		list := struct {
			Voices []voice `json:"voices"`
		}{Voices: []voice{}}
		for _, v := range on.Setup.Table().Voices(key.Allow) {
			list.Voices = append(list.Voices, voice{ID: v.Name, Name: v.Name})
		}
		return list, nil
	})
}

// showModel shows one of the names that a request may have as its model, whose route the key may use.
func (srv *host) showModel(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked := r.PathValue("id")
	srv.AnswerList(w, r, key, func(on *relay.Terms) (any, *protocol.Error) {
		route, refused := srv.names().Route(on, asked)
		if refused != nil {
			return nil, refused
		}
		name := cmp.Or(route, routing.DefaultRouteName)
		isIt := func(r routing.RouteEntry) bool { return r.Name == name }
		if asked == "" || !slices.ContainsFunc(on.Setup.Table().Routes(key.Allow), isIt) {
			return nil, &protocol.Error{Code: protocol.CodeUnknownRoute, Param: "model", Message: fmt.Sprintf("unknown model %q", asked)}
		}
		return modelOf(asked), nil
	})
}
