package rig

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"
)

// Record is what a ledger has of a generation, as GET /v1/usage/records gives it.
type Record struct {
	RecordID         string            `json:"record_id"`
	GenerationID     string            `json:"generation_id"`
	Tenant           string            `json:"tenant"`
	Key              string            `json:"key"`
	SessionID        string            `json:"session_id"`
	ContextID        string            `json:"context_id"`
	Route            string            `json:"route"`
	AdmittedAt       time.Time         `json:"admitted_at"`
	Characters       int64             `json:"characters"`
	SpokenCharacters int64             `json:"spoken_characters"`
	AudioMS          int64             `json:"audio_ms"`
	Outcome          string            `json:"outcome"` // completed, cancelled or failed
	Code             string            `json:"code"`    // of a failed one
	Metadata         map[string]string `json:"metadata"`
	Attempts         []Attempt         `json:"attempts"`
}

// Attempt is one vendor's part in a generation.
type Attempt struct {
	Provider   string `json:"provider"`
	Outcome    string `json:"outcome"` // completed, cancelled, failed, hedged, superseded or interrupted
	Code       string `json:"code"`
	Characters int    `json:"characters"`
	AudioMS    int64  `json:"audio_ms"`
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// Records waits until as many generations of the rig's key have a record, and returns them, oldest first. More of them than
// asked for are a failure.
func (r *Rig) Records(t *testing.T, want int) []Record {
	t.Helper()
	var page struct {
		Records []Record `json:"records"`
	}
	for due := time.Now().Add(settled); ; time.Sleep(20 * time.Millisecond) {
		status, body := r.Get(t, "/v1/usage/records?limit=1000")
		if status != http.StatusOK {
			t.Fatalf("records: status %d: %s", status, body)
		}
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatalf("records: %v", err)
		}
		if len(page.Records) >= want || time.Now().After(due) {
			break
		}
	}
	if len(page.Records) != want {
		t.Fatalf("the ledger has %d records, want %d: %+v", len(page.Records), want, page.Records)
	}
	slices.SortFunc(page.Records, func(a, b Record) int { return a.AdmittedAt.Compare(b.AdmittedAt) })
	return page.Records
}

// Get asks the relay with the rig's key.
func (r *Rig) Get(t *testing.T, path string) (status int, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.Key)
	client, err := r.client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer)); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// client is one that trusts the rig's CA.
func (r *Rig) client() (*http.Client, error) {
	transport := &http.Transport{}
	if r.CA != "" {
		ca, err := os.ReadFile(r.CA)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("%s has no certificate", r.CA)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &http.Client{Transport: transport, Timeout: settled}, nil
}
