package tests

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// receiveBuffer is small beside the audio of these tests, so that the relay soon feels that nothing is taken, and larger
// than a segment on loopback, or TCP itself would crawl.
const receiveBuffer = 128 << 10

// A rawSocket is a WebSocket whose reading the test paces itself. The client can't be used for this: it always reads.
type rawSocket struct {
	t    *testing.T
	conn *net.TCPConn
	in   *bufio.Reader
}

func (r *relay) rawDial(t *testing.T, query string) *rawSocket {
	t.Helper()
	address := strings.TrimPrefix(r.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // closed already where the test has done so
	tcp := conn.(*net.TCPConn)
	if err := tcp.SetReadBuffer(receiveBuffer); err != nil {
		t.Fatal(err)
	}
	s := &rawSocket{t, tcp, bufio.NewReaderSize(tcp, 1024)}
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	s.write(fmt.Appendf(nil, "GET /v1/speech?%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", query, address, base64.StdEncoding.EncodeToString(key)))
	res, err := http.ReadResponse(s.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %s", res.Status)
	}
	return s
}

func (s *rawSocket) write(b []byte) {
	s.t.Helper()
	if err := s.conn.SetWriteDeadline(time.Now().Add(deadline)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.conn.Write(b); err != nil {
		s.t.Fatalf("send: %v", err)
	}
}

// send sends a command in a frame masked with zeros, which any server takes.
func (s *rawSocket) send(cmd j) {
	s.t.Helper()
	data, err := json.Marshal(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	frame := []byte{0x81, 0x80 | 126}
	frame = binary.BigEndian.AppendUint16(frame, uint16(len(data)))
	frame = append(frame, 0, 0, 0, 0)
	s.write(append(frame, data...))
}

// next reads one frame.
func (s *rawSocket) next() (opcode byte, payload []byte, err error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		return 0, nil, err
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(s.in, head); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1])
	if more := map[uint64]int{126: 2, 127: 8}[n]; more > 0 {
		long := make([]byte, 8)
		if _, err := io.ReadFull(s.in, long[8-more:]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(long)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(s.in, payload)
	return head[0] & 0x0f, payload, err
}

// loud is the format with the most bytes a second that needs no resampling, which under the race detector would be what is slow.
func loud() format { return format{"pcm_f32le", 24000} }

// stall opens a connection that asks for much and takes nothing.
func (r *relay) stall(t *testing.T, v *vendor, generations int) *rawSocket {
	t.Helper()
	s := r.rawDial(t, "")
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 20))
	for i := range generations {
		s.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": text, "output": loud()})
	}
	v.sees("the stalled client's contexts", func(s emulator.Stats) bool { return s.OpenContexts >= generations })
	return s
}

func TestAStalledClientDelaysNoOther(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 100})
	r := serve(t, speaksByOne(v).limit(map[string]any{"write_timeout": "60s"}))
	other := r.dial(t)
	r.stall(t, v, 4)
	for i := range uint64(10) {
		id := fmt.Sprint("g", i)
		other.send(j{"type": "generate", "generation_id": id, "text": sentence(i, 4)})
		m := other.completed(id)
		if first := *m.Timing.FirstAudioMS; first > 8000 {
			t.Errorf("%s: first audio after %d ms beside a stalled client", id, first)
		}
		other.speaks(id, sentence(i, 4))
	}
	if n := r.metric(t, "relay_connections"); n != 2 {
		t.Errorf("%v connections: the stalled one is gone, and has shown nothing", n)
	}
}

func TestAStalledClientIsDroppedAfterTheWriteTimeout(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	r := serve(t, speaksByOne(v).limit(map[string]any{"write_timeout": "1s", "buffer": "60s"}))
	r.stall(t, v, 2)
	r.awaitMetric(t, "relay_connections", func(n float64) bool { return n == 0 })
	v.sees("no context left", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
}

// Slowness is never an error, however little may wait: what a client takes in its own time comes whole.
func TestASlowClientIsServedToTheEnd(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	// Audio for a minute and more, of which little may wait: the vendor gets its pieces as the client takes the audio.
	cfg := speaksByOne(v).limit(map[string]any{"buffer": "2s", "write_timeout": "10s"})
	r := serve(t, cfg)
	s := r.rawDial(t, "")
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 6))
	s.send(j{"type": "generate", "generation_id": "g", "text": text, "output": loud()})
	rules := newContract(false)
	if err := rules.sent(fmt.Appendf(nil, `{"type":"generate","generation_id":"g","text":%q,"output":{"encoding":"pcm_f32le","sample_rate":24000}}`, text)); err != nil {
		t.Fatal(err)
	}
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for {
		opcode, payload, err := s.next()
		if err != nil {
			t.Fatalf("the slow client was cut off: %v", err)
		}
		if opcode != 1 {
			continue // a ping is answered by taking bytes
		}
		m, err := rules.received(payload, false)
		if err != nil {
			t.Fatalf("the protocol is broken: %v\n%s", err, m)
		}
		if m.kind == "done" {
			if m.Reason != "completed" {
				t.Errorf("done %s, want completed", m.Reason)
			}
			return
		}
		<-pace.C
	}
}

// What waits for a client is bounded by withholding text from the vendor.
func TestAStalledClientBoundsWhatTheVendorGets(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	cfg := speaksByOne(v).limit(map[string]any{"buffer": "3s", "write_timeout": "60s"}).
		amend("default", func(r *route) { r.MaxPartialLength = 60 })
	r := serve(t, cfg)
	s, other := r.rawDial(t, ""), r.dial(t)
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 50))
	s.send(j{"type": "generate", "generation_id": "g", "text": text, "output": loud()})
	v.sees("the first piece", func(s emulator.Stats) bool { return s.OpenContexts == 1 })
	// Another's work in the meantime gives the relay all the time it needs to send more than it should.
	for i := range uint64(20) {
		other.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(i, 8)})
		other.completed(fmt.Sprint("g", i))
	}
	total := len([]rune(text))
	if sent := charactersOf(v, threeSentences[:20]); sent > total/4 {
		t.Errorf("the vendor has got %d of %d characters for a client that takes nothing", sent, total)
	}
	if err := s.conn.Close(); err != nil {
		t.Fatal(err)
	}
	v.sees("no context left", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
}

// charactersOf is how many characters went to the vendor in streams whose text begins so.
func charactersOf(v *vendor, beginning string) int {
	n := 0
	for _, s := range v.Stats().Streams {
		if all := strings.Join(s.Texts, ""); strings.HasPrefix(strings.TrimSpace(all), beginning) {
			n += len([]rune(all))
		}
	}
	return n
}

// What waits for a client that is slow to take it is sent in turn: a short answer is not behind half a minute of another
// generation's audio.
func TestGenerationsTakeTurns(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	r := serve(t, speaksByOne(v))
	s := r.rawDial(t, "")
	s.send(j{"type": "generate", "generation_id": "long", "text": strings.Repeat(threeSentences+" ", 20), "output": loud()})
	v.sees("half a minute of the long one", func(s emulator.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio > 30*time.Second })
	s.send(j{"type": "generate", "generation_id": "short", "text": "lazy dog.", "output": loud()})
	r.awaitMetric(t, "relay_first_audio_seconds_count", func(n float64) bool { return n == 2 })
	before := 0
	for {
		m := s.message(t)
		if m.kind == "done" && m.ID == "short" {
			break
		}
		if m.kind == "audio" && m.ID == "long" {
			before++
		}
	}
	// Half a minute are over a hundred frames; of those some stand in the kernel's buffers already.
	if before > 60 {
		t.Errorf("%d frames of the long generation came before the short one's end", before)
	}
	s.send(j{"type": "cancel", "all": true})
}

// A command and its answer go ahead of a queue of audio.
func TestAnswersGoAheadOfAudio(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	s := r.rawDial(t, "")
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 6))
	s.send(j{"type": "generate", "generation_id": "g", "text": text, "output": loud()})
	kinds := map[string]int{}
	for kinds["audio"] == 0 {
		kinds[s.message(t).kind]++
	}
	s.send(j{"type": "cancel", "generation_id": "g"})
	for kinds["done"] == 0 {
		kinds[s.message(t).kind]++
	}
	// What stands in the kernel's buffers can't be recalled; it must be little of a minute of audio.
	if kinds["audio"] > 40 {
		t.Errorf("%d frames came before the cancelled generation's done", kinds["audio"])
	}
	s.send(j{"type": "ping"})
	if kind := s.message(t).kind; kind != "pong" {
		t.Errorf("after done came %s, want pong", kind)
	}
}

// message reads the next message, past pings.
func (s *rawSocket) message(t *testing.T) message {
	t.Helper()
	opcode, payload, err := s.next()
	if err != nil {
		t.Fatal(err)
	}
	if opcode != 1 {
		return message{kind: "control"}
	}
	m, err := parseText(payload)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
