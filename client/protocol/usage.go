package protocol

import "math"

// Spoken says how far into its text a generation was heard.
type Spoken struct {
	Char   int    `json:"char"`   // code points from the start of the client's text
	Source string `json:"source"` // word_times, segment or estimate
}

// Cost is an amount of money, or that none is known.
type Cost struct {
	Amount    *string `json:"amount"`   // decimal, six places, whole currency units; null: not known
	Currency  *string `json:"currency"` // ISO 4217; null: not known
	Source    string  `json:"source"`   // provider, price_list, mixed or unavailable
	Estimated bool    `json:"estimated,omitempty"`
}

// Attempt is one try of a generation at one provider.
type Attempt struct {
	Provider string  `json:"provider"`
	Model    *string `json:"model"`             // null: the vendor has none
	Outcome  string  `json:"outcome"`           // completed, cancelled, failed, hedged, superseded, interrupted
	Code     string  `json:"code,omitempty"`    // of a failed one
	Message  string  `json:"message,omitempty"` // of a failed one
	// UpstreamID is by what the vendor's support finds the attempt, in visible ASCII; empty: the vendor has no name for it.
	UpstreamID string `json:"upstream_id,omitempty"`
	Requests   int    `json:"requests"`   // vendor requests that it took
	Characters int    `json:"characters"` // code points sent to the vendor
	AudioMS    int64  `json:"audio_ms"`   // audio received from the vendor
	Cost       Cost   `json:"cost"`
}

// Usage is what a generation used.
type Usage struct {
	Characters int       `json:"characters"` // code points of the client's text
	AudioMS    int64     `json:"audio_ms"`   // audio sent to the client
	Recorded   bool      `json:"recorded"`   // false: the ledger could not be written
	Cost       []Cost    `json:"cost"`       // a sum for each currency
	Attempts   []Attempt `json:"attempts"`
}

// MarshalJSON writes empty lists as such.
func (u Usage) MarshalJSON() ([]byte, error) {
	type plain Usage
	u.Cost, u.Attempts = list(u.Cost), list(u.Attempts)
	return marshal(plain(u))
}

// Timing is how long a generation took, on the relay's clock.
type Timing struct {
	FirstAudioMS *int64   `json:"first_audio_ms"` // null: no audio was sent
	TotalMS      int64    `json:"total_ms"`
	RTF          *float64 `json:"rtf"` // total time by length of audio; null: no audio was sent
}

// MarshalJSON rounds the real-time factor to three decimals. One that is no number is null, as JSON has no other.
func (t Timing) MarshalJSON() ([]byte, error) {
	type plain Timing
	if t.RTF != nil {
		rounded := math.Round(*t.RTF*1000) / 1000
		t.RTF = &rounded
		if math.IsNaN(rounded) || math.IsInf(rounded, 0) {
			t.RTF = nil
		}
	}
	return marshal(plain(t))
}
