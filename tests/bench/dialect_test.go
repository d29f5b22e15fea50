package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestDialectsRead(t *testing.T) {
	tests := []struct {
		name    string
		dialect dialect
		message string
		want    event
		fault   string
	}{
		{"vendor audio", vendorDialect{}, `{"audio":"AAAA","enc":"pcm_s16le","context_id":"7","idx":12,"sr":24000}`, event{number: 7, audio: []byte("AAAA"), seq: 12}, ""},
		{"vendor chunk", vendorDialect{}, `{"chunk_complete":true,"context_id":"7"}`, event{}, ""},
		{"vendor end", vendorDialect{}, `{"context_closed":true,"context_id":"7"}`, event{number: 7, end: true}, ""},
		{"vendor error", vendorDialect{}, `{"error":"no credit","code":402}`, event{}, "no credit"},
		{"vendor audio without idx", vendorDialect{}, `{"audio":"AAAA"}`, event{}, "without its number"},
		{"vendor end of nothing", vendorDialect{}, `{"context_closed":true}`, event{}, "no utterance"},
		{"relay audio", relayDialect{}, `{"type":"audio","generation_id":"g7","seq":3,"start_ms":300,"samples":2400,"audio":"AAAA"}`, event{number: 7, audio: []byte("AAAA"), seq: 3}, ""},
		{"relay accepted", relayDialect{}, `{"type":"accepted","generation_id":"g7"}`, event{}, ""},
		{"relay done", relayDialect{}, `{"type":"done","generation_id":"g7","reason":"completed"}`, event{number: 7, end: true}, ""},
		{"relay cancelled", relayDialect{}, `{"type":"done","generation_id":"g7","reason":"cancelled"}`, event{number: 7, end: true, cancelled: true}, ""},
		{"relay failed", relayDialect{}, `{"type":"done","reason":"failed","error":{"code":"upstream_failed"}}`, event{}, "upstream_failed"},
		{"relay refused", relayDialect{}, `{"type":"error","code":"rate_limit_exceeded"}`, event{}, "rate_limit_exceeded"},
		{"relay rerouted", relayDialect{}, `{"type":"rerouted"}`, event{}, "gave an attempt up"},
		{"no JSON", relayDialect{}, `hello`, event{}, "no JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.dialect.read([]byte(test.message))
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Fatalf("got %v, want an error with %q", err, test.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got.audio) != string(test.want.audio) || got.number != test.want.number || got.seq != test.want.seq || got.end != test.want.end || got.cancelled != test.want.cancelled {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestDialectsSendJSON(t *testing.T) {
	for _, d := range []dialect{vendorDialect{}, relayDialect{}} {
		for _, message := range append(d.generate(7, `a "quoted" text`), d.cancel(7)) {
			if !json.Valid(message) || !strings.Contains(string(message), "7") {
				t.Errorf("%T says %s", d, message)
			}
		}
	}
}

func TestAFrameMustBeTheNextOne(t *testing.T) {
	frame := func(seq, index int) event {
		audio, _ := audioIn(newAudioFrame("c").stamp(mark{index: uint32(index), sent: time.Second}, 0))
		return event{audio: audio, seq: seq}
	}
	tests := []struct {
		name   string
		events []event
		ok     bool
	}{
		{"in order", []event{frame(0, 0), frame(1, 1), frame(2, 2)}, true},
		{"lost on the way, and counted anew", []event{frame(0, 0), frame(1, 2)}, false},
		{"lost behind the count", []event{frame(0, 0), frame(2, 2)}, false},
		{"repeated", []event{frame(0, 0), frame(1, 0)}, false},
		{"numbered twice", []event{frame(0, 0), frame(0, 1)}, false},
		{"swapped", []event{frame(0, 1), frame(1, 0)}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := &heard{}
			var err error
			for _, e := range test.events {
				if err == nil {
					err = h.take(e, 1500*time.Millisecond)
				}
			}
			if (err == nil) != test.ok {
				t.Fatalf("got %v, want ok: %t", err, test.ok)
			}
			if want := (arrival{sent: time.Second, took: 500 * time.Millisecond}); test.ok && h.arrivals[0] != want {
				t.Errorf("got %+v, want %+v", h.arrivals[0], want)
			}
		})
	}
}
