package routing

import (
	"slices"
	"testing"
	"time"
)

func TestRouteValidate(t *testing.T) {
	cases := []struct {
		name string
		edit func(*Route)
		want []string
	}{
		{"defaults", func(*Route) {}, nil},
		{"off", func(r *Route) { r.HedgeAfter, r.QueuePatience, r.Cushion = 0, 0, 0 }, nil},
		{"a target twice", func(r *Route) { r.Targets = []Target{{"a", "m"}, {"a", ""}, {"a", "m"}} }, []string{"targets[2]"}},
		{"too many targets", func(r *Route) {
			for i := range 17 {
				r.Targets = append(r.Targets, Target{Provider: string(rune('a' + i))})
			}
		}, []string{"targets"}},
		{"strategy", func(r *Route) { r.Strategy = "cheapest" }, []string{"strategy"}},
		{"no patience", func(r *Route) { r.FirstAudioTimeout, r.StallTimeout = 0, 0 }, []string{"first_audio_timeout", "stall_timeout"}},
		{"too much patience", func(r *Route) {
			r.HedgeAfter, r.QueuePatience, r.Cushion = time.Hour, time.Hour, time.Hour
		}, []string{"hedge_after", "queue_patience", "cushion"}},
		{"attempts", func(r *Route) { r.MaxAttempts = 0 }, []string{"max_attempts"}},
		{"length", func(r *Route) { r.MaxPartialLength = 0 }, []string{"max_partial_length"}},
		{"no schedule", func(r *Route) { r.ChunkSchedule = nil }, []string{"chunk_schedule"}},
		{"schedule", func(r *Route) { r.ChunkSchedule = []int{40, 0, -1} }, []string{"chunk_schedule[1]", "chunk_schedule[2]"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			route := DefaultRoute()
			c.edit(&route)
			var got []string
			route.Validate(func(field, _ string) { got = append(got, field) })
			if !slices.Equal(got, c.want) {
				t.Errorf("faults = %v, want %v", got, c.want)
			}
		})
	}
}

func TestVoiceValidate(t *testing.T) {
	ids := map[string]string{"p": "1"}
	cases := []struct {
		name  string
		voice Voice
		want  []string
	}{
		{"no language", Voice{IDs: ids}, nil},
		{"language", Voice{Language: "en", IDs: ids}, nil},
		{"no ids", Voice{}, []string{"ids"}},
		{"empty id", Voice{IDs: map[string]string{"p/m": ""}}, []string{"ids.p/m"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			c.voice.Validate(func(field, _ string) { got = append(got, field) })
			if !slices.Equal(got, c.want) {
				t.Errorf("faults = %v, want %v", got, c.want)
			}
		})
	}
}
