package soniox

import "encoding/json"

// openMessage opens a stream. The vendor answers nothing to a good one.
type openMessage struct {
	StreamID         string  `json:"stream_id"` // of 256 characters at most, unique among the socket's
	Model            string  `json:"model"`
	Language         string  `json:"language"` // a primary subtag
	Voice            string  `json:"voice"`
	AudioFormat      string  `json:"audio_format"`
	SampleRate       int     `json:"sample_rate"`     // hertz
	Speed            float64 `json:"speed,omitempty"` // 0.7 to 1.3; left out at 1
	ReduceSilence    *bool   `json:"reduce_silence,omitempty"`
	ReturnTimestamps bool    `json:"return_timestamps"`
}

// textMessage is all of a stream's text. The vendor's SDK warns of an empty one that does not end the text: it makes the
// model babble.
type textMessage struct {
	StreamID string `json:"stream_id"`
	Text     string `json:"text"`
	TextEnd  bool   `json:"text_end"`
}

// cancelation stops a stream, whose terminated answers it.
type cancelation struct {
	StreamID string `json:"stream_id"`
	Cancel   bool   `json:"cancel"`
}

// keepAlive keeps the socket, not a stream.
type keepAlive struct {
	KeepAlive bool `json:"keep_alive"`
}

// encode is a message's JSON, which it always has.
func encode(message any) []byte {
	data, _ := json.Marshal(message)
	return data
}

// frame is any frame from the vendor. One may have several of these at once.
type frame struct {
	StreamID   string      `json:"stream_id"`  // left out: the frame is of the socket
	Audio      *string     `json:"audio"`      // base64
	AudioEnd   bool        `json:"audio_end"`  // this was the last audio
	Timestamps *timestamps `json:"timestamps"` // not with all audio
	Terminated bool        `json:"terminated"` // the stream is over
	ErrorCode  *int        `json:"error_code"` // as HTTP has them
}

// timestamps are when the text's code points are spoken, in seconds: of the text as it is spoken, with its numbers spelled out
// perhaps. That they count from the stream's first sample is how Pipecat's client reads them.
type timestamps struct {
	Characters []string  `json:"characters"`
	Starts     []float64 `json:"character_start_times_seconds"`
	Ends       []float64 `json:"character_end_times_seconds"`
}
