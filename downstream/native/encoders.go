package native

import (
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
)

// encoder makes the protocol's JSON messages of a generation.
type encoder struct {
	id    string
	asked protocol.Output
}

var _ relay.Encoder = (*encoder)(nil)

// Form implements Encoder.
func (e *encoder) Form() relay.AudioForm { return relay.Base64 }

func (e *encoder) head(f relay.Frame) protocol.Audio {
	return protocol.Audio{
		GenerationID: e.id,
		Seq:          f.Seq,
		StartMS:      uint32(f.Start.Milliseconds()),
		Samples:      uint32(f.Samples),
	}
}

// AppendHead implements Encoder.
func (e *encoder) AppendHead(dst []byte, f relay.Frame) []byte {
	return protocol.AppendAudioHead(dst, e.head(f))
}

// AppendTail implements Encoder.
func (e *encoder) AppendTail(dst []byte, _ relay.Frame) []byte { return protocol.AppendAudioTail(dst) }

// Started implements Encoder.
func (e *encoder) Started(s relay.Started) []byte {
	return protocol.Encode(protocol.Started{
		GenerationID:  e.id,
		Provider:      s.Provider,
		Model:         downstream.Optional(s.Model),
		Voice:         s.Voice,
		ProviderVoice: s.ProviderVoice,
		Output:        e.asked,
		Ignored:       s.Ignored,
		Conversation:  keptOf(s.Kept),
	})
}

// keptOf says whether a target was chosen for the conversation's sake.
func keptOf(kept bool) string {
	if kept {
		return protocol.ConversationKept
	}
	return ""
}

// Rerouted implements Encoder.
func (e *encoder) Rerouted(r relay.Rerouted) []byte {
	return protocol.Encode(protocol.Rerouted{
		GenerationID:  e.id,
		From:          r.From,
		To:            r.To,
		Model:         downstream.Optional(r.Model),
		ProviderVoice: r.ProviderVoice,
		Reason:        string(r.Reason),
		ResumeChar:    r.Resume.Char,
		ResumeMS:      r.At.Milliseconds(),
		ResumeSource:  r.Resume.Source,
		Ignored:       r.Ignored,
	})
}

// Words implements Encoder.
func (e *encoder) Words(w relay.Words) []byte {
	event := protocol.Timestamps{GenerationID: e.id, Source: w.Source, ErrorMS: w.Error.Milliseconds()}
	for _, word := range w.Words {
		timed := protocol.TimedWord{
			Word:      word.Text,
			StartMS:   word.Start.Milliseconds(),
			EndMS:     word.End.Milliseconds(),
			CharStart: word.CharStart,
			CharEnd:   word.CharEnd,
		}
		if word.Score >= 0 {
			timed.Score = &word.Score
		}
		event.Words = append(event.Words, timed)
	}
	return protocol.Encode(event)
}

// Ended implements Encoder.
func (e *encoder) Ended(r relay.Result) []byte { return protocol.Encode(e.done(r)) }

// done is a generation's end as clients see it.
func (e *encoder) done(r relay.Result) protocol.Done {
	done := protocol.Done{
		GenerationID: e.id,
		RecordID:     r.RecordID,
		Reason:       string(r.Reason),
		Error:        downstream.WireError(r.Err),
		Spoken:       protocol.Spoken(r.Spoken),
		Usage:        downstream.WireUsage(r.Usage),
		Timing:       wireTiming(r.Timing, r.Usage.Audio),
	}
	if r.TextIdled {
		done.EndedBy = protocol.EndedByTextIdle
	}
	return done
}

// binaryEncoder makes binary frames of audio, and is an encoder otherwise.
type binaryEncoder struct{ encoder }

// Form implements Encoder.
func (e *binaryEncoder) Form() relay.AudioForm { return relay.Raw }

// AppendHead implements Encoder.
func (e *binaryEncoder) AppendHead(dst []byte, f relay.Frame) []byte {
	return protocol.AppendAudioBinary(dst, e.head(f), nil)
}

// AppendTail implements Encoder.
func (e *binaryEncoder) AppendTail(dst []byte, _ relay.Frame) []byte { return dst }

// wireTiming is how long a generation took that sent so much audio.
func wireTiming(t relay.Timing, sent time.Duration) protocol.Timing {
	timing := protocol.Timing{TotalMS: t.Total.Milliseconds()}
	if t.Spoke {
		first := t.FirstAudio.Milliseconds()
		rtf := float64(timing.TotalMS) / float64(sent.Milliseconds())
		timing.FirstAudioMS, timing.RTF = &first, &rtf
	}
	return timing
}
