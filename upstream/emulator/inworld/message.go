package inworld

import "unicode/utf8"

// message is a command of a client's, of which there is one in each message.
type message struct {
	ContextID     string    `json:"contextId"`
	Create        *create   `json:"create"`
	SendText      *sendText `json:"send_text"`
	FlushContext  *struct{} `json:"flush_context"`
	UpdateConfig  *create   `json:"update_config"`
	CloseContext  *struct{} `json:"close_context"`
	CancelContext *struct{} `json:"cancel_context"`
}

type sendText struct {
	Text         string    `json:"text"`
	FlushContext *struct{} `json:"flush_context"`
}

// characters is the length of a text as the vendor counts.
func characters(text string) int { return utf8.RuneCountInString(text) }
