package speech

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
)

// Speech is one vendor's speech of a text. Its owner guards it.
type Speech struct {
	cfg Config // static

	// Each knows those before it.
	arrivals arrivals
	orders   orders
	align    alignment
}

// New is a speech of which nothing was ordered yet.
func New(cfg Config) *Speech {
	s := &Speech{cfg: cfg}
	s.arrivals.cfg = &s.cfg
	s.orders.cfg, s.orders.arrivals = &s.cfg, &s.arrivals
	s.align.cfg, s.align.arrivals, s.align.orders = &s.cfg, &s.arrivals, &s.orders
	s.orders.cutFrom(cfg.From)
	if s.align.listens() {
		s.align.detector = audio.NewSilenceDetector(cfg.Output)
	}
	return s
}

// Enter puts the speech behind the audio that a track has, and behind so much that is sent before its own, in samples. From now on it
// is the speech that is sent.
func (s *Speech) Enter(track *position.Track, before int64) {
	s.align.track = track
	s.align.base = track.Samples + before
	for i := range s.orders.pieces {
		s.orders.pieces[i].track = track.AddPiece(s.orders.pieces[i].Piece)
	}
	for i := range s.align.early {
		s.align.early[i].Start += s.align.base
		s.align.early[i].End += s.align.base
	}
	track.AddWords(s.align.early)
	s.align.early = nil
}

// Leave says that another speech is sent from now on, or none.
func (s *Speech) Leave() { s.align.track = nil }

// Arrived takes note of a frame's audio, of so many bytes. An error says that the vendor is out of control.
func (s *Speech) Arrived(f audio.Format, n int, at time.Time) error {
	return s.arrivals.take(f, n, at, s.orders.expected)
}

// Audio is how much has come.
func (s *Speech) Audio() time.Duration { return s.arrivals.clock.duration() }

// HasSpoken reports whether any audio has come.
func (s *Speech) HasSpoken() bool { return !s.arrivals.lastFrame.IsZero() }

// Interval is the usual time between two frames; 0: not known.
func (s *Speech) Interval() time.Duration { return s.arrivals.interval }

// QuietFrom is from when on the vendor counts as silent, if no frame comes.
func (s *Speech) QuietFrom(now time.Time) time.Time { return s.arrivals.quietFrom(now) }

// Detector hears the speech's audio, as it is sent; nil: word times are enough.
func (s *Speech) Detector() *audio.SilenceDetector { return s.align.detector }

// Heard is what was heard of words between two places in the audio that is sent.
func (s *Speech) Heard(beats []text.Beat, from, to int64) position.Hearing {
	return s.align.heard(beats, from, to)
}

// IsSent reports whether it is the speech that is sent: from Enter to Leave.
func (s *Speech) IsSent() bool { return s.align.track != nil }
