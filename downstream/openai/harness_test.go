package openai_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/downstream"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/downstream/openai"
	"voicerelay/routing"
	"voicerelay/server"
	"voicerelay/upstream"
)

var errGone = &upstream.Error{Kind: upstream.Dropped, Message: "gone"}

// spoken is a whole answer.
type spoken struct{ downstreamtest.Answer }

// fault is the error that an answer is.
func (s spoken) fault() (fault struct{ Type, Code, Param, Message string }) {
	var body struct {
		Error struct {
			Type, Code, Message string
			Param               *string
		}
	}
	if err := json.Unmarshal(s.Body, &body); err != nil || s.Header.Get("Content-Type") != "application/json" {
		fault.Code = fmt.Sprintf("no error object: %.80q", s.Body)
		return fault
	}
	fault.Type, fault.Code, fault.Message = body.Error.Type, body.Error.Code, body.Error.Message
	if body.Error.Param != nil {
		fault.Param = *body.Error.Param
	}
	return fault
}

// do sends a request with the relay's key, unless a header says otherwise, and reads its whole answer.
func do(t *testing.T, r *downstreamtest.Relay, method, path, body string, header http.Header) spoken {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + downstreamtest.Key}}
	maps.Copy(request.Header, header)
	return spoken{r.Do(request)}
}

func speak(t *testing.T, r *downstreamtest.Relay, body string, header http.Header) spoken {
	t.Helper()
	return do(t, r, http.MethodPost, "/openai/v1/audio/speech", body, header)
}

// within plays a test of one relay on fake time.
func within(t *testing.T, play func(t *testing.T, r *downstreamtest.Relay), changes ...downstreamtest.Change) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { play(t, downstreamtest.Start(t, openai.Dialect{}, changes...)) })
}

// set says what the operator says of the dialect.
func set(change func(*downstream.Settings)) downstreamtest.Change {
	return func(cfg *server.Config, _ *server.Parts) {
		s := downstream.DefaultSettings()
		change(&s)
		cfg.Dialects = map[string]downstream.Settings{"openai": s}
	}
}

// allow says what the one key may use.
func allow(a routing.Allow) downstreamtest.Change {
	return func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Allow = a }
}

const hello = `"model":"gpt-4o-mini-tts","input":"Hello there.","voice":"alloy"`
