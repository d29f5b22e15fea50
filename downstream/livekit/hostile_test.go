package livekit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
	"voicerelay/server"
)

// refusedMessages are messages that get an error. Each ends its connection.
func refusedMessages() []string {
	all := []string{
		"", " ", "null", "7", `"text"`, "[]", "{", "}", `{"type"`, `{"type":"session.create"`, "{}", `{"type":""}`, `{"type":null}`,
		`{"type":7}`, `{"type":[]}`, `{"type":{}}`, `{"type":true}`, "\x00", "{\"type\":\"\xff\"}", `{"type":"session.flush"}{}`,
		`{"type":"session.create","voice":"nobody"}`, `{"type":"session.create","voice":"../../etc"}`,
		`{"type":"session.create","language":"` + strings.Repeat("x", 5000) + `"}`,
		`{"type":"input_transcript","transcript":"` + strings.Repeat("word ", 3000) + `"}`,
		`{"type":"input_transcript","transcript":"a","generation_config":{"voice":"nobody"}}`,
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		strings.Repeat(`{"type":`, 1000),
	}
	wrong := map[string][]string{
		"sample_rate": {"{}", "[]", `"x"`, "-1", "0", "1", "7999.9", "1e300", `"24000 Hz"`, "11025", "96000"},
		"encoding":    {"{}", "[]", "7", `"mp3"`, `"pcm_f32le"`, `"PCM"`, "true"},
		"model":       {"{}", "[]", "7", "true"},
		"voice":       {"{}", "[]", "7", "true"},
		"language":    {"{}", "[]", "7", `"??"`, `"en_US!"`, `"-"`},
		"transcript":  {"{}", "[]", "7", "true"},
		"extra":       {"[]", "7", `"x"`, "true", `{"add_timestamps":"maybe"}`, `{"add_timestamps":[]}`},
		"generation_config": {
			"[]", "7", `"x"`, "true", `{"voice":7}`, `{"model":{}}`, `{"language":[]}`,
		},
	}
	for field, values := range wrong {
		for _, value := range values {
			all = append(all, fmt.Sprintf(`{"type":"session.create","%s":%s}`, field, value))
		}
	}
	good := `{"type":"session.create","sample_rate":"24000","encoding":"pcm_s16le","model":"cartesia/sonic-3","extra":{}}`
	random := rand.New(rand.NewPCG(1, 2))
	for len(all) < 220 { // cut off, or with a byte that is wrong
		broken := []byte(good[:1+random.IntN(len(good)-1)])
		if random.IntN(2) == 0 {
			broken[random.IntN(len(broken))] = byte(random.IntN(32))
		}
		all = append(all, string(broken))
	}
	return all
}

// Whatever a client sends gets the dialect's own error, ends that client's connection, and harms no other.
func TestHostileMessagesAreRefusedAndHarmNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		as := callerOf(downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice})
		bystander, err := dial(r, as)
		if err != nil {
			t.Fatal(err)
		}
		defer bystander.Hangup()
		long := strings.TrimSpace(strings.Repeat(relaytest.TwelveWords+" ", 8))
		bystander.Say("", long)
		bystander.End("")
		for _, message := range refusedMessages() {
			c, err := dial(r, as)
			if err != nil {
				t.Fatal(err)
			}
			c.until(t, "session.created")
			c.sendRaw(message)
			of := c.until(t, "error")
			if of.last.Message == "" || of.last.SessionID == "" || len(of.pcm) > 0 {
				t.Errorf("%.80q: %+v", message, of.last)
			}
			if _, err := c.read(); !errors.Is(err, io.EOF) {
				t.Errorf("%.80q: then %v, want the connection closed", message, err)
			}
			c.Hangup()
		}
		if of := bystander.until(t, "done"); of.says() != relaytest.Letters(long) {
			t.Errorf("another client heard %q", of.says())
		}
	})
}

// What later clients may send is passed over.
func TestUnknownFieldsAndTypesAreTolerated(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		for _, message := range []string{
			`{"type":"session.update","voice":"nobody"}`,
			`{"type":"input_transcript","transcript":"","generation_config":null,"extra":null,"new":{"a":[1]}}`,
			`{"type":"session.create","sample_rate":"24000","voice":null,"language":null,"extra":{"emotion":"calm","speed":"slow","volume":1},"fallback":7,"connection":"x"}`,
		} {
			c.sendRaw(message)
		}
		c.Say("", second)
		c.End("")
		if of := c.until(t, "done"); of.says() != relaytest.Letters(second) {
			t.Errorf("%q: said %q", of.kinds, of.says())
		}
	})
}

func TestBinaryIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		if err := c.conn.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"session.flush"}`)); err != nil {
			t.Fatal(err)
		}
		c.until(t, "error")
	})
}

// A client that changes its voice without end is refused, rather than kept in memory.
func TestWaitingPartsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.Say("", relaytest.TwelveWords+" ")
		for i := range 2 * maxParts {
			c.sendRaw(fmt.Sprintf(`{"type":"input_transcript","transcript":"a. ","extra":{"speed":%v}}`, 0.5+float64(i%2)))
		}
		c.until(t, "error")
	})
}

// All that can be known at the handshake is refused there, by its status.
func TestUpgradeIsRefusedByItsStatus(t *testing.T) {
	only := func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Allow.Routes = []string{"another"} }
	bearer := func(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
	for name, test := range map[string]struct {
		header func() http.Header
		change downstreamtest.Change
		want   int
	}{
		"no token":           {func() http.Header { return nil }, nil, 401},
		"not a token":        {func() http.Header { return bearer(downstreamtest.Key) }, nil, 401},
		"a token of another": {func() http.Header { return bearer(token("another", time.Now().Add(time.Hour))) }, nil, 401},
		"an expired token":   {func() http.Header { return bearer(token(downstreamtest.Key, time.Now().Add(-time.Hour))) }, nil, 401},
		"no route":           {func() http.Header { return bearer(token(downstreamtest.Key, time.Now().Add(time.Hour))) }, only, 403},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var changes []downstreamtest.Change
				if test.change != nil {
					changes = append(changes, test.change)
				}
				r := downstreamtest.Start(t, Dialect{}, changes...)
				_, err := r.WebSocket("/livekit/v1/tts?model=cartesia%2Fsonic-3", test.header())
				var refused *downstreamtest.Refused
				if !errors.As(err, &refused) || refused.Status != test.want || !json.Valid([]byte(refused.Body)) {
					t.Errorf("got %v, want %d", err, test.want)
				}
			})
		})
	}
}

func TestPlainRequestIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/v1/tts", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token(downstreamtest.Key, time.Now().Add(time.Hour)))
		answer, err := r.HTTP().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if refused := downstreamtest.RefusedBy(answer); refused.Status != http.StatusBadRequest {
			t.Errorf("got %v", refused)
		}
	})
}
