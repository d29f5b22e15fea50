package protocol

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// compact joins lines and drops the white space that JSON has no use for.
func compact(t *testing.T, s string) string {
	t.Helper()
	var buf bytes.Buffer
	if err := json.Compact(&buf, []byte(s)); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return buf.String()
}

var (
	usageExample = Usage{
		Characters: 31, AudioMS: 2000, Recorded: true,
		Cost: []Cost{{Amount: new("0.001800"), Currency: new("EUR"), Source: "provider"}},
		Attempts: []Attempt{{
			Provider: "kugelaudio", Model: new("kugel-3"), Outcome: "completed", Requests: 1, Characters: 31, AudioMS: 2000,
			Cost: Cost{Amount: new("0.001800"), Currency: new("EUR"), Source: "provider"},
		}},
	}
	timingExample = Timing{FirstAudioMS: new(int64(143)), TotalMS: 912, RTF: new(0.456)}
)

// Of the protocol's own text.
const (
	errorGolden = `{"type":"error","command":"generate","generation_id":"g1","code":"rate_limit_exceeded","status":429,
 "message":"60 generations a minute on this connection","retryable":true,"retry_after_ms":812}`
	usageGolden = `"usage":{"characters":31,"audio_ms":2000,"recorded":true,
  "cost":[{"amount":"0.001800","currency":"EUR","source":"provider"}],
  "attempts":[{"provider":"kugelaudio","model":"kugel-3","outcome":"completed","requests":1,
    "characters":31,"audio_ms":2000,"cost":{"amount":"0.001800","currency":"EUR","source":"provider"}}]},
"timing":{"first_audio_ms":143,"total_ms":912,"rtf":0.456}`
)

func TestEncode(t *testing.T) {
	tests := []struct {
		name  string
		event Event
		want  string
	}{
		{
			"ready",
			Ready{
				SessionID: "s1",
				Limits: Limits{
					GenerationsPerMinute: 60, CancelsPerMinute: 100, MaxConcurrentGenerations: 16, MaxTextCharacters: 10000,
					MaxMessageBytes: 262144, IdleTimeoutMS: 300000, BufferMS: 30000, DuplicateWindowMS: 3600000,
				},
				Formats: []string{"pcm_s16le", "wav"},
			},
			`{"type":"ready","session_id":"s1","protocol":"1","limits":{"generations_per_minute":60,"cancels_per_minute":100,
			"max_concurrent_generations":16,"max_text_characters":10000,"max_message_bytes":262144,"idle_timeout_ms":300000,
			"buffer_ms":30000,"duplicate_window_ms":3600000},"formats":["pcm_s16le","wav"]}`,
		},
		{
			"configured with what the relay has",
			Configured{Defaults: Defaults{Route: "default", Speed: 1, Output: DefaultOutput(), Normalize: true}},
			`{"type":"configured","defaults":{"voice":null,"route":"default","language":null,"speed":1,
			"output":{"encoding":"pcm_s16le","sample_rate":24000},"word_timestamps":false,"normalize":true,"provider_options":{},"metadata":{}}}`,
		},
		{
			"configured",
			Configured{Defaults: Defaults{
				Voice: new("narrator"), Route: "fast", Language: new("de-AT"), Speed: 1.25, Output: Output{"mulaw", 8000}, WordTimestamps: true,
				ProviderOptions: map[string]json.RawMessage{"kugelaudio": json.RawMessage(`{"cfg_scale":2.0}`)}, Metadata: map[string]string{"call": "7"},
			}},
			`{"type":"configured","defaults":{"voice":"narrator","route":"fast","language":"de-AT","speed":1.25,
			"output":{"encoding":"mulaw","sample_rate":8000},"word_timestamps":true,"normalize":false,
			"provider_options":{"kugelaudio":{"cfg_scale":2.0}},"metadata":{"call":"7"}}}`,
		},
		{"accepted", Accepted{GenerationID: "g1", RecordID: "r1"}, `{"type":"accepted","generation_id":"g1","record_id":"r1"}`},
		{
			"started without a model",
			Started{GenerationID: "g1", Provider: "uplift", Voice: "narrator", ProviderVoice: "v_8", Output: DefaultOutput()},
			`{"type":"started","generation_id":"g1","provider":"uplift","model":null,"voice":"narrator","provider_voice":"v_8",
			"output":{"encoding":"pcm_s16le","sample_rate":24000},"ignored":[]}`,
		},
		{
			"started",
			Started{GenerationID: "g1", Provider: "kugelaudio", Model: new("kugel-3"), Voice: "a", ProviderVoice: "1071", Output: Output{"wav", 8000}, Ignored: []string{"speed"}},
			`{"type":"started","generation_id":"g1","provider":"kugelaudio","model":"kugel-3","voice":"a","provider_voice":"1071",
			"output":{"encoding":"wav","sample_rate":8000},"ignored":["speed"]}`,
		},
		{
			"timestamps",
			Timestamps{GenerationID: "g1", Source: "provider", Words: []TimedWord{
				{Word: "R&D", StartMS: 0, EndMS: 310, CharStart: 0, CharEnd: 3, Score: new(0.98)},
				{Word: "<é😀>", StartMS: 310, EndMS: 310, CharStart: 4, CharEnd: 8},
			}},
			`{"type":"timestamps","generation_id":"g1","source":"provider","words":[{"word":"R&D","start_ms":0,"end_ms":310,"char_start":0,"char_end":3,"score":0.98},
			{"word":"<é😀>","start_ms":310,"end_ms":310,"char_start":4,"char_end":8}]}`,
		},
		{"timestamps of nothing", Timestamps{GenerationID: "g1", Source: "estimate"}, `{"type":"timestamps","generation_id":"g1","source":"estimate","words":[]}`},
		{
			"rerouted",
			Rerouted{GenerationID: "g1", From: "kugelaudio", To: "together", ProviderVoice: "af_heart", Reason: "stalled", ResumeChar: 57, ResumeMS: 3120, ResumeSource: "word_times"},
			`{"type":"rerouted","generation_id":"g1","from":"kugelaudio","to":"together","model":null,"provider_voice":"af_heart","reason":"stalled",
			"resume_char":57,"resume_ms":3120,"resume_source":"word_times","ignored":[]}`,
		},
		{
			"done",
			Done{GenerationID: "g1", RecordID: "r1", Reason: "completed", Spoken: Spoken{31, "word_times"}, Usage: usageExample, Timing: timingExample},
			`{"type":"done","generation_id":"g1","record_id":"r1","reason":"completed","spoken":{"char":31,"source":"word_times"},` + usageGolden + `}`,
		},
		{
			"done without anything spoken",
			Done{GenerationID: "g1", RecordID: "r1", Reason: "completed", Spoken: Spoken{0, "segment"}},
			`{"type":"done","generation_id":"g1","record_id":"r1","reason":"completed","spoken":{"char":0,"source":"segment"},
			"usage":{"characters":0,"audio_ms":0,"recorded":false,"cost":[],"attempts":[]},"timing":{"first_audio_ms":null,"total_ms":0,"rtf":null}}`,
		},
		{
			"done failed",
			Done{
				GenerationID: "g1", RecordID: "r1", Reason: "failed", Spoken: Spoken{0, "estimate"},
				Error: &Error{Command: "generate", GenerationID: "g1", Code: CodeUpstreamTimeout, Message: "no target spoke"},
				Usage: Usage{
					Cost: []Cost{{Source: "unavailable"}},
					Attempts: []Attempt{{
						Provider: "vogent", Outcome: "failed", Code: "stalled", Message: "no audio for 2s", Requests: 2, Characters: 8,
						Cost: Cost{Amount: new("0.000010"), Currency: new("USD"), Source: "price_list", Estimated: true},
					}},
				},
				Timing: Timing{TotalMS: 2000},
			},
			`{"type":"done","generation_id":"g1","record_id":"r1","reason":"failed",
			"error":{"code":"upstream_timeout","status":504,"message":"no target spoke","retryable":true},"spoken":{"char":0,"source":"estimate"},
			"usage":{"characters":0,"audio_ms":0,"recorded":false,"cost":[{"amount":null,"currency":null,"source":"unavailable"}],
			"attempts":[{"provider":"vogent","model":null,"outcome":"failed","code":"stalled","message":"no audio for 2s","requests":2,"characters":8,"audio_ms":0,
			"cost":{"amount":"0.000010","currency":"USD","source":"price_list","estimated":true}}]},
			"timing":{"first_audio_ms":null,"total_ms":2000,"rtf":null}}`,
		},
		{
			"spoken",
			SpokenEvent{GenerationID: "g1", Spoken: Spoken{Char: 57, Source: "word_times"}},
			`{"type":"spoken","generation_id":"g1","spoken":{"char": 57, "source": "word_times"}}`,
		},
		{"pong", Pong{}, `{"type":"pong"}`},
		{"pong with id", Pong{ID: given(`"<42>"`)}, `{"type":"pong","id":"\"<42>\""}`},
		{"pong with empty id", Pong{ID: given("")}, `{"type":"pong","id":""}`},
		{"draining", Draining{GraceMS: 20000}, `{"type":"draining","grace_ms":20000}`},
		{
			"error",
			&Error{
				Command: "generate", GenerationID: "g1", Code: CodeRateLimitExceeded, Message: "60 generations a minute on this connection",
				RetryAfter: 812*time.Millisecond + 999*time.Microsecond,
			},
			errorGolden,
		},
		{
			"error with a field", &Error{Command: "configure", Code: CodeInvalidRequest, Param: "metadata.a<b", Message: "x & y"},
			`{"type":"error","command":"configure","code":"invalid_request","status":400,"param":"metadata.a<b","message":"x & y","retryable":false}`,
		},
		{
			"error of an unknown command", &Error{Code: CodeInvalidRequest, Message: "x"},
			`{"type":"error","code":"invalid_request","status":400,"message":"x","retryable":false}`,
		},
		{
			"error with the first use",
			&Error{Command: "generate", GenerationID: "g2", Code: CodeDuplicateRequest, Message: "x", First: &First{"g1", "r1", "completed"}},
			`{"type":"error","command":"generate","generation_id":"g2","code":"duplicate_request","status":409,"message":"x","retryable":false,
			"first":{"generation_id":"g1","record_id":"r1","state":"completed"}}`,
		},
		{
			"error with a wait of none", &Error{Code: CodeRateLimitExceeded, Message: "x"},
			`{"type":"error","code":"rate_limit_exceeded","status":429,"message":"x","retryable":true,"retry_after_ms":0}`,
		},
		{
			"error of another code with a wait", &Error{Code: CodeNoProviderAvailable, Message: "x", RetryAfter: 15 * time.Second},
			`{"type":"error","code":"no_provider_available","status":503,"message":"x","retryable":true,"retry_after_ms":15000}`,
		},
		{
			"error with a wait below a millisecond", &Error{Code: CodeRateLimitExceeded, Message: "x", RetryAfter: time.Microsecond},
			`{"type":"error","code":"rate_limit_exceeded","status":429,"message":"x","retryable":true,"retry_after_ms":0}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := string(Encode(tt.event)), compact(t, tt.want); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestEncodeBody(t *testing.T) {
	got := string(EncodeBody(&Error{Code: CodeAuthFailed, Message: "no key"}))
	want := `{"error":{"type":"error","code":"auth_failed","status":401,"message":"no key","retryable":false}}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTimingRounds(t *testing.T) {
	tests := []struct {
		name string
		rtf  float64
		want string
	}{
		{"up", 0.45551, "0.456"},
		{"down", 0.45549, "0.455"},
		{"large", 1234.56789, "1234.568"},
		{"nothing left", 0.0004, "0"},
		{"no number", math.NaN(), "null"},
		{"no audio to divide by", math.Inf(1), "null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(Timing{RTF: &tt.rtf})
			if want := `{"first_audio_ms":null,"total_ms":0,"rtf":` + tt.want + `}`; err != nil || string(got) != want {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}
}

// TestEncodeNeverFails: an event that JSON has no form for becomes an error message, not a panic or silence.
func TestEncodeNeverFails(t *testing.T) {
	got := string(Encode(Timestamps{GenerationID: "g1", Words: []TimedWord{{Score: new(math.NaN())}}}))
	if !json.Valid([]byte(got)) || !strings.Contains(got, `"code":"internal"`) || !strings.Contains(got, "timestamps") {
		t.Errorf("got %s, want an internal error that names the type", got)
	}
}

func TestErrorText(t *testing.T) {
	err := &Error{Code: CodeNotAllowed, Message: "this key may not use raw voices"}
	if got, want := err.Error(), "not_allowed: this key may not use raw voices"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
