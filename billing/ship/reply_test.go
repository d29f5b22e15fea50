package ship

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// Whatever stands under our keys in Redis is read, or refused as none of ours.
func FuzzStored(f *testing.F) {
	f.Add("1770000000000 {\"epoch\":\"e1\",\"unshipped\":1,\"oldest_ms\":1770000000000}", "rrec-1\x001-0", "482000,482001", "7")
	f.Add("x {}", "r", "-1", "")
	f.Add(" ", "\x00", "9223372036854775807", "9223372036854775808")
	f.Fuzz(func(t *testing.T, beat, member, hours, number string) {
		if b, err := parseBeat("relay", beat); err == nil {
			if since, may := b.missing(); may && since.IsZero() {
				t.Errorf("heartbeat %q may lack records since ever", beat)
			}
		}
		at := spot{1, "acme"}
		if p, err := parsePlace(at, member); err == nil && (p.spot != at || strings.Contains(p.recordID+p.entry, "\x00")) {
			t.Errorf("entry %q lies at %+v", member, p)
		}
		if list := strings.Split(hours, ","); true {
			if parsed, err := parseHours(list); err == nil && len(parsed) != len(list) {
				t.Errorf("hours %q are %v", hours, parsed)
			}
		}
		for _, value := range []any{nil, number, int64(len(number)), []any{number}} {
			if mark, err := parseMark(value); err == nil && mark < 0 {
				t.Errorf("a mark %v is %d", value, mark)
			}
		}
		e := entryOf(place{spot: at}, redis.XMessage{Values: map[string]any{"epoch": beat, "seq": number, "record": member}})
		if n, err := e.numbered(); err == nil && n.Tenant != "acme" {
			t.Errorf("%+v is of %q", e, n.Tenant)
		}
	})
}

// Sums that are read are of the hour and tenant under which they stood, whatever else is there.
func FuzzStoredSums(f *testing.F) {
	f.Add(field(billing.SumKey{Key: "k", Route: "r"}, "micros"), "5", field(billing.SumKey{Key: "k", Provider: "p"}, "attempts"), "-1")
	f.Add("[]", "", "x", "9e9")
	f.Fuzz(func(t *testing.T, one, value, other, number string) {
		sums, err := parseSums("acme", 7, map[string]string{one: value, other: number})
		if err != nil {
			return
		}
		for key := range sums {
			if key.Tenant != "acme" || key.Hour != 7 {
				t.Errorf("a sum of %+v", key)
			}
		}
	})
}

// A cursor is a place, or is refused as none.
func FuzzCursor(f *testing.F) {
	f.Add(cursorBehind(place{spot: spot{hour: billing.Hour(time.Unix(1_770_000_000, 0))}, recordID: "rec-1"}))
	f.Add("")
	f.Add("MSBhYg")
	f.Fuzz(func(t *testing.T, cursor string) {
		at, err := parseCursor(cursor)
		if err != nil || cursor == "" {
			return
		}
		again, err := parseCursor(cursorBehind(at))
		if err != nil || again != at || at.hour < 0 || at.recordID == "" {
			t.Errorf("%q is %+v, and as text %+v, %v", cursor, at, again, err)
		}
	})
}
