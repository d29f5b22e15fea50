package inworld

import "encoding/json"

// command is any message to the vendor, which has one of these besides the context's id.
type command struct {
	Create        *create   `json:"create,omitempty"`
	SendText      *sendText `json:"send_text,omitempty"`
	CloseContext  *empty    `json:"close_context,omitempty"`  // speaks what there is, and ends in contextClosed
	CancelContext *empty    `json:"cancel_context,omitempty"` // speaks no more, and ends in contextClosed, as is assumed
	ContextID     string    `json:"contextId"`
}

// empty is a command that its name says all of.
type empty struct{}

// create opens a context. Text may follow without waiting for contextCreated, as LiveKit's client has it.
type create struct {
	VoiceID                    string      `json:"voiceId"`
	ModelID                    string      `json:"modelId"`
	AudioConfig                audioConfig `json:"audioConfig"`
	Temperature                *float64    `json:"temperature,omitempty"`
	DeliveryMode               *string     `json:"deliveryMode,omitempty"`
	Language                   string      `json:"language,omitempty"` // of BCP 47
	TimestampType              string      `json:"timestampType"`
	TimestampTransportStrategy string      `json:"timestampTransportStrategy"` // SYNC: with the audio that they are of
	ApplyTextNormalization     string      `json:"applyTextNormalization"`
	BufferCharThreshold        int         `json:"bufferCharThreshold"` // at so many characters the vendor speaks unasked
	AutoMode                   bool        `json:"autoMode"`            // the vendor itself decides when to speak
}

type audioConfig struct {
	AudioEncoding   string  `json:"audioEncoding"`
	SampleRateHertz int     `json:"sampleRateHertz"`
	SpeakingRate    float64 `json:"speakingRate,omitempty"` // 0.5 to 1.5; left out at 1
}

// sendText appends text, of 1000 characters at most. An empty one keeps the socket, as Pipecat has it.
type sendText struct {
	Text         string `json:"text"`
	FlushContext *empty `json:"flush_context,omitempty"` // speak all so far, and answer with flushCompleted
}

// encode is a message's JSON, which it always has, its numbers being finite.
func encode(c command) []byte {
	data, _ := json.Marshal(c)
	return data
}

// frame is any frame from the vendor but the usual chunk.
type frame struct {
	Result *result `json:"result"`
	Error  *status `json:"error"` // of no context
}

// result has one of these besides the context's id and a status. What it says of a context that has been created or changed
// is of no interest.
type result struct {
	ContextID      string          `json:"contextId"`
	Status         status          `json:"status"`
	AudioChunk     *audioChunk     `json:"audioChunk"`
	FlushCompleted json.RawMessage `json:"flushCompleted"` // all audio of a flush has come
	ContextClosed  json.RawMessage `json:"contextClosed"`  // the end
}

// status is gRPC's. Its text is free.
type status struct {
	Code int `json:"code"` // 0: all is well
}

// audioChunk is audio, or times, or both. It counts characters too, whether of itself or of all so far is not said.
type audioChunk struct {
	AudioContent  *string        `json:"audioContent"` // base64
	TimestampInfo *timestampInfo `json:"timestampInfo"`
}

type timestampInfo struct {
	WordAlignment *wordAlignment `json:"wordAlignment"`
}

// wordAlignment are all tokens of the text, spaces and punctuation among them, in seconds from the latest flushCompleted.
type wordAlignment struct {
	Words  []string  `json:"words"`
	Starts []float64 `json:"wordStartTimeSeconds"`
	Ends   []float64 `json:"wordEndTimeSeconds"`
}

// present reports whether a member is there and not null.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
