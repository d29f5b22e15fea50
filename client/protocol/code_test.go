package protocol

import (
	"slices"
	"strings"
	"testing"
)

// contract is the protocol's table of codes: code, status, retryable.
const contract = `
invalid_request 400 no
unsupported_format 400 no
auth_failed 401 no
quota_exceeded 402 no
origin_not_allowed 403 no
not_allowed 403 no
unknown_voice 404 no
unknown_route 404 no
unknown_generation 404 no
duplicate_request 409 no
text_finished 409 no
text_too_long 413 no
rate_limit_exceeded 429 yes
too_many_generations 429 yes
too_many_connections 429 yes
ledger_unavailable 503 yes
no_provider_available 503 yes
draining 503 yes
internal 500 yes
upstream_rejected 422 no
upstream_failed 502 yes
upstream_timeout 504 yes
`

func TestCodesAreThoseOfTheContract(t *testing.T) {
	statuses := map[string]int{
		"400": 400, "401": 401, "402": 402, "403": 403, "404": 404, "409": 409, "413": 413,
		"422": 422, "429": 429, "500": 500, "502": 502, "503": 503, "504": 504,
	}
	var listed []Code
	for row := range strings.Lines(strings.TrimSpace(contract)) {
		cells := strings.Fields(row)
		code := Code(cells[0])
		listed = append(listed, code)
		if !code.Valid() {
			t.Errorf("%s is not known", code)
		}
		if got, want := code.Status(), statuses[cells[1]]; got != want {
			t.Errorf("%s: status %d, want %d", code, got, want)
		}
		if got, want := code.Retryable(), cells[2] == "yes"; got != want {
			t.Errorf("%s: retryable %v, want %v", code, got, want)
		}
	}
	slices.Sort(listed)
	if got := Codes(); !slices.Equal(got, listed) {
		t.Errorf("codes: got %v, want %v", got, listed)
	}
}

func TestInvalidCodeMeansInternal(t *testing.T) {
	code := Code("no_such_code")
	if code.Valid() || code.Status() != 500 || !code.Retryable() {
		t.Errorf("got valid %v, status %d, retryable %v, want those of internal", code.Valid(), code.Status(), code.Retryable())
	}
}
