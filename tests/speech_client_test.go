package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
)

// A speech is what a POST /v1/speech was answered with.
type speech struct {
	answer
	trailer http.Header
}

// speak asks for speech over HTTP, and reads all of it.
func (r *relay) speak(t *testing.T, body j, header http.Header) speech {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	res, err := r.begin(ctx, body, header)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	s := speech{answer{res.StatusCode, res.Header, all}, res.Trailer}
	if err := promisedAnswer(res.Request, s.answer); err != nil {
		t.Error(err)
	}
	return s
}

// begin asks for speech, whose audio the caller reads.
func (r *relay) begin(ctx context.Context, body j, header http.Header) (*http.Response, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/v1/speech", bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultClient.Do(req)
}

// ended checks how the speech ended, and gives its usage.
func (s speech) ended(t *testing.T, reason string) usage {
	t.Helper()
	if s.status != http.StatusOK || s.trailer.Get("Generation-Status") != reason {
		t.Fatalf("the speech ended %d %q, want 200 %q: %s", s.status, s.trailer.Get("Generation-Status"), reason, shorten(string(s.body), 300))
	}
	for _, name := range []string{"Generation-Id", "Record-Id"} {
		if s.header.Get(name) == "" {
			t.Errorf("the answer has no header %s", name)
		}
	}
	raw := json.RawMessage(s.trailer.Get("Usage"))
	d, err := promised()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.check("asyncapi.yaml#/components/schemas/Usage", raw); err != nil {
		t.Fatalf("trailer Usage: %v in %s", err, raw)
	}
	var u usage
	if err := json.Unmarshal(raw, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// samples is the audio of a body, whose header must be that of a streamed WAV file where it is one.
func (s speech) samples(t *testing.T, f format) []int16 {
	t.Helper()
	body := s.body
	if f.Encoding == "wav" {
		header := wavHeader(f.Rate)
		if !bytes.HasPrefix(body, header) {
			t.Fatalf("the body does not begin with the header of a streamed WAV file: % x", body[:min(len(body), len(header))])
		}
		body = body[len(header):]
	}
	if int64(len(body))%f.sampleSize() != 0 {
		t.Errorf("%d bytes of audio are no whole samples", len(body))
	}
	return f.samples(body)
}
