package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/voice"
)

// counted is a text of so many sentences, each of whose words is there once.
func counted(sentences, words int) []string {
	all := make([]string, sentences)
	for i := range all {
		said := make([]string, words)
		for n := range said {
			said[n] = fmt.Sprintf("%c%c%co", 'b'+i%20, 'a'+i/20, 'b'+n)
		}
		all[i] = strings.Join(said, " ") + "."
	}
	return all
}

// append has a text spoken that comes part by part, and listens to the end.
func (r *rig) append(id string, parts []string, every time.Duration) *utterance {
	r.t.Helper()
	ctx := r.t.Context()
	conn, _, err := websocket.Dial(ctx, "ws://relay.test/v1/speech?api_key="+key, &websocket.DialOptions{HTTPClient: r.callers})
	must(r.t, err)
	defer func() { _ = conn.CloseNow() }() // all has been said by then
	conn.SetReadLimit(1 << 20)
	send := func(format string, args ...any) {
		must(r.t, conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, format, args...)))
	}
	send(`{"type":"generate","generation_id":%q,"voice":"narrator","text":%q,"final":%t}`, id, parts[0], len(parts) == 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i, part := range parts[1:] {
			time.Sleep(every)
			send(`{"type":"append","generation_id":%q,"text":%q,"final":%t}`, id, " "+part, i == len(parts)-2)
		}
	}()
	u := &utterance{}
	for u.reason == "" {
		_, data, err := conn.Read(ctx)
		must(r.t, err)
		u.take(r.t, data)
	}
	<-done
	return u
}

// A vendor's allowance of orders is no failure of the vendor's: what waits for it is not owed, and what is ordered
// together is judged together. The text is spoken by one attempt, each word once.
func TestAnAllowanceIsNoFailure(t *testing.T) {
	long := []string{strings.Join(counted(100, 4), " ")}
	for name, test := range map[string]struct {
		parts []string
		every time.Duration
		gaps  time.Duration // in which playback may run dry: where the text itself is slower than its speech
	}{
		"2,000 characters at once":  {long, 0, 0},
		"13 sentences, 0.7 s apart": {counted(13, 3), 700 * time.Millisecond, time.Second},
		"13 sentences, 50 ms apart": {counted(13, 3), 50 * time.Millisecond, 0},
		"60 sentences, 0.7 s apart": {counted(60, 2), 700 * time.Millisecond, 8 * time.Second},
	} {
		for _, backup := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", backup: ", backup), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					route := []vendor{vendorOf("deepgram")} // takes twenty orders to speak a minute
					if backup {
						route = append(route, vendorOf("kugelaudio"))
					}
					u := newRig(t, route, longPatience).append("g", test.parts, test.every)
					if u.reason != "completed" || len(u.attempts) != 1 || u.attempts[0].Outcome != "completed" {
						t.Errorf("ended %s: %+v", u.reason, u.attempts)
					}
					want := voice.Words(strings.Join(test.parts, " "))
					heard, err := voice.Decode(u.pcm, rate, want)
					must(t, err)
					if !slices.Equal(heard, want) {
						t.Errorf("heard %d words, want %d:\n%v", len(heard), len(want), heard)
					}
					t.Logf("playback ran dry for %v, %v of audio", u.gaps, time.Duration(len(u.pcm))*time.Second/rate)
					if u.gaps > test.gaps {
						t.Errorf("playback ran dry for %v, want %v at most", u.gaps, test.gaps)
					}
				})
			})
		}
	}
}
