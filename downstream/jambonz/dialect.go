package jambonz

import (
	"net/http"

	"voicerelay/downstream"
)

// Dialect is that of jambonz' streams to a custom vendor.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "/jambonz" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	h := &host{on}
	return []downstream.Route{{Method: http.MethodGet, Path: "/stream", Upgrade: true, Key: downstream.AnyKey, Serve: h.accept}}
}
