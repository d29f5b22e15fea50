package vendorsocket_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// ending is the end of a socket, as a dialect and a member are told it.
type ending struct {
	code   int
	reason string
}

// explaining is a dialect that wants to know why its vendor closes.
type explaining struct {
	dialect
	base  string
	heard chan ending
}

func (d explaining) Address(string) (string, http.Header) { return d.base, nil }

func (d explaining) ClosedBecause(code int, reason string) *upstream.Error {
	d.heard <- ending{code, reason}
	return &upstream.Error{Kind: upstream.NoCredit, Message: "closed"}
}

// lost is a member that waits for its socket's end.
type lost chan *upstream.Error

func (l lost) Lost(err *upstream.Error) { l <- err }

// What a vendor says on a real socket as it closes arrives at the dialect as it stands, and its verdict at the member.
func TestTheReasonOfACloseArrives(t *testing.T) {
	const drop = 0
	tests := map[string]struct{ sent, want ending }{
		"a reason":       {ending{1008, "quota_exceeded"}, ending{1008, "quota_exceeded"}},
		"a long one":     {ending{4001, strings.Repeat("x", 123)}, ending{4001, strings.Repeat("x", 123)}}, // bytes: what fits
		"no ASCII":       {ending{1011, "Größe überschritten"}, ending{1011, "Größe überschritten"}},
		"no reason":      {ending{1000, ""}, ending{1000, ""}},
		"a dropped line": {ending{drop, ""}, ending{-1, ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ws, err := websocket.Accept(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = ws.CloseNow() }() // it is closed, or that is the test
				if tt.sent.code == drop {
					return
				}
				_ = ws.Close(websocket.StatusCode(tt.sent.code), tt.sent.reason) // the client hears it
			}))
			defer server.Close()
			d := explaining{base: "ws" + strings.TrimPrefix(server.URL, "http"), heard: make(chan ending, 1)}
			pool := vendorsocket.NewPool(d, vendorsocket.PoolConfig{StreamsPerSocket: 1, SingleUse: true, Log: zerolog.Nop()})
			defer pool.Close()
			end := make(lost, 1)
			if err := pool.Join(t.Context(), &vendorsocket.Seat{}, vendorsocket.Want{ID: "s1", Member: end}); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-end:
				wantKind(t, err, upstream.NoCredit)
				if tt.sent.reason != "" {
					upstreamtest.CheckError(t, err, nil, tt.sent.reason)
				}
			case <-time.After(time.Minute):
				t.Fatal("the member never heard of the end")
			}
			select {
			case got := <-d.heard:
				if got != tt.want {
					t.Errorf("the dialect heard %+v, want %+v", got, tt.want)
				}
			default:
				t.Error("the dialect was not asked")
			}
		})
	}
}
