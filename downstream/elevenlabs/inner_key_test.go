package elevenlabs

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
)

const keylessPath = "/v1/text-to-speech/narrator/multi-stream-input?output_format=pcm_24000"

// hearAll hears a connection to its end: the errors on it, what was spoken, and its close.
func hearAll(t *testing.T, conn *websocket.Conn, messages ...string) (of turn, code websocket.StatusCode) {
	t.Helper()
	for _, m := range messages {
		if err := conn.Write(context.Background(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	for {
		_, data, err := conn.Read(context.Background())
		if err != nil {
			return of, websocket.CloseStatus(err)
		}
		var h heard
		if err := json.Unmarshal(data, &h); err != nil {
			t.Fatal(err)
		}
		(&client{}).note(t, h, &of)
	}
}

// A key may come with the first message, which is applied as well.
func TestKeyInTheFirstMessage(t *testing.T) {
	text := `{"text":"` + relaytest.TwelveWords + `","context_id":"a","flush":true`
	for name, field := range map[string]string{
		"xi_api_key": `"xi_api_key":"` + downstreamtest.Key + `"`, "xi-api-key": `"xi-api-key":"` + downstreamtest.Key + `"`,
		"authorization": `"authorization":"Bearer ` + downstreamtest.Key + `"`, "bare authorization": `"authorization":"` + downstreamtest.Key + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := downstreamtest.Start(t, Dialect{})
				conn, err := r.WebSocket(keylessPath, nil)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(9 * time.Second) // the client may take its time
				of, code := hearAll(t, conn, text+","+field+"}", `{"close_socket":true}`)
				if got := relaytest.Heard(of.pcm); got != relaytest.Letters(relaytest.TwelveWords) || code != websocket.StatusNormalClosure {
					t.Errorf("heard %q, errors %q, close %d", got, of.errors, code)
				}
			})
		})
	}
}

func TestNoKeyInTheFirstMessage(t *testing.T) {
	for name, tt := range map[string]struct {
		path, message string
		wantError     string
		wantClose     websocket.StatusCode
	}{
		"none":             {keylessPath, `{"text":" ","context_id":"a"}`, "invalid_api_key", websocket.StatusPolicyViolation},
		"a wrong one":      {keylessPath, `{"text":" ","xi_api_key":"token-that-is-wrong"}`, "invalid_api_key", websocket.StatusPolicyViolation},
		"nonsense":         {keylessPath, `nonsense`, "invalid_api_key", websocket.StatusPolicyViolation},
		"of a wrong type":  {keylessPath, `{"xi_api_key":5}`, "invalid_api_key", websocket.StatusPolicyViolation},
		"too long":         {keylessPath, `{"text":"` + strings.Repeat("a", 70_000) + `"}`, "", websocket.StatusMessageTooBig},
		"an unknown voice": {strings.Replace(keylessPath, "narrator", "nobody", 1), `{"text":" ","xi_api_key":"` + downstreamtest.Key + `"}`, "voice_not_found", websocket.StatusPolicyViolation},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := downstreamtest.Start(t, Dialect{})
				conn, err := r.WebSocket(tt.path, nil)
				if err != nil {
					t.Fatal(err)
				}
				go func() { // ends with the connection
					_ = conn.Write(context.Background(), websocket.MessageText, []byte(tt.message)) // one that is too long is cut off
				}()
				of, code := hearAll(t, conn)
				if strings.Join(of.errors, " ") != tt.wantError || code != tt.wantClose {
					t.Errorf("errors %q, close %d, want %q and %d", of.errors, code, tt.wantError, tt.wantClose)
				}
				time.Sleep(3 * time.Second) // the server takes what still comes
			})
		})
	}
}

// Connections that show no key are few, and end soon; those that show one are not held up by them.
func TestConnectionsWithoutAKeyAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		var all []*websocket.Conn
		for range 16 { // all from one address
			conn, err := r.WebSocket(keylessPath, nil)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, conn)
		}
		synctest.Wait()
		_, err := r.WebSocket(keylessPath, nil)
		if refused, ok := errors.AsType[*downstreamtest.Refused](err); !ok || refused.Status != 429 {
			t.Errorf("one more: %v, want 429", err)
		}
		c, err := dial(r, downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice}, pipecat)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Hangup()
		began := time.Now()
		for _, conn := range all {
			if _, _, err := conn.Read(context.Background()); err == nil {
				t.Error("heard something")
			}
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("they ended after %v", took)
		}
		if conn, err := r.WebSocket(keylessPath, nil); err != nil {
			t.Errorf("afterwards: %v", err)
		} else {
			_ = conn.CloseNow() // without a word
		}
	})
}

// A relay that goes away does not wait for a client that has shown no key.
func TestDrainWithoutAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		if _, err := r.WebSocket(keylessPath, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		began := time.Now()
		r.Server.Drain(context.Background(), time.Minute)
		if took := time.Since(began); took > time.Second {
			t.Errorf("the drain took %v", took)
		}
	})
}
