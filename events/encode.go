package events

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"voicerelay/billing"
)

// maxBody bounds a batch, which receivers and what is before them refuse if it is too large: many take a mebibyte. One event alone may have more.
const maxBody = 512 << 10

// encoder makes events of the ledger CloudEvents.
type encoder struct {
	relay  string // names it, over all relays
	record func(*billing.Record) ([]byte, error)
}

// encode is one event in JSON.
func (c encoder) encode(e *billing.Event) ([]byte, error) {
	out := event.New(event.CloudEventsVersionV1)
	out.SetID(e.ID)
	out.SetType(string(e.Type))
	out.SetSource(c.source(e.Type))
	out.SetSubject(e.Subject)
	out.SetTime(e.Time.UTC())
	data := e.Data
	if e.Record != nil {
		text, err := c.record(e.Record)
		if err != nil {
			return nil, fmt.Errorf("encode record %s: %w", e.ID, err)
		}
		data = text
	}
	if err := out.SetData(event.ApplicationJSON, data); err != nil {
		return nil, fmt.Errorf("encode data of event %s: %w", e.ID, err)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	return text, nil
}

// source is where an event comes from. With the id it names the event: a budget is spent at all relays together, so that any of them
// may tell of it.
func (c encoder) source(t billing.EventType) string {
	if t == billing.BudgetThreshold {
		return "/voicerelay"
	}
	return "/voicerelay/" + c.relay
}

// batch is events that are sent together.
type batch struct {
	body   []byte // a JSON array
	events []billing.Event
	last   int64 // the number up to which nothing is left to send once the batch was accepted
}

// add takes an event into the batch. It reports false if there is no room for it.
func (b *batch) add(e billing.Event, text []byte) bool {
	if len(b.events) > 0 && len(b.body)+len(text)+len("[,]") > maxBody {
		return false
	}
	separator := byte('[')
	if len(b.events) > 0 {
		separator = ','
	}
	b.body = append(append(b.body, separator), text...)
	b.events, b.last = append(b.events, e), e.N
	return true
}

// request is what is sent for the batch.
func (b *batch) request(s *Sink, now time.Time) (body []byte, header http.Header, err error) {
	body = append(b.body[:len(b.body):len(b.body)], ']')
	header = http.Header{}
	for name, value := range s.Headers {
		header.Set(name, value)
	}
	header.Set("Content-Type", event.ApplicationCloudEventsBatchJSON)
	header.Set("User-Agent", "voicerelay")
	id := b.id()
	header.Set(webhooks.HeaderWebhookID, id)
	if s.Secret == "" {
		return body, header, nil
	}
	key, err := webhooks.NewWebhook(s.Secret)
	if err != nil {
		return nil, nil, fmt.Errorf("read the secret: %w", err)
	}
	signature, err := key.Sign(id, now, body)
	if err != nil {
		return nil, nil, fmt.Errorf("sign: %w", err)
	}
	header.Set(webhooks.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
	header.Set(webhooks.HeaderWebhookSignature, signature)
	return body, header, nil
}

// id names the batch: the same as long as the same events are in it.
func (b *batch) id() string {
	sum := sha256.New()
	for _, e := range b.events {
		fmt.Fprintf(sum, "%s %s\n", e.Type, e.ID)
	}
	return "msg_" + hex.EncodeToString(sum.Sum(nil)[:16])
}
