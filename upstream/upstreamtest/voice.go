package upstreamtest

import "time"

// frameSize is the bytes of audio in a frame where the plan says nothing.
const frameSize = 4800

// Voice is one stream at a scripted vendor. It is used by one goroutine.
type Voice struct {
	c    *Conn
	id   string
	stop <-chan struct{}
	sent int // frames
	dead bool
}

// Voice is a stream of that id, which falls silent when stop is closed.
func (c *Conn) Voice(id string, stop <-chan struct{}) *Voice {
	return &Voice{c: c, id: id, stop: stop}
}

// Say sends a text's audio as planned, each chunk in the frame that the script makes of it. It reports false where
// the stream has been stopped or has met its fault: the script says nothing more on it then.
func (v *Voice) Say(text string, frame func(audio []byte)) bool {
	plan := v.c.Plan()
	size := plan.Chunk
	if size == 0 {
		size = frameSize
	}
	audio := Speech(text)
	if plan.Torn {
		audio = append(audio, torn)
	}
	for len(audio) > 0 {
		if v.dead || !v.wait(plan.Gap) {
			return false
		}
		if plan.Fault != nil && v.sent >= plan.After {
			v.dead = true
			plan.Fault(v.c, v.id)
			return false
		}
		n := min(size, len(audio))
		frame(audio[:n])
		audio = audio[n:]
		v.sent++
	}
	return !v.dead
}

// wait reports whether the stream goes on after d.
func (v *Voice) wait(d time.Duration) bool {
	if d > 0 { // Go 1.26's race detector may crash at the channel of a timer that is due at once, on fake time
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-v.stop:
		case <-v.c.over:
		}
	}
	select {
	case <-v.stop:
		return false
	case <-v.c.over:
		return false
	default:
		return true
	}
}
