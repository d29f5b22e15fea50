package tests

import "fmt"

// What section 5 says of each code, and where it may stand.
var codes = map[string]struct {
	status    int
	retryable bool
	onlyDone  bool
}{
	"invalid_request":       {400, false, false},
	"unsupported_format":    {400, false, false},
	"auth_failed":           {401, false, false},
	"quota_exceeded":        {402, false, false},
	"origin_not_allowed":    {403, false, false},
	"not_allowed":           {403, false, false},
	"unknown_voice":         {404, false, false},
	"unknown_route":         {404, false, false},
	"unknown_generation":    {404, false, false},
	"duplicate_request":     {409, false, false},
	"text_finished":         {409, false, false},
	"text_too_long":         {413, false, false},
	"rate_limit_exceeded":   {429, true, false},
	"too_many_generations":  {429, true, false},
	"too_many_connections":  {429, true, false},
	"ledger_unavailable":    {503, true, false},
	"no_provider_available": {503, true, false},
	"draining":              {503, true, false},
	"internal":              {500, true, false},
	"upstream_rejected":     {422, false, true},
	"upstream_failed":       {502, true, true},
	"upstream_timeout":      {504, true, true},
}

// What an attempt may fail of (section 3, rule 7).
var attemptCodes = []string{
	"stalled", "dropped", "upstream_error", "throttled", "garbled", "short_audio", "connect_failed",
	"first_audio_timeout", "no_audio", "rejected", "auth_failed", "no_credit",
}

// check holds a problem against the table of codes.
func (p problem) check(inDone bool) error {
	row, known := codes[p.Code]
	switch {
	case !known:
		return fmt.Errorf("unknown code %q", p.Code)
	case p.Status != row.status || p.Retryable != row.retryable:
		return fmt.Errorf("%s with status %d, retryable %v", p.Code, p.Status, p.Retryable)
	case row.onlyDone && !inDone:
		return fmt.Errorf("%s may stand in done only", p.Code)
	case p.Text == "":
		return fmt.Errorf("%s says nothing", p.Code)
	case p.Code == "rate_limit_exceeded" && p.RetryAfterMS == nil:
		return fmt.Errorf("%s without retry_after_ms", p.Code)
	case p.First != nil && p.Code != "duplicate_request":
		return fmt.Errorf("%s with first", p.Code)
	}
	return nil
}
