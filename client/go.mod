module github.com/voicerelay/voicerelay/client

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/goccy/go-yaml v1.19.2
	go.uber.org/goleak v1.3.0
	pgregory.net/rapid v1.3.0
)
