package delivery

import (
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// What a client may send. Reading a message takes processor time, and so does refusing it: a client that sends faster than
// any text is made waits for its connection, not others for the processor.
const (
	// leastIntake is in bytes a second, and at once: four of the longest messages that are allowed by default. A language
	// model writes some hundred bytes a second.
	leastIntake = 1 << 20
	// intakeMessages is how many of the longest messages a second may bring, where longer ones are allowed.
	intakeMessages = 4
	// messageCost is what a message counts beyond its bytes: the work that does not depend on them.
	messageCost = 256
	// refusalCost is what a message that is refused counts beyond that: it is answered, counted and told to the log. 256
	// refusals at once, and as many a second, are more than any client has use for.
	refusalCost = 4 << 10
	// intakePause is the shortest wait, so that a connection that is held back wakes seldom.
	intakePause = 10 * time.Millisecond
)

// messagePatience bounds how long a message may be under way, once it has begun. A slow phone needs a second or two
// for the longest one; one that takes longer than this only holds memory.
const messagePatience = 10 * time.Second

// turnLength is how many bytes a connection reads before others have their turn at the processor, which the Go scheduler
// would give them after 10 ms only.
const turnLength = 64 << 10

// intake holds back a client that sends too fast. It belongs to the connection's reader, and to the writer while that waits for the
// client's answer to a close.
type intake struct {
	bytes  *rate.Limiter
	inTurn atomic.Int64 // bytes
}

// newIntake is that of a connection whose messages have at most so many bytes.
func newIntake(maxMessageBytes int) intake {
	most := max(leastIntake, intakeMessages*maxMessageBytes)
	return intake{bytes: rate.NewLimiter(rate.Limit(most), most)}
}

// take counts what came, and waits where it was too much.
func (i *intake) take(n int) {
	if i.inTurn.Add(int64(n)) >= turnLength {
		i.inTurn.Store(0)
		runtime.Gosched()
	}
	if wait := i.bytes.ReserveN(time.Now(), min(n, i.bytes.Burst())).Delay(); wait > 0 {
		time.Sleep(max(wait, intakePause)) // short: no read brings more than a message
	}
}
