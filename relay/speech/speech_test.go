package speech

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/text"
	"voicerelay/upstream"
)

// hungry is a client that plays all it gets at once, and wants more.
type hungry struct{}

// TurnCame implements Client.
func (hungry) TurnCame() (time.Time, bool) { return time.Time{}, true }

// HasRoom implements Client.
func (hungry) HasRoom(int64) bool { return true }

// InHand implements Client.
func (hungry) InHand(time.Time) time.Duration { return 0 }

// begun is a speech of a whole text that no other speech has gone before, at a vendor that another could take over from.
func begun(caps upstream.Capabilities, of string) *Speech {
	var whole text.Buffer
	whole.Append(of)
	whole.Finish()
	pace, now := routing.DefaultPace(), time.Now()
	cutting := NewCutting(SharedRate(), now)
	s := New(Config{
		Text:              &whole,
		Cutting:           &cutting,
		Schedule:          text.Schedule{Gather: pace.ChunkSchedule, Max: pace.MaxPartialLength},
		Rivals:            true,
		Speed:             1,
		Output:            relaytest.FakeFormat,
		Voice:             position.VoiceKey{Provider: "alpha"},
		Caps:              caps,
		Voices:            position.NewVoiceModels(),
		FirstAudioTimeout: pace.FirstAudioTimeout,
		StallTimeout:      pace.StallTimeout,
		Client:            hungry{},
		Buffer:            30 * time.Second,
		Began:             now,
	})
	track := position.NewTrack(relaytest.FakeRate)
	s.Enter(&track, 0)
	return s
}

// order orders all of the text that the vendor may have.
func order(s *Speech) {
	for _, ok := s.Next(time.Now()); ok; _, ok = s.Next(time.Now()) {
		s.Give()
		s.Sent()
	}
}

// hear takes so much audio from the vendor, which is sent at once.
func hear(s *Speech, samples int) error {
	f := upstream.Frame{Format: relaytest.FakeFormat, Raw: relaytest.FakeFrame('a').Raw[:2*samples]}
	if err := s.Arrived(f.Format, len(f.Raw), time.Now()); err != nil {
		return err
	}
	if d := s.Detector(); d != nil {
		d.Hear(f.Raw)
	}
	s.align.track.Samples += audio.Samples(time.Duration(samples)*time.Second/relaytest.FakeRate, relaytest.FakeRate)
	return nil
}
