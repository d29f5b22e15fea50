package delivery

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/awake"
	"voicerelay/limits"
)

// ConnConfig is what a connection works with.
type ConnConfig struct {
	Limits  limits.Config
	Delay   prometheus.Observer // of each frame of audio, in seconds
	Awake   *awake.Clock        // tells time in which this process runs; nil: it always does
	Backlog *Backlog            // that the outbox is counted in
	// Lead is how far audio may be sent ahead of its playback; zero: as far as the client takes it. It is for clients that
	// leave a socket unread when their listener interrupts, and say nothing: what waits here can still be dropped.
	Lead time.Duration
	// PlainCodes: no close code is one of the relay's own protocol, and a client that leaves its socket unread is at no fault:
	// some answer no ping between two turns (livekit-plugins-cartesia 1.8.9). TCP finds those that are gone.
	PlainCodes bool
}

// Owner is whom a connection asks and tells about its generations.
type Owner interface {
	// Running is how many of them run, and when the last one ended.
	Running(now time.Time) (running int, quiet time.Time)
	// Closing has them stopped: the connection is about to be closed.
	Closing()
	// Failed ends the session: nothing can be written any more.
	Failed(err error)
}
