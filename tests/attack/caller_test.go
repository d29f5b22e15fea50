package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A caller is a tenant that means no harm: it has one sentence after the other spoken.
type caller struct {
	t        *testing.T
	relay    *relay
	conn     *websocket.Conn
	count    int
	accepted []string // record ids
}

// event is what the tests look at in a message.
type event struct {
	Type         string `json:"type"`
	GenerationID string `json:"generation_id"`
	RecordID     string `json:"record_id"`
	Reason       string `json:"reason"`
	Code         string `json:"code"`
}

// connectsAnew is how many sentences a caller has spoken on one connection: hostile clients may have taken the places for
// connections, too.
const connectsAnew = 8

// speak has a sentence spoken and gives the time until its first audio.
func (c *caller) speak() time.Duration {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if c.count%connectsAnew == 0 {
		c.hangUp()
		conn, err := connect(ctx, c.relay.address, calmKey, "")
		if err != nil {
			c.t.Fatalf("the other tenant can't connect: %v\n%s", err, c.relay.Log)
		}
		c.conn = conn
	}
	c.count++
	id := fmt.Sprint("g", c.count)
	begun := time.Now()
	c.send(ctx, map[string]any{"type": "generate", "generation_id": id, "text": "Oh."})
	var first time.Duration
	for {
		e := c.next(ctx)
		switch {
		case e.Type == "accepted":
			c.accepted = append(c.accepted, e.RecordID)
		case e.Type == "audio" && first == 0:
			first = time.Since(begun)
		case e.Type == "error", e.Type == "done" && e.Reason != "completed":
			c.t.Fatalf("the other tenant's generation: %+v", e)
		case e.Type == "done":
			return first
		}
	}
}

// speakFor has sentences spoken for a time, and so many at least.
func (c *caller) speakFor(d time.Duration, least int) []time.Duration {
	c.t.Helper()
	var waits []time.Duration
	for begun := time.Now(); len(waits) < least || time.Since(begun) < d; {
		waits = append(waits, c.speak())
	}
	return waits
}

func (c *caller) send(ctx context.Context, message any) {
	c.t.Helper()
	data, err := json.Marshal(message)
	if err == nil {
		err = c.conn.Write(ctx, websocket.MessageText, data)
	}
	if err != nil {
		c.t.Fatalf("the other tenant's command: %v", err)
	}
}

func (c *caller) next(ctx context.Context) event {
	c.t.Helper()
	var e event
	_, data, err := c.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	if err != nil {
		c.t.Fatalf("the other tenant's connection: %v\n%s", err, c.relay.Log)
	}
	return e
}

func (c *caller) hangUp() {
	if c.conn != nil {
		_ = c.conn.CloseNow() // nothing is under way on it
	}
}

// recorded checks that the ledger has one record of each of the caller's generations.
func (c *caller) recorded() {
	c.t.Helper()
	seen := make(map[string]int)
	for cursor := ""; ; {
		var page struct {
			Records []struct {
				RecordID string `json:"record_id"`
				Outcome  string `json:"outcome"`
			} `json:"records"`
			Next *string `json:"next_cursor"`
		}
		c.ask("/v1/usage/records?limit=1000"+cursor, &page)
		for _, r := range page.Records {
			if r.Outcome == "completed" {
				seen[r.RecordID]++
			}
		}
		if page.Next == nil {
			break
		}
		cursor = "&cursor=" + *page.Next
	}
	for _, id := range c.accepted {
		if seen[id] != 1 {
			c.t.Errorf("record %s is there %d times as completed, want once", id, seen[id])
		}
	}
	if len(seen) != len(c.accepted) {
		c.t.Errorf("%d records of the other tenant, want %d", len(seen), len(c.accepted))
	}
}

func (c *caller) ask(path string, into any) {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+c.relay.address+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+calmKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s, %v", path, res.Status, err)
	}
}

// connect opens a WebSocket.
func connect(ctx context.Context, address, key, query string) (*websocket.Conn, error) {
	o := websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + key}}}
	conn, _, err := websocket.Dial(ctx, "ws://"+address+"/v1/speech?"+query, &o)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(-1)
	return conn, nil
}
