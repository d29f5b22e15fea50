package together

import (
	"context"
	"strings"
	"sync"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// speechContext is one context. The connection's reader gives it items, and one goroutine speaks them.
//
// Nothing on the wire begins or ends it but its first use and a cancel. In the stats its stream is over whenever
// nothing of it is left to speak, and goes on with the next text.
type speechContext struct {
	// Static after contextOf.
	conn   *line
	id     string
	echoed bool // what is sent names it
	stop   context.CancelFunc
	over   chan struct{} // closed when the speaker has ended
	wake   chan struct{} // holds one token while items may wait

	// Owned by the reader.
	settings settings

	mu       sync.Mutex // guards what follows
	buffer   string     // text that is not in an item yet
	items    []item
	speaking bool
	spoke    bool
	open     bool // as the stats have it
	begun    bool // the stats have it, at index
	index    int
	fault    engine.Fault
	fresh    bool // the speaker has not seen the fault

	speaker // owned by the speaker, and after its end by the goroutine that waited for it
}

// item is what is spoken at once: a sentence, or what a commit found.
type item struct {
	text       string
	characters int // that are charged: white space is input too
	settings   settings
}

// speaker is what a context's speaker keeps from item to item.
type speaker struct {
	wrong   engine.Fault // what goes wrong
	since   int64        // samples that were generated before that was known
	samples int64        // generated, at the native rate
	count   int          // of items
	item    string       // the item_id of the one that has no done yet; empty: none
	rest    []byte       // its audio that is not sent yet
	turn    engine.Turn
	pacer   engine.Pacer
}

// meet makes the speaker know a fault.
func (k *speaker) meet(f engine.Fault, pace float64) {
	k.wrong, k.since = f, k.samples
	if f.Kind == engine.Slow {
		pace = 0.5
	}
	k.pacer = engine.Pacer{Pace: pace}
}

func newSpeechContext(c *line, id string, echoed bool, s settings) *speechContext {
	return &speechContext{
		conn: c, id: id, echoed: echoed, settings: s,
		over: make(chan struct{}), wake: make(chan struct{}, 1),
	}
}

// named is a message that names the context, where the vendor does so.
func (k *speechContext) named(o engine.Object) engine.Object {
	if k.echoed {
		o["context_id"] = k.id
	}
	return o
}

// append adds a text, and speaks what is whole of it.
// Sentences are spoken without a commit, where segment is "sentence": that is the default (guide).
func (k *speechContext) append(text string) {
	if text == "" {
		return
	}
	k.mu.Lock()
	k.buffer = k.conn.quirks.join(k.buffer, text)
	k.enterLocked()
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
	var parts []string
	parts, k.buffer = k.conn.quirks.appended(k.buffer, k.settings)
	taken := k.putLocked(parts)
	k.mu.Unlock()
	k.put(taken)
}

// commit speaks all that is buffered.
// An empty commit is not documented. Pipecat sends one after each turn, and takes a failure for its own; so that is not among
// what may answer it.
func (k *speechContext) commit() {
	k.mu.Lock()
	var parts []string
	switch {
	case strings.TrimSpace(k.buffer) != "":
		parts = k.conn.quirks.committed(k.buffer, k.settings)
	case k.conn.quirks.emptyCommit != "nothing":
		parts = []string{""}
	}
	k.buffer = ""
	taken := k.putLocked(parts)
	if k.begun {
		k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Flushes++ })
	}
	k.mu.Unlock()
	k.put(taken)
}

// clear drops what the speaker does not have yet.
// By the guide it drops text that is not being spoken yet, and lets go on what the model has. Whether an item that was
// committed and waits is the one or the other is drawn.
func (k *speechContext) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.buffer = ""
	if k.conn.quirks.clearsQueued {
		k.items = nil
	}
	k.settleLocked()
}

// putLocked queues items, and reports whether there was room for all.
func (k *speechContext) putLocked(parts []string) (taken bool) {
	for _, part := range parts {
		if len(k.items) == maxItems {
			return false
		}
		text := strings.TrimSpace(part)
		if text == "" && part != "" {
			continue // white space that an append speaks at once
		}
		k.items = append(k.items, item{text: text, characters: utf8.RuneCountInString(part), settings: k.settings})
	}
	if len(k.items) > 0 {
		k.enterLocked()
	}
	k.settleLocked()
	return true
}

// put tells the speaker of items, and the client of those that there was no room for.
func (k *speechContext) put(taken bool) {
	if !taken {
		k.conn.send(k.named(k.conn.quirks.unnamed("invalid_text", "Too much text is waiting")))
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// enterLocked enters the context in the stats, as one that has something to speak. Such a one takes the fault of
// the day: a stream that goes on has the fault that it began with, unless that was changed while it was silent.
func (k *speechContext) enterLocked() {
	if k.open {
		return
	}
	server := k.conn.server
	if fault := server.CurrentFault(); !k.begun || fault != k.fault {
		k.fault, k.fresh = fault, true
	}
	k.open = true
	if !k.begun {
		k.begun, k.index = true, server.Begin(k.id)
		return
	}
	server.Note(func(st *engine.Stats) { st.Streams[k.index].Over = false; st.OpenContexts++ })
}

// settleLocked notes that nothing is left to speak, where that is so.
func (k *speechContext) settleLocked() {
	if k.open && !k.leftLocked() {
		k.open = false
		k.conn.server.Finish(k.index)
	}
}

func (k *speechContext) leftLocked() bool {
	return k.speaking || len(k.items) > 0 || strings.TrimSpace(k.buffer) != ""
}

// spent reports whether the context has spoken and has nothing left.
func (k *speechContext) spent() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.spoke && !k.leftLocked()
}

// waiting is the number of characters that are not spoken yet.
func (k *speechContext) waiting() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := utf8.RuneCountInString(k.buffer)
	for _, item := range k.items {
		n += utf8.RuneCountInString(item.text)
	}
	return n
}

// halt stops the speaker, and waits for it.
func (k *speechContext) halt() {
	k.stop()
	<-k.over
	k.drop()
}

// drop forgets all that is not spoken.
func (k *speechContext) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.buffer, k.items = "", nil
	k.settleLocked()
}
