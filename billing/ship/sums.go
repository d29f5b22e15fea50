package ship

import (
	"encoding/json"
	"errors"
	"strconv"

	"voicerelay/billing"
)

// errStored says that Redis holds something under our keys that we did not write.
var errStored = errors.New("redis holds usage that can't be read")

// Kinds of sums. The field of a hash is a JSON list: the kind, what is summed up, and the measure:
//
//	["generations", key, route, outcome, currency, measure]
//	["attempts", key, provider, model, voice, outcome, currency, measure]
const (
	ofGenerations = "generations"
	ofAttempts    = "attempts"
)

// measure is one number of a sum.
type measure struct {
	name string
	of   func(*billing.SumValue) *int64
}

// measures names each field of billing.SumValue.
func measures() []measure {
	return []measure{
		{"generations", func(v *billing.SumValue) *int64 { return &v.Generations }},
		{"attempts", func(v *billing.SumValue) *int64 { return &v.Attempts }},
		{"characters", func(v *billing.SumValue) *int64 { return &v.Characters }},
		{"audio_ms", func(v *billing.SumValue) *int64 { return &v.AudioMS }},
		{"micros", func(v *billing.SumValue) *int64 { return &v.Micros }},
		{"unpriced", func(v *billing.SumValue) *int64 { return &v.Unpriced }},
		{"spoken", func(v *billing.SumValue) *int64 { return &v.Spoken }},
		{"estimated", func(v *billing.SumValue) *int64 { return &v.Estimated }},
	}
}

// field is the name of one number in an hour's hash.
func field(k billing.SumKey, measure string) string {
	list := []string{ofGenerations, k.Key, k.Route, string(k.Outcome), k.Currency, measure}
	if k.Provider != "" {
		list = []string{ofAttempts, k.Key, k.Provider, k.Model, k.Voice, string(k.Outcome), k.Currency, measure}
	}
	raw, _ := json.Marshal(list) // strings always encode
	return string(raw)
}

// parseField is the inverse of field, but for the tenant and hour, which the name of the hash says.
func parseField(name string) (k billing.SumKey, measure string, err error) {
	var l []string
	if err := json.Unmarshal([]byte(name), &l); err != nil || len(l) == 0 {
		return billing.SumKey{}, "", errStored
	}
	switch {
	case l[0] == ofGenerations && len(l) == 6:
		return billing.SumKey{Key: l[1], Route: l[2], Outcome: billing.Outcome(l[3]), Currency: l[4]}, l[5], nil
	case l[0] == ofAttempts && len(l) == 8 && l[2] != "":
		return billing.SumKey{
			Key: l[1], Provider: l[2], Model: l[3], Voice: l[4], Outcome: billing.Outcome(l[5]), Currency: l[6],
		}, l[7], nil
	}
	return billing.SumKey{}, "", errStored
}

// addFields adds a share to the numbers of an hour. Zeros are left out: most numbers of most shares are.
func addFields(fields map[string]int64, s billing.Share) {
	for _, m := range measures() {
		if n := *m.of(&s.Value); n != 0 {
			fields[field(s.Key, m.name)] += n
		}
	}
}

// parseSums reads an hour's hash.
func parseSums(tenant string, hour int64, fields map[string]string) (map[billing.SumKey]billing.SumValue, error) {
	sums := make(map[billing.SumKey]billing.SumValue)
	for name, value := range fields {
		key, measure, err := parseField(name)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, errStored
		}
		key.Tenant, key.Hour = tenant, hour
		sum := sums[key]
		if err := setMeasure(&sum, measure, n); err != nil {
			return nil, err
		}
		sums[key] = sum
	}
	return sums, nil
}

func setMeasure(v *billing.SumValue, name string, n int64) error {
	for _, m := range measures() {
		if m.name == name {
			*m.of(v) = n
			return nil
		}
	}
	return errStored
}
