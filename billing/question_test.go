package billing

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	cases := []struct {
		text string
		want time.Time // zero: refused
	}{
		{"2026-03-01", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
		{"2026-03-01T09:30:00Z", time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)},
		{"2026-03-01T00:30:00.25+02:00", time.Date(2026, 2, 28, 22, 30, 0, 250_000_000, time.UTC)},
		{"2026-02-29", time.Time{}},
		{"2026-03-01T09:30", time.Time{}},
		{"2026-03-01T09:30:00 02:00", time.Time{}}, // a + that was not escaped
		{"today", time.Time{}},
		{"", time.Time{}},
	}
	for _, c := range cases {
		got, err := ParseTime(c.text)
		if got != c.want || errors.Is(err, ErrTime) != c.want.IsZero() {
			t.Errorf("ParseTime(%q) = %v, %v, want %v", c.text, got, err, c.want)
		}
	}
}

// The day is UTC's, wherever the clock stands, and a month's last one ends with the month.
func TestToday(t *testing.T) {
	east := time.FixedZone("east", 9*3600)
	from, to := Today(time.Date(2026, 4, 1, 8, 59, 0, 0, east))
	if want := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC); from != want || to != want.Add(24*time.Hour) {
		t.Errorf("Today = %v to %v, want the day from %v", from, to, want)
	}
}

func TestParseGroupBy(t *testing.T) {
	if got := ParseGroupBy(""); got != nil {
		t.Errorf("of nothing = %v", got)
	}
	if got, want := ParseGroupBy("provider, day"), []Dimension{ByProvider, ByDay}; !reflect.DeepEqual(got, want) {
		t.Errorf("ParseGroupBy = %v, want %v", got, want)
	}
	for _, list := range []string{",", "day,", "Day"} {
		if err := (SumsQuery{From: noon, To: noon.Add(1), GroupBy: ParseGroupBy(list)}).Validate(); !errors.Is(err, ErrGroupBy) {
			t.Errorf("%q = %v, want %v", list, err, ErrGroupBy)
		}
	}
}

func TestTableOfGenerations(t *testing.T) {
	q := SumsQuery{GroupBy: []Dimension{ByTenant, ByDay}}
	got := q.Table([]Group{
		{
			GroupKey: GroupKey{Tenant: "acme", Day: "2026-03-01"}, Generations: 3, Attempts: 4, Characters: 50, Spoken: 20, Refused: 7, AudioMS: 6000,
			Cost: []Money{{2, "EUR"}, {3_000_000, "USD"}}, Unpriced: 1, Estimated: 2,
		},
		{GroupKey: GroupKey{Tenant: "beta", Day: "2026-03-01"}, Generations: 1, Cost: []Money{}},
	})
	want := [][]string{
		{"tenant", "day", "generations", "attempts", "characters", "audio_ms", "cost", "currency", "unpriced", "estimated", "spoken_characters", "refused_characters"},
		{"acme", "2026-03-01", "3", "4", "50", "6000", "0.000002", "EUR", "1", "2", "20", "7"},
		{"acme", "2026-03-01", "", "", "", "", "3.000000", "USD", "", "", "", ""},
		{"beta", "2026-03-01", "1", "0", "0", "0", "", "", "0", "0", "0", "0"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Table =\n%q, want\n%q", got, want)
	}
}

// Sums of attempts count no generations, so their table has no column for them.
func TestTableOfAttempts(t *testing.T) {
	q := SumsQuery{GroupBy: []Dimension{ByProvider, ByModel, ByVoice, ByOutcome}}
	key := GroupKey{Provider: "p", Model: "m", Voice: "v", Outcome: Hedged}
	got := q.Table([]Group{{GroupKey: key, Attempts: 7, Cost: []Money{{1, "EUR"}}}})
	want := [][]string{
		{"provider", "model", "voice", "outcome", "attempts", "characters", "audio_ms", "cost", "currency", "unpriced", "estimated"},
		{"p", "m", "v", "hedged", "7", "0", "0", "0.000001", "EUR", "0", "0"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Table =\n%q, want\n%q", got, want)
	}
}

// A time zone can move a time out of the years that can be written.
func TestTimesThatCantBeWritten(t *testing.T) {
	for _, text := range []string{"9999-12-31T23:59:59-14:00", "0000-12-31", "0001-01-01T00:00:00+00:01"} {
		if at, err := ParseTime(text); !errors.Is(err, ErrYear) {
			t.Errorf("%s is %v, %v", text, at, err)
		}
	}
	for _, text := range []string{"9999-12-31", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59+14:00", "0001-01-01"} {
		at, err := ParseTime(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := at.MarshalJSON(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A time that a question may have can be written, and comes back as the same.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{"2026-03-01", "2026-03-01T09:30:00Z", "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00", "2026-02-30", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseTime(text)
		if err != nil {
			return
		}
		written, err := at.MarshalText()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if again, err := time.Parse(time.RFC3339Nano, string(written)); err != nil || !again.Equal(at) {
			t.Errorf("%q is %v, and as text %v, %v", text, at, again, err)
		}
	})
}

func TestParsePeriod(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for text, want := range map[string][2]time.Time{
		"2026": {day(2026, 1, 1), day(2027, 1, 1)}, "2026-11": {day(2026, 11, 1), day(2026, 12, 1)}, "2024-02": {day(2024, 2, 1), day(2024, 3, 1)},
		"2026-12-31": {day(2026, 12, 31), day(2027, 1, 1)}, "9999": {day(9999, 1, 1), LastTime},
	} {
		if from, to, err := ParsePeriod(text); err != nil || !from.Equal(want[0]) || !to.Equal(want[1]) {
			t.Errorf("%s is %v to %v, %v", text, from, to, err)
		}
	}
	for _, text := range []string{"", "2026-13", "2026-11-31", "26", "2026-11-05T00:00:00Z", "November"} {
		if _, _, err := ParsePeriod(text); !errors.Is(err, ErrPeriod) {
			t.Errorf("%q: %v, want %v", text, err, ErrPeriod)
		}
	}
}
