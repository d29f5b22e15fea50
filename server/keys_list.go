package server

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"voicerelay/access"
	"voicerelay/limits"
	"voicerelay/server/answer"
)

// keyEntry is a key as operators see it listed: never the key itself.
type keyEntry struct {
	Name   string `json:"name"`
	Tenant string `json:"tenant"`
	// Secret is key or next_key: which of the two that bear the name.
	Secret string `json:"secret"`
	Admin  bool   `json:"admin"`
	// ExpiresAt is null where it does not expire, LastUsedAt where it was not used since the relay's start.
	ExpiresAt  *string   `json:"expires_at"`
	LastUsedAt *string   `json:"last_used_at"`
	Limits     keyLimits `json:"limits"`
}

// keyLimits are what each connection with the key may do, and all requests with it over HTTP together.
type keyLimits struct {
	GenerationsPerMinute     int `json:"generations_per_minute"`
	MaxConcurrentGenerations int `json:"max_concurrent_generations"`
	HTTPGenerationsPerMinute int `json:"http_generations_per_minute"`
	MaxConcurrentRequests    int `json:"max_concurrent_requests"`
	MaxTextCharacters        int `json:"max_text_characters"`
}

// tenantEntry is a tenant as operators see it listed.
type tenantEntry struct {
	Name string   `json:"name"`
	Keys []string `json:"keys"`
	// Limits are over all its connections; 0: no bound.
	Limits tenantLimits `json:"limits"`
}

type tenantLimits struct {
	GenerationsPerMinute     int `json:"generations_per_minute"`
	MaxConcurrentGenerations int `json:"max_concurrent_generations"`
}

// listKeys lists the keys of the key's tenant, or all for an admin's.
func (srv *Server) listKeys(w http.ResponseWriter, _ *http.Request, key *access.Key) {
	set, entries := srv.setup.Load(), []keyEntry{}
	for i := range set.keys {
		if of := &set.keys[i]; key.Admin || of.Tenant == key.Tenant {
			entries = append(entries, set.keyEntry(of))
		}
	}
	answer.JSON(w, http.StatusOK, map[string]any{"keys": entries})
}

func (set *setup) keyEntry(key *access.Key) keyEntry {
	entry := keyEntry{Name: key.Name, Tenant: key.Tenant, Secret: secretOf(key), Admin: key.Admin, Limits: limitsOf(key.Limits)}
	if !key.Expires.IsZero() {
		entry.ExpiresAt = new(key.Expires.UTC().Format(time.RFC3339))
	}
	if used := set.uses[key.Hash].last.Load(); used > 0 {
		entry.LastUsedAt = new(time.Unix(0, used).UTC().Format(time.RFC3339))
	}
	return entry
}

func limitsOf(l limits.Config) keyLimits {
	return keyLimits{
		GenerationsPerMinute:     l.GenerationsPerMinute,
		MaxConcurrentGenerations: l.MaxConcurrentGenerations,
		HTTPGenerationsPerMinute: l.HTTPRate(),
		MaxConcurrentRequests:    l.ConcurrentRequests(),
		MaxTextCharacters:        l.MaxTextCharacters,
	}
}

// listTenants lists the key's tenant, or all for an admin's.
func (srv *Server) listTenants(w http.ResponseWriter, _ *http.Request, key *access.Key) {
	set, entries := srv.setup.Load(), []tenantEntry{}
	for i := range set.keys {
		of := &set.keys[i]
		if !key.Admin && of.Tenant != key.Tenant {
			continue
		}
		at := slices.IndexFunc(entries, func(e tenantEntry) bool { return e.Name == of.Tenant })
		if at < 0 {
			at = len(entries)
			entries = append(entries, tenantEntry{Name: of.Tenant, Keys: []string{}, Limits: tenantLimits(of.TenantLimits)})
		}
		if !slices.Contains(entries[at].Keys, of.Name) {
			entries[at].Keys = append(entries[at].Keys, of.Name)
		}
	}
	slices.SortFunc(entries, func(a, b tenantEntry) int { return strings.Compare(a.Name, b.Name) })
	answer.JSON(w, http.StatusOK, map[string]any{"tenants": entries})
}
