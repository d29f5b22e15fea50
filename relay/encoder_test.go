package relay

import (
	"strconv"

	"voicerelay/relay/refusals"
	"voicerelay/routing"
)

// testEncoder makes messages in JSON, or audio alone.
type testEncoder struct{ form AudioForm }

var _ Encoder = testEncoder{}

// Form implements Encoder.
func (e testEncoder) Form() AudioForm { return e.form }

// AppendHead implements Encoder.
func (e testEncoder) AppendHead(dst []byte, f Frame) []byte {
	if e.form == Raw {
		return dst
	}
	dst = append(dst, `{"type":"audio","seq":`...)
	dst = strconv.AppendUint(dst, uint64(f.Seq), 10)
	dst = append(dst, `,"start_ms":`...)
	dst = strconv.AppendInt(dst, f.Start.Milliseconds(), 10)
	dst = append(dst, `,"samples":`...)
	dst = strconv.AppendInt(dst, f.Samples, 10)
	return append(dst, `,"audio":"`...)
}

// AppendTail implements Encoder.
func (e testEncoder) AppendTail(dst []byte, _ Frame) []byte {
	if e.form == Raw {
		return dst
	}
	return append(dst, `"}`...)
}

// Started implements Encoder.
func (testEncoder) Started(Started) []byte { return testMessage("started") }

// Rerouted implements Encoder.
func (testEncoder) Rerouted(Rerouted) []byte { return testMessage("rerouted") }

// Words implements Encoder.
func (testEncoder) Words(Words) []byte { return testMessage("words") }

// Ended implements Encoder.
func (testEncoder) Ended(Result) []byte { return testMessage("ended") }

func testMessage(kind string) []byte { return []byte(`{"type":"` + kind + `"}`) }

// nobody listens to a generation.
type nobody struct{}

var _ Listener = nobody{}

// Accepted implements Listener.
func (nobody) Accepted(*Generation) {}

// Refused implements Listener.
func (nobody) Refused(*Generation, *refusals.Error) {}

// Ended implements Listener.
func (nobody) Ended(*Generation) {}

// Speaking implements Listener.
func (nobody) Speaking(*Generation, routing.Target, bool) {}
