package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/voicerelay/voicerelay/client"
	"github.com/voicerelay/voicerelay/client/protocol"
)

// dial connects to a relay of the example's own.
func dial() (c *client.Client, done func()) {
	relay := exampleRelay()
	c, err := client.Dial(context.Background(), client.Config{URL: relay.URL, Key: os.Getenv("RELAY_API_KEY")})
	if err != nil {
		log.Fatal(err)
	}
	return c, func() {
		c.Close()
		relay.Close()
	}
}

// A whole text, and all of its audio.
func ExampleClient_Speak() {
	ctx := context.Background()
	c, done := dial()
	defer done()
	speech, err := c.Speak(ctx, client.Request{Text: "Hello from the relay.", Voice: "narrator"})
	if err != nil {
		log.Fatal(err)
	}
	var samples int
	for audio, err := range speech.Audio() {
		if err != nil {
			log.Fatal(err) // refused, failed or lost
		}
		samples += audio.Samples // play(audio.Data)
	}
	end, err := speech.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	heard := time.Duration(samples) * time.Second / 24000
	fmt.Println(end.Reason, end.Spoken.Char, heard.Milliseconds() == end.Usage.AudioMS)
	// Output: completed 21 true
}

// Text as a language model writes it. Speaking begins with the first sentence.
func ExampleClient_SpeakStream() {
	model := func(yield func(string, error) bool) {
		for token := range strings.SplitAfterSeq("One moment. I look it up for you.", " ") {
			if !yield(token, nil) {
				return
			}
		}
	}
	ctx := context.Background()
	c, done := dial()
	defer done()
	speech, err := c.SpeakStream(ctx, client.Request{}, model)
	if err != nil {
		log.Fatal(err)
	}
	for _, err := range speech.Audio() {
		if err != nil {
			log.Fatal(err)
		}
	}
	end, err := speech.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(end.Reason, end.Usage.Characters)
	// Output: completed 33
}

// A speech is an io.Writer too.
func ExampleSpeech_Write() {
	ctx := context.Background()
	c, done := dial()
	defer done()
	speech, err := c.Speak(ctx, client.Request{Open: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(speech, "You are number %d in the queue.", 3)
	if err := speech.Finish(); err != nil { // it has the errors of what was written, too
		log.Fatal(err)
	}
	end, err := speech.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(end.Spoken.Char)
	// Output: 30
}

// The words of a speech, and who speaks them.
func ExampleSpeech_Events() {
	c, done := dial()
	defer done()
	speech, err := c.Speak(context.Background(), client.Request{Text: "Good morning.", WordTimestamps: true})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range speech.Events() {
		if err != nil {
			log.Fatal(err)
		}
		switch e := event.(type) {
		case protocol.Started:
			fmt.Println("by", e.Provider)
		case protocol.Rerouted:
			fmt.Println("by", e.To, "from character", e.ResumeChar)
		case protocol.Timestamps:
			for _, word := range e.Words {
				fmt.Printf("%s is characters %d to %d\n", word.Word, word.CharStart, word.CharEnd)
			}
		}
	}
	// Output:
	// by tone
	// Good is characters 0 to 4
	// morning is characters 5 to 12
}

// The caller interrupts. Vendors speak faster than they are heard, so the generation has often ended by then.
func ExampleSpeech_CancelAt() {
	ctx := context.Background()
	c, done := dial()
	defer done()
	speech, err := c.Speak(ctx, client.Request{Text: "Your order has left the warehouse and will be with you tomorrow."})
	if err != nil {
		log.Fatal(err)
	}
	for range speech.Audio() {
		break // the caller speaks
	}
	heard, err := speech.CancelAt(ctx, 0) // how much of the audio has left the speaker
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(heard.Char)
	// Output: 0
}

// The caller interrupts a turn of several speeches.
func ExampleClient_CancelContext() {
	ctx := context.Background()
	c, done := dial()
	defer done()
	var turn []*client.Speech
	for _, sentence := range []string{"Let me see.", "There are three flights."} {
		speech, err := c.Speak(ctx, client.Request{Text: sentence, ContextID: "turn-7"})
		if err != nil {
			log.Fatal(err)
		}
		turn = append(turn, speech)
	}
	if _, err := turn[0].Wait(ctx); err != nil {
		log.Fatal(err)
	}
	played := map[*client.Speech]time.Duration{turn[0]: time.Minute, turn[1]: 0}
	heard, err := c.CancelContext(ctx, "turn-7", played)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(heard[turn[0]].Char, heard[turn[1]].Char)
	// Output: 11 0
}
