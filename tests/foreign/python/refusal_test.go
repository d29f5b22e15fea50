package python_test

import (
	"slices"
	"testing"

	"voicerelay/upstream/emulator"
)

// Every way in which a vendor may tell that a key is bad arrives as what it is meant to be.
func TestABadKeyIsTold(t *testing.T) {
	message := func(kind string) func(noticed) bool {
		return func(n noticed) bool {
			return n.Message != nil && kinds([]map[string]any{n.Message}, "detail", "error")[0] == kind
		}
	}
	status := func(code int) func(noticed) bool { return func(n noticed) bool { return n.Status == code } }
	closed := func(code int) func(noticed) bool { return func(n noticed) bool { return n.Closed == code } }
	// A sample that is still sending may meet the close before it has read what came ahead of it.
	either := func(kind string, code int) func(noticed) bool {
		return func(n noticed) bool { return message(kind)(n) || closed(code)(n) }
	}
	tests := map[string]struct {
		vendor string
		quirks []string
		args   []string // after address and key
		told   func(noticed) bool
	}{
		"kugelaudio by status":  {"kugelaudio", []string{"authByClose:false", "authStatus:403"}, []string{"speak"}, status(403)},
		"kugelaudio by close":   {"kugelaudio", []string{"authByClose:true"}, []string{"speak"}, closed(4001)},
		"together by status":    {"together", []string{"authInBand:false"}, nil, status(401)},
		"together by message":   {"together", []string{"authInBand:true", "refusalCloses:true"}, nil, message(togetherItem + "tts.failed")},
		"together left open":    {"together", []string{"authInBand:true", "refusalCloses:false"}, nil, message(togetherItem + "tts.failed")},
		"vogent by status":      {"vogent", []string{"authBy:status", "authStatus:403"}, nil, status(403)},
		"vogent by message":     {"vogent", []string{"authBy:error", "closeCode:1008"}, nil, either("error", 1008)},
		"vogent by close":       {"vogent", []string{"authBy:close", "closeCode:1008"}, nil, closed(1008)},
		"uplift by status":      {"uplift", []string{"authStatus:401"}, nil, status(401)},
		"zeligate by detail":    {"zeligate", []string{"telling:detail", "staysOpen:true"}, []string{"pcm_24000"}, message("detail")},
		"zeligate as mirrored":  {"zeligate", []string{"telling:flat"}, []string{"pcm_24000"}, either("error", 1008)},
		"zeligate by the close": {"zeligate", []string{"telling:bare", "closeCode:1008"}, []string{"pcm_24000"}, closed(1008)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, base := start(t, tt.vendor, emulator.Options{}, tt.quirks...)
			_, all := play(t, tt.vendor+".py", append([]string{base, "wrong"}, tt.args...)...)
			if !slices.ContainsFunc(all, tt.told) {
				t.Errorf("noticed %+v", all)
			}
			if got := server.Stats(); got.Refused != 1 || len(got.Streams) != 0 {
				t.Errorf("%d refused and %d streams, want one and none", got.Refused, len(got.Streams))
			}
		})
	}
}
