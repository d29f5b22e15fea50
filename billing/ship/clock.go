package ship

import "time"

// Bounds on how far clocks may be apart.
const (
	clockWarning = 2 * time.Second  // beyond it the operator is told: sums of neighbouring hours begin to mix
	clockSilence = 10 * time.Minute // between two such lines
	clockDoubt   = time.Second      // what an exchange that took longer says of clocks is not worth much
)

// ClockOffset is how far this machine's clock is ahead of Redis', as of the last heartbeat; negative: behind. 0 until it is
// known.
func (s *Shipper) ClockOffset() time.Duration { return time.Duration(s.offset.Load()) }

// compareClocks takes Redis' time as that of the middle of the exchange, and tells of a clock that is wrong.
func (s *Shipper) compareClocks(asked time.Time, server time.Time) {
	took := time.Since(asked)
	if took > clockDoubt {
		return
	}
	offset := asked.Add(took / 2).Sub(server).Round(time.Millisecond)
	s.offset.Store(int64(offset))
	if offset.Abs() <= clockWarning || time.Since(s.toldOfClock) < clockSilence {
		return
	}
	s.toldOfClock = time.Now()
	s.cfg.Log.Warn().Int64("ahead_ms", offset.Milliseconds()).
		Msg("this machine's clock and redis' are apart: records, and hours in reports, are as this machine's says")
}
