package ship

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voicerelay/billing"
)

func drawRecord(t *rapid.T) billing.Record {
	text := rapid.StringN(0, 20, -1)
	at := rapid.Custom(func(t *rapid.T) time.Time { return time.Unix(0, rapid.Int64Range(0, 1<<61).Draw(t, "ns")).UTC() })
	n := rapid.Int64Min(0)
	r := billing.Record{
		ID: text.Draw(t, "id"), GenerationID: text.Draw(t, "generation"), Tenant: text.Draw(t, "tenant"),
		Key: text.Draw(t, "key"), SessionID: text.Draw(t, "session"), ContextID: text.Draw(t, "context"),
		Route: text.Draw(t, "route"), AdmittedAt: at.Draw(t, "admitted"), EndedAt: at.Draw(t, "ended"),
		Characters: n.Draw(t, "characters"), Bytes: n.Draw(t, "bytes"), Audio: time.Duration(n.Draw(t, "audio")),
		Outcome: billing.Outcome(text.Draw(t, "outcome")), Code: text.Draw(t, "code"), PriceList: text.Draw(t, "prices"),
	}
	if keys := rapid.SliceOfN(text, 0, 3).Draw(t, "metadata"); len(keys) > 0 {
		r.Metadata = make(map[string]string)
		for _, key := range keys {
			r.Metadata[key] = text.Draw(t, "value")
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "attempts") {
		r.Attempts = append(r.Attempts, billing.Attempt{
			Provider: text.Draw(t, "provider"), Model: text.Draw(t, "model"), Voice: text.Draw(t, "voice"),
			StartedAt: at.Draw(t, "started"), EndedAt: at.Draw(t, "ended"), Outcome: billing.Outcome(text.Draw(t, "outcome")),
			Code: text.Draw(t, "code"), Message: text.Draw(t, "message"),
			Usage: billing.Usage{
				Audio: time.Duration(n.Draw(t, "audio")), Characters: n.Draw(t, "characters"), Bytes: n.Draw(t, "bytes"),
				Requests: n.Draw(t, "requests"), UTF16Units: n.Draw(t, "UTF-16"), Chinese: n.Draw(t, "Chinese"),
				Metered: billing.Metered{Characters: n.Draw(t, "metered"), InputTokens: n.Draw(t, "input"), OutputTokens: n.Draw(t, "output")},
			},
			Cost: billing.Cost{
				Money:  billing.Money{Micros: n.Draw(t, "micros"), Currency: text.Draw(t, "currency")},
				Source: billing.Source(text.Draw(t, "source")), Estimated: rapid.Bool().Draw(t, "estimated"),
			},
		})
	}
	return r
}

// Redis gives back what it was given, to the nanosecond and the micro-unit.
func TestRecordsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		raw, err := encodeRecord(&want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeRecord(raw)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

// The names of sums come back too, whatever keys, routes and voices are called.
func TestFieldsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 20, -1)
		want := billing.SumKey{
			Key: text.Draw(t, "key"), Outcome: billing.Outcome(text.Draw(t, "outcome")), Currency: text.Draw(t, "currency"),
		}
		if provider := text.Draw(t, "provider"); provider == "" {
			want.Route = text.Draw(t, "route")
		} else {
			want.Provider, want.Model, want.Voice = provider, text.Draw(t, "model"), text.Draw(t, "voice")
		}
		got, measure, err := parseField(field(want, "micros"))
		if err != nil || got != want || measure != "micros" {
			t.Fatalf("got %+v, %q, %v, want %+v", got, measure, err, want)
		}
	})
}

// Every number of a sum has a name of its own, but for what follows from the others.
func TestMeasuresCoverTheSum(t *testing.T) {
	var v billing.SumValue
	names := make(map[string]bool)
	for i, m := range measures() {
		*m.of(&v) = int64(i) + 1
		names[m.name] = true
	}
	v.Refused = int64(len(names)) + 1 // the characters of failed generations that were not spoken
	names["refused"] = true
	fields := reflect.ValueOf(v)
	if len(names) != fields.NumField() {
		t.Errorf("%d names for %d fields", len(names), fields.NumField())
	}
	for i := range fields.NumField() {
		if fields.Field(i).Int() == 0 {
			t.Errorf("no measure is %s", fields.Type().Field(i).Name)
		}
	}
}

func TestStoredSumsThatAreNone(t *testing.T) {
	good := field(billing.SumKey{Key: "k"}, "micros")
	for name, fields := range map[string]map[string]string{
		"no list":         {"micros": "1"},
		"too short":       {`["generations","k"]`: "1"},
		"unknown kind":    {`["sessions","k","","","","micros"]`: "1"},
		"no provider":     {`["attempts","k","","","","","","micros"]`: "1"},
		"unknown measure": {strings.Replace(good, "micros", "grams", 1): "1"},
		"no number":       {good: "many"},
	} {
		if _, err := parseSums("acme", 1, fields); err == nil {
			t.Errorf("%s: taken, want an error", name)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	r := recordOf("acme", time.Unix(1_770_000_000, 0), 30)
	raw, err := encodeRecord(&r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(`{"attempts":[null]}`)
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := decodeRecord(raw)
		if err != nil {
			return
		}
		// What was read is written in a way that reads the same.
		once, err := encodeRecord(&r)
		if err != nil {
			return // a zone shifted the year out of what JSON can say
		}
		again, err := decodeRecord(once)
		if err != nil || !reflect.DeepEqual(again.Attempts, r.Attempts) || again.ID != r.ID {
			t.Errorf("read anew = %+v, %v, want %+v", again, err, r)
		}
	})
}

func FuzzParseField(f *testing.F) {
	f.Add(field(billing.SumKey{Key: "k", Route: "r"}, "micros"))
	f.Add(field(billing.SumKey{Key: "k", Provider: "p"}, "attempts"))
	f.Fuzz(func(t *testing.T, name string) {
		key, measure, err := parseField(name)
		if err != nil {
			return
		}
		if got, again, err := parseField(field(key, measure)); err != nil || got != key || again != measure {
			t.Errorf("parsed anew = %+v, %q, %v, want %+v, %q", got, again, err, key, measure)
		}
	})
}
