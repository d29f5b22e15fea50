package fish

import (
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// reply is a frame to the adapter.
type reply map[string]any

// message is any message from the adapter.
type message struct {
	Event   string         `msgpack:"event"`
	Text    string         `msgpack:"text"`
	Request map[string]any `msgpack:"request"`
}

func read(data []byte) (m message) {
	if err := msgpack.Unmarshal(data, &m); err != nil {
		panic(err) // the adapter's mistake
	}
	return m
}

// audioOf is a frame of a chunk. Times are those of the words so far; nil: no news.
func audioOf(sequence int, content string, audio []byte, words []upstream.Word) reply {
	r := reply{
		"event": eventAudio, "audio": audio, "time": 12.5, "content": content, "alignment": nil, "chunk_seq": sequence, "chunk_audio_offset_sec": 0.25,
	}
	if words != nil {
		segments := []reply{}
		for _, w := range words {
			segments = append(segments, reply{"text": w.Text, "start": w.Start.Seconds(), "end": w.End.Seconds()})
		}
		r["alignment"] = reply{"segments": segments, "audio_duration": 1}
	}
	return r
}

// script plays the vendor, for which each flush is a chunk.
func script(c *upstreamtest.Conn) {
	chunks := make(chan string, 128)
	c.Go(func() { speak(c, chunks) })
	var buffer string
	for started := false; ; {
		data, ok := c.Next()
		if !ok {
			return
		}
		m := read(data)
		if (m.Event == eventStart) == started {
			panic("one start, at first")
		}
		started = true
		switch m.Event {
		case eventText:
			buffer += m.Text
		case eventFlush:
			chunks <- buffer
			buffer = ""
		case eventStop:
			close(chunks)
		}
	}
}

// speak speaks chunks until there are no more.
func speak(c *upstreamtest.Conn, chunks <-chan string) {
	voice := c.Voice("", nil)
	for sequence := 0; ; sequence++ {
		var text string
		var more bool
		select {
		case text, more = <-chunks:
		case <-c.Over():
			return
		}
		if !more {
			c.SendBinary(encode(reply{"event": eventFinish, "reason": reasonStop, "time": 1.5}))
			c.Close(1000)
			return
		}
		words, said := upstreamtest.Words(text), 0
		whole := voice.Say(text, func(audio []byte) {
			said += len(audio)
			var heard []upstream.Word
			for _, w := range words {
				if w.End <= time.Duration(said/2)*time.Second/24000 {
					heard = append(heard, w)
				}
			}
			c.SendBinary(encode(audioOf(sequence, text, audio, heard)))
		})
		if !whole {
			return
		}
		c.SendBinary(encode(audioOf(sequence, text, nil, words))) // the last snapshot has no audio
	}
}
