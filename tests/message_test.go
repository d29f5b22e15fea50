package tests

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// A message is one frame from the relay, taken apart. Only the fields of its kind are set.
type message struct {
	at   time.Time
	kind string
	raw  []byte // empty for audio: the transcript would drown in it

	ID       string `json:"generation_id"`
	RecordID string `json:"record_id"`

	SessionID string           `json:"session_id"`
	Limits    map[string]int64 `json:"limits"`
	Formats   []string         `json:"formats"`
	Defaults  defaults         `json:"defaults"`

	Provider      string   `json:"provider"`
	Model         *string  `json:"model"`
	Voice         string   `json:"voice"`
	ProviderVoice string   `json:"provider_voice"`
	Output        format   `json:"output"`
	Ignored       []string `json:"ignored"`
	Conversation  string   `json:"conversation"`

	Seq     int64  `json:"seq"`
	StartMS int64  `json:"start_ms"`
	Samples int64  `json:"samples"`
	Audio   []byte `json:"audio"`

	Source string      `json:"source"`
	Words  []timedWord `json:"words"`

	From         string `json:"from"`
	To           string `json:"to"`
	ResumeChar   int    `json:"resume_char"`
	ResumeMS     int64  `json:"resume_ms"`
	ResumeSource string `json:"resume_source"`

	Reason  string   `json:"reason"`
	EndedBy string   `json:"ended_by"`
	Error   *problem `json:"error"`
	Spoken  *spoken  `json:"spoken"`
	Usage   *usage   `json:"usage"`
	Timing  *timing  `json:"timing"`

	problem
	PongID  *string `json:"id"`
	GraceMS int64   `json:"grace_ms"`
}

type format struct {
	Encoding string `json:"encoding"`
	Rate     int    `json:"sample_rate"`
}

type defaults struct {
	Voice           *string                    `json:"voice"`
	Route           string                     `json:"route"`
	Language        *string                    `json:"language"`
	Speed           float64                    `json:"speed"`
	Output          format                     `json:"output"`
	WordTimestamps  bool                       `json:"word_timestamps"`
	Normalize       bool                       `json:"normalize"`
	ProviderOptions map[string]json.RawMessage `json:"provider_options"`
	Metadata        map[string]string          `json:"metadata"`
	ConversationID  *string                    `json:"conversation_id"`
}

// problem is the error object of section 5.
type problem struct {
	Command      string `json:"command"`
	Code         string `json:"code"`
	Status       int    `json:"status"`
	Text         string `json:"message"`
	Retryable    bool   `json:"retryable"`
	RetryAfterMS *int64 `json:"retry_after_ms"`
	Param        string `json:"param"`
	First        *first `json:"first"`
}

type first struct {
	GenerationID string `json:"generation_id"`
	RecordID     string `json:"record_id"`
	State        string `json:"state"`
}

type timedWord struct {
	Word      string `json:"word"`
	StartMS   int64  `json:"start_ms"`
	EndMS     int64  `json:"end_ms"`
	CharStart int    `json:"char_start"`
	CharEnd   int    `json:"char_end"`
}

type spoken struct {
	Char   int    `json:"char"`
	Source string `json:"source"`
}

type usage struct {
	Characters int       `json:"characters"`
	AudioMS    int64     `json:"audio_ms"`
	Recorded   bool      `json:"recorded"`
	Cost       []cost    `json:"cost"`
	Attempts   []attempt `json:"attempts"`
}

type cost struct {
	Amount    *string `json:"amount"`
	Currency  *string `json:"currency"`
	Source    string  `json:"source"`
	Estimated bool    `json:"estimated"`
}

type attempt struct {
	Provider   string  `json:"provider"`
	Model      *string `json:"model"`
	Outcome    string  `json:"outcome"`
	Code       string  `json:"code"`
	Message    string  `json:"message"`
	Requests   int     `json:"requests"`
	Characters int     `json:"characters"`
	AudioMS    int64   `json:"audio_ms"`
	Cost       cost    `json:"cost"`
}

type timing struct {
	FirstAudioMS *int64   `json:"first_audio_ms"`
	TotalMS      int64    `json:"total_ms"`
	RTF          *float64 `json:"rtf"`
}

// parseText decodes a JSON message and checks its shape.
func parseText(data []byte) (message, error) {
	m := message{at: time.Now(), raw: data}
	fields, err := fieldsOf(data)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(fields["type"], &m.kind); err != nil {
		return m, fmt.Errorf("type: %w", err)
	}
	o := shapes[m.kind]
	if o == nil {
		return m, fmt.Errorf("unknown type %q", m.kind)
	}
	if err := o.with("type", text).check(data); err != nil {
		return m, fmt.Errorf("%s: %w", m.kind, err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%s: %w", m.kind, err)
	}
	if m.kind == "audio" {
		m.raw = nil
	}
	return m, nil
}

// parseBinary decodes a binary audio frame.
func parseBinary(data []byte) (message, error) {
	m := message{at: time.Now(), kind: "audio"}
	if len(data) < 3 || len(data) < 15+int(data[2]) {
		return m, fmt.Errorf("binary frame of %d bytes is cut short", len(data))
	}
	if data[0] != 1 || data[1] != 1 {
		return m, fmt.Errorf("binary frame of version %d and kind %d", data[0], data[1])
	}
	rest := data[3+int(data[2]):]
	m.ID = string(data[3 : 3+int(data[2])])
	m.Seq = int64(binary.BigEndian.Uint32(rest))
	m.StartMS = int64(binary.BigEndian.Uint32(rest[4:]))
	m.Samples = int64(binary.BigEndian.Uint32(rest[8:]))
	m.Audio = rest[12:]
	return m, nil
}

func (o object) with(name string, s shape) object {
	all := object{name: s}
	for k, v := range o {
		all[k] = v
	}
	return all
}

// String is the message's line in a transcript.
func (m message) String() string {
	if m.kind == "audio" {
		return fmt.Sprintf("audio %s seq %d start_ms %d samples %d (%d bytes)", m.ID, m.Seq, m.StartMS, m.Samples, len(m.Audio))
	}
	return shorten(string(m.raw), 2000)
}

// binaryFrame is what a relay sends with audio=binary; forged sequences are made of it.
func binaryFrame(m message) []byte {
	b := append([]byte{1, 1, byte(len(m.ID))}, m.ID...)
	for _, v := range []int64{m.Seq, m.StartMS, m.Samples} {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return append(b, m.Audio...)
}

// audioText is the same as a JSON message.
func audioText(m message) []byte {
	return fmt.Appendf(nil, `{"type":"audio","generation_id":%q,"seq":%d,"start_ms":%d,"samples":%d,"audio":%q}`,
		m.ID, m.Seq, m.StartMS, m.Samples, base64.StdEncoding.EncodeToString(m.Audio))
}
