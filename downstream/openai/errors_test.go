package openai

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// contract is what clients are told: the relay's code, status, type, code, whether they may ask again.
var contract = map[protocol.Code]struct {
	status     int
	kind, code string
	retry      string // X-Should-Retry; empty: the status says it
}{
	protocol.CodeInvalidRequest:      {400, "invalid_request_error", "invalid_request", ""},
	protocol.CodeUnsupportedFormat:   {400, "invalid_request_error", "unsupported_format", ""},
	protocol.CodeAuthFailed:          {401, "invalid_request_error", "invalid_api_key", ""},
	protocol.CodeQuotaExceeded:       {402, "insufficient_quota", "insufficient_quota", ""},
	protocol.CodeOriginNotAllowed:    {403, "permission_error", "origin_not_allowed", ""},
	protocol.CodeNotAllowed:          {403, "permission_error", "not_allowed", ""},
	protocol.CodeUnknownVoice:        {404, "invalid_request_error", "voice_not_found", ""},
	protocol.CodeUnknownRoute:        {404, "invalid_request_error", "model_not_found", ""},
	protocol.CodeUnknownGeneration:   {404, "server_error", "unknown_generation", ""}, // nothing here can lead to it
	protocol.CodeTextFinished:        {409, "server_error", "text_finished", ""},      // nor to this
	protocol.CodeDuplicateRequest:    {409, "invalid_request_error", "duplicate_request", "false"},
	protocol.CodeTextTooLong:         {413, "invalid_request_error", "string_above_max_length", ""},
	protocol.CodeUpstreamRejected:    {422, "invalid_request_error", "upstream_rejected", ""},
	protocol.CodeRateLimitExceeded:   {429, "rate_limit_error", "rate_limit_exceeded", ""},
	protocol.CodeTooManyGenerations:  {429, "rate_limit_error", "too_many_generations", ""},
	protocol.CodeTooManyConnections:  {429, "rate_limit_error", "too_many_connections", ""},
	protocol.CodeInternal:            {500, "server_error", "internal", ""},
	protocol.CodeUpstreamFailed:      {502, "server_error", "upstream_failed", "false"},
	protocol.CodeLedgerUnavailable:   {503, "server_error", "ledger_unavailable", ""},
	protocol.CodeNoProviderAvailable: {503, "server_error", "no_provider_available", ""},
	protocol.CodeDraining:            {503, "server_error", "draining", ""},
	protocol.CodeUpstreamTimeout:     {504, "server_error", "upstream_timeout", "false"},
}

func TestEveryCodeHasItsError(t *testing.T) {
	for _, code := range protocol.Codes() {
		want, listed := contract[code]
		if !listed {
			t.Errorf("%s: nothing is said of it", code)
			continue
		}
		w := httptest.NewRecorder()
		w.Header().Set("Record-Id", "r1")
		writeError(w, &protocol.Error{Code: code, Message: "as it is", Param: "text"})
		var got errorBody
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if w.Code != want.status || got.Error.Type != want.kind || got.Error.Code != want.code {
			t.Errorf("%s: got %d %q %q, want %+v", code, w.Code, got.Error.Type, got.Error.Code, want)
		}
		if got.Error.Message != "as it is" || got.Error.Param == nil || *got.Error.Param != "input" {
			t.Errorf("%s: got %s", code, w.Body)
		}
		h := w.Header()
		if retry := h.Get("X-Should-Retry"); retry != want.retry {
			t.Errorf("%s: X-Should-Retry is %q, want %q", code, retry, want.retry)
		}
		if later := h.Get("Retry-After") != ""; later != (want.status == 429 || want.status == 503) {
			t.Errorf("%s: Retry-After is %q", code, h.Get("Retry-After"))
		}
		if h.Get("X-Request-Id") != "r1" {
			t.Errorf("%s: X-Request-Id is %q", code, h.Get("X-Request-Id"))
		}
	}
}

func TestClientsAreToldWhenToAskAgain(t *testing.T) {
	for after, want := range map[time.Duration][2]string{
		0:                       {"1", ""},
		time.Microsecond:        {"1", "1"},
		1500 * time.Millisecond: {"2", "1500"},
	} {
		w := httptest.NewRecorder()
		writeError(w, &protocol.Error{Code: protocol.CodeRateLimitExceeded, RetryAfter: after})
		if got := [2]string{w.Header().Get("Retry-After"), w.Header().Get("Retry-After-Ms")}; got != want {
			t.Errorf("after %v: got %v, want %v", after, got, want)
		}
	}
}

// An error that is about no field says so, as the vendor's do.
func TestNoFieldIsNull(t *testing.T) {
	w := httptest.NewRecorder()
	writeError(w, &protocol.Error{Code: protocol.CodeInternal, Message: "a fault"})
	if got, want := w.Body.String(), `{"error":{"message":"a fault","type":"server_error","param":null,"code":"internal"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
