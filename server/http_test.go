package server

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

func TestAnswerThatNobodyTakesIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		conn, err := r.pipe.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }() // the relay has closed it
		if _, err := io.WriteString(conn, "GET /v1/voices HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(answerPatience + time.Second)
		if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			t.Errorf("read %d bytes and %v after the patience, want the connection closed", n, err)
		}
	})
}
