package server

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay/metrics"
	"voicerelay/routing"
	"voicerelay/server/answer"
	"voicerelay/upstream"
)

// Handler serves every endpoint.
func (srv *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	srv.mount(mux, srv.ownRoutes())
	for path, serve := range map[string]http.HandlerFunc{"/healthz": srv.healthy, "/readyz": srv.ready} {
		mux.HandleFunc("GET "+path, srv.open(serve))
		mux.HandleFunc(path, srv.open(srv.allowOnly("GET, HEAD")))
	}
	page := srv.open(srv.consolePage(srv.consoleAccess))
	for _, path := range consoleAt {
		mux.HandleFunc("GET "+path, page)
		mux.HandleFunc(path, srv.open(srv.allowOnly("GET, HEAD")))
	}
	mux.HandleFunc("/", srv.open(srv.notFound))
	return bounded(srv.forPages(mux))
}

// ownRoutes are the endpoints that are of no dialect, and want a key.
func (srv *Server) ownRoutes() []downstream.Route {
	var routes []downstream.Route
	for path, serve := range map[string]downstream.Handler{
		"/v1/live":          srv.admin(srv.live.Watch),
		"/v1/relays":        srv.admin(srv.live.Relays),
		"/v1/voices":        srv.listVoices,
		"/v1/routes":        srv.listRoutes,
		"/v1/providers":     srv.admin(srv.listProviders),
		"/v1/budgets":       srv.listBudgets,
		"/v1/keys":          srv.listKeys,
		"/v1/tenants":       srv.listTenants,
		"/v1/config":        srv.admin(srv.showConfiguration),
		"/v1/failures":      srv.listFailures,
		"/v1/usage":         srv.usage,
		"/v1/usage/records": srv.usageRecords,
		"/metrics":          srv.admin(srv.scrape),
	} {
		routes = append(routes, downstream.Route{Method: http.MethodGet, Path: path, Serve: serve})
	}
	return append(routes,
		downstream.Route{Method: http.MethodDelete, Path: "/v1/live/{record_id}", Serve: srv.admin(srv.live.Stop)},
		downstream.Route{Method: http.MethodGet, Path: "/v1/demo", Serve: srv.admin(srv.demo)},
		downstream.Route{Method: http.MethodPut, Path: "/v1/demo", Serve: srv.admin(srv.demo)},
	)
}

func (srv *Server) scrape(w http.ResponseWriter, r *http.Request, _ *access.Key) {
	promhttp.HandlerFor(srv.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// unwantedPatience bounds how long the server waits for a body that no handler reads. No client needs to send one, so it is
// short; it is long enough for one that comes right after its header.
const unwantedPatience = 2 * time.Second

// bounded cuts off a client that does not take its answer, or that announces a body and does not send it: the server
// reads what a handler has left of a body before it answers.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downstream.AllowTime(w)
		if r.Body != nil && r.Body != http.NoBody {
			// It fails only where the connection is over. Without a body there must be no deadline: it would end a request that
			// takes its time.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unwantedPatience))
		}
		next.ServeHTTP(w, r)
	})
}

// AdminHandler serves what operators want on an address of its own: it asks for no key, since only they reach it, and takes
// nothing from browser pages that had a name resolved to it.
func (srv *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	for path, serve := range srv.operatorRoutes() {
		mux.HandleFunc("GET "+path, serve)
	}
	mux.HandleFunc("/", srv.notFound)
	return bounded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := srv.setup.Load().checkAdminHost(r); err != nil {
			srv.Refuse(w, r, nil, err)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

func (srv *Server) healthy(w http.ResponseWriter, _ *http.Request) {
	answer.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// statusReady is the status of a relay that takes generations.
const statusReady = "ready"

// status is how the relay does, in a word.
func (srv *Server) status() string {
	switch {
	case srv.isLeaving():
		return "draining"
	case srv.standing().Unrecorded:
		return string(protocol.CodeLedgerUnavailable)
	case srv.memory.pressure() >= scarce:
		return "memory"
	}
	return statusReady
}

// ready says whether generations are taken, and whether this relay decides alone what all relays should.
func (srv *Server) ready(w http.ResponseWriter, _ *http.Request) {
	status, since := srv.status(), srv.standing().DegradedSince
	switch {
	case status != statusReady:
		answer.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": status})
	case !since.IsZero():
		told := map[string]any{"status": status, "degraded": true, "degraded_since": since.UTC().Format(time.RFC3339)}
		answer.JSON(w, http.StatusOK, told)
	default:
		answer.JSON(w, http.StatusOK, map[string]string{"status": status})
	}
}

func (srv *Server) listVoices(w http.ResponseWriter, _ *http.Request, key *access.Key) {
	answer.JSON(w, http.StatusOK, map[string]any{"voices": srv.setup.Load().Table().Voices(key.Allow)})
}

func (srv *Server) listRoutes(w http.ResponseWriter, _ *http.Request, key *access.Key) {
	answer.JSON(w, http.StatusOK, map[string]any{"routes": srv.setup.Load().Table().Routes(key.Allow)})
}

// providerEntry is a provider as operators see it.
type providerEntry struct {
	Name    string `json:"name"`
	Adapter string `json:"adapter"`
	// Circuit is that of the worst target.
	Circuit routing.State `json:"circuit"`
	// BudgetSpent: it is passed over, since nothing is left of what may be spent there.
	BudgetSpent  bool          `json:"budget_spent"`
	Targets      []targetState `json:"targets"`
	Capabilities capabilities  `json:"capabilities"`
	Active       int64         `json:"active"`
	// MaxConcurrent is how many may be under way at once; 0: any.
	MaxConcurrent int `json:"max_concurrent"`
	// Waiting is the attempts that wait for a place at a provider that is full.
	Waiting int `json:"waiting"`
	// Warm is the sockets that are open and have no stream.
	Warm         int              `json:"warm"`
	FirstAudioMS answer.Quantiles `json:"first_audio_ms"`
	// Errors are failures of the last hour, by their kind.
	Errors map[string]int `json:"errors"`
	// LastErrorAt is null where there was none.
	LastError   *string `json:"last_error"`
	LastErrorAt *string `json:"last_error_at"`
}

func quantilesOf(half, most time.Duration, heard bool) answer.Quantiles {
	if !heard {
		return answer.Quantiles{}
	}
	p50, p95 := half.Milliseconds(), most.Milliseconds()
	return answer.Quantiles{P50: &p50, P95: &p95}
}

// capabilities is what a provider can do, with what follows from it.
type capabilities struct {
	upstream.Capabilities
	// Resume is how a takeover from this provider knows where to go on.
	Resume string `json:"resume"`
}

// targetState is one of a provider's targets.
type targetState struct {
	Model   *string       `json:"model"`
	Circuit routing.State `json:"circuit"`
	// Since is null where the circuit was never otherwise, RetryAt where it is not open.
	Since   *string `json:"since"`
	RetryAt *string `json:"retry_at"`
}

func (srv *Server) listProviders(w http.ResponseWriter, _ *http.Request, _ *access.Key) {
	answer.JSON(w, http.StatusOK, map[string]any{"providers": srv.providerEntries(srv.metrics.Recent().LastHour(time.Now()))})
}

// providerEntries are in the order of the configuration. recent is the last hour.
func (srv *Server) providerEntries(recent metrics.Sum) []providerEntry {
	entries, set := []providerEntry{}, srv.setup.Load()
	for _, p := range set.Providers() {
		idle, _ := p.Sockets()
		caps := p.Capabilities()
		if caps.Markup == nil {
			caps.Markup = []string{}
		}
		entry := providerEntry{
			Name:          p.Name,
			Adapter:       p.Adapter,
			Circuit:       set.CircuitOf(p.Name),
			BudgetSpent:   set.Spent(p.Name),
			Waiting:       p.Slots().Queue(),
			Warm:          idle,
			Targets:       set.targetStates(p.Name),
			Capabilities:  capabilities{Capabilities: caps, Resume: caps.Resume()},
			Active:        p.Active(),
			MaxConcurrent: p.Places(),
			FirstAudioMS:  quantilesOf(srv.engine.FirstAudio(p.Name)),
			Errors:        map[string]int{},
		}
		if v := recent.Vendors[p.Name]; v != nil && v.Kinds != nil {
			entry.Errors = v.Kinds
		}
		if failure := p.LastError(); failure != nil {
			entry.LastError, entry.LastErrorAt = &failure.Message, answer.OptionalTime(failure.At)
		}
		entries = append(entries, entry)
	}
	return entries
}

func (set *setup) targetStates(provider string) []targetState {
	states := []targetState{}
	for _, t := range set.TargetsOf(provider) {
		standing := set.Standing(t)
		states = append(states, targetState{
			Model: downstream.Optional(t.Model), Circuit: standing.State,
			Since: answer.OptionalTime(standing.Since), RetryAt: answer.OptionalTime(standing.Retry),
		})
	}
	return states
}
