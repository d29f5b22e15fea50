package limits

import (
	"slices"
	"testing"
	"time"
)

func TestDefaultIsWhatTheProtocolSays(t *testing.T) {
	want := Config{
		GenerationsPerMinute: 60, CancelsPerMinute: 100, MaxConcurrentGenerations: 16, MaxConnections: 10000,
		MaxTextCharacters: 10000, MaxMessageBytes: 262144,
		IdleTimeout: 300000 * time.Millisecond, TextIdleTimeout: 60 * time.Second, WriteTimeout: 60 * time.Second,
		Buffer: 30000 * time.Millisecond, DuplicateWindow: 3600000 * time.Millisecond,
		ConversationTTL: 10 * time.Minute,
	}
	if got := Default(); got != want {
		t.Errorf("Default() = %+v, want %+v", got, want)
	}
	Default().Validate(func(field, reason string) { t.Errorf("%s %s", field, reason) })
}

func TestValidateNamesEachField(t *testing.T) {
	want := []string{
		"generations_per_minute", "cancels_per_minute", "max_concurrent_generations", "max_connections",
		"max_text_characters", "max_message_bytes", "idle_timeout", "text_idle_timeout", "write_timeout", "buffer",
		"duplicate_window", "conversation_ttl",
	}
	var got []string
	Config{}.Validate(func(field, _ string) { got = append(got, field) })
	if !slices.Equal(got, want) {
		t.Errorf("faults of an empty Config: %v, want %v", got, want)
	}
	got = nil
	Tenant{GenerationsPerMinute: -1, MaxConcurrentGenerations: -1}.Validate(func(field, _ string) { got = append(got, field) })
	if want := []string{"generations_per_minute", "max_concurrent_generations"}; !slices.Equal(got, want) {
		t.Errorf("faults of a negative Tenant: %v, want %v", got, want)
	}
	Tenant{}.Validate(func(field, reason string) { t.Errorf("an unbounded tenant: %s %s", field, reason) })
}

// Whoever bounds a connection's rate bounds a key's requests too, unless these have a rate of their own.
func TestRequestsHaveARateOfTheirOwn(t *testing.T) {
	for name, tt := range map[string]struct {
		chosen, http, want int
	}{
		"nothing is said":  {Default().GenerationsPerMinute, 0, 600},
		"a connection's":   {5, 0, 5},
		"its own":          {Default().GenerationsPerMinute, 30, 30},
		"both":             {5, 6000, 6000},
		"more than either": {6000, 0, 6000},
	} {
		if got := (Config{GenerationsPerMinute: tt.chosen, HTTPGenerationsPerMinute: tt.http}).HTTPRate(); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
