package rime

import (
	"encoding/json"
	"time"
)

// subprotocol is v1 in JSON: proto3's, with an envelope a frame.
const subprotocol = "rime.v1.json"

// order is an envelope to the vendor, with one of the messages.
type order struct {
	ContextID string    `json:"contextId"`
	Start     *start    `json:"start,omitempty"`
	Cancel    *struct{} `json:"cancel,omitempty"` // stops the context, which answers with cancelled
}

// start opens a context. One that has a text has all of it, and needs no end.
type start struct {
	Language        string          `json:"language,omitempty"` // a primary subtag; left out: the vendor's choice
	Speaker         string          `json:"speaker"`
	Text            string          `json:"text"`
	AudioParameters audioParameters `json:"audioParameters"`
	Timestamps      timestamps      `json:"timestamps"`
}

type audioParameters struct {
	AudioFormat     string  `json:"audioFormat"`               // a MIME type
	SamplingRate    int     `json:"samplingRate"`              // hertz
	TimeScaleFactor float64 `json:"timeScaleFactor,omitempty"` // above 1 is slower
}

type timestamps struct {
	Enable bool `json:"enable"`
}

// encode is a message's JSON, which it always has.
func encode(message any) []byte {
	data, _ := json.Marshal(message)
	return data
}

// envelope is a frame from the vendor: an id, which is empty for the connection, and one of the messages.
type envelope struct {
	ContextID string    `json:"contextId"`
	Ready     *struct{} `json:"ready"` // comes first; which languages there are is of no interest
	Started   *struct {
		RequestID json.RawMessage `json:"requestId"` // a string
	} `json:"started"`
	Audio     *string   `json:"audio"` // base64
	Done      *finished `json:"done"`
	Cancelled *struct{} `json:"cancelled"`
	Error     *struct {
		Kind      string          `json:"kind"`
		RequestID json.RawMessage `json:"requestId"` // a string
	} `json:"error"`
}

// finished is the end of a context, all of whose audio has come.
type finished struct {
	Timestamps *struct {
		Status struct {
			Code int `json:"code"` // 0: there are spans
		} `json:"status"`
		Spans []span `json:"spans"`
	} `json:"timestamps"`
}

// span is a word of the text as it was normalised. Its times count from the context's first sample, as if spoken at the usual speed.
type span struct {
	Text  string `json:"text"`
	Start string `json:"start"` // such as 0.160s
	End   string `json:"end"`
}

// wordTime is a word, in times from its piece's first sample.
type wordTime struct {
	text       string
	start, end time.Duration
}

// words are those that the end tells, stretched by the factor that speech takes. What has no sound time is left out.
func (f *finished) words(scale float64) []wordTime {
	if f.Timestamps == nil || f.Timestamps.Status.Code != 0 {
		return nil
	}
	words := make([]wordTime, 0, len(f.Timestamps.Spans))
	for _, s := range f.Timestamps.Spans {
		start, sane := duration(s.Start, scale)
		end, also := duration(s.End, scale)
		if s.Text != "" && sane && also {
			words = append(words, wordTime{text: s.Text, start: start, end: end})
		}
	}
	return words
}

// duration reads one as proto3's JSON has it; proto3 leaves out what is nothing.
func duration(s string, scale float64) (d time.Duration, sane bool) {
	if s == "" {
		return 0, true
	}
	const most = 24 * time.Hour
	d, err := time.ParseDuration(s)
	return time.Duration(float64(d) * scale), err == nil && d >= 0 && d <= most
}
