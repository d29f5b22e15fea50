package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"voicerelay/access"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// KeySettings is a client's key, and the secret that is to replace its own.
type KeySettings struct {
	access.Key
	// NextHash is the SHA-256 of the key that is to replace this one; zero: none.
	NextHash [sha256.Size]byte
}

// of takes over what holds for all keys of a tenant.
func (k KeySettings) of(tenant tenantConfig) KeySettings {
	k.Tenant, k.Allow, k.TenantLimits = tenant.Name, tenant.Allow, tenant.Limits
	if tenant.Budget != nil {
		k.Budget, k.AlertAt, k.AllowUnpriced = tenant.Budget.limit(), tenant.Budget.alerts(), tenant.Budget.AllowUnpriced
	}
	return k
}

// localTenant owns what clients do where there are no keys.
const localTenant = "local"

// localSettings is what holds for clients where there are no keys: they are this machine's own, so raw targets and
// voices are theirs to use.
func localSettings(file *fileConfig) KeySettings {
	key := KeySettings{Key: access.Key{Name: localTenant, Admin: true, Limits: file.Limits}}.of(file.tenant(localTenant))
	key.Allow.Raw = true
	return key
}

// weakKey is the length below which a key could be guessed.
const weakKey = 16

func settleKeys(file *fileConfig, d *decoder) []KeySettings {
	r := d.remarks
	for _, t := range file.Tenants {
		t.check(file, r)
	}
	keys := make([]KeySettings, 0, len(file.Keys))
	for i, k := range file.Keys {
		path := fmt.Sprintf("keys[%d]", i)
		key := KeySettings{Key: access.Key{Name: k.Name, Admin: k.Admin, Strict: k.Strict}}.of(file.tenant(k.Tenant))
		checkLabel(k.Name, path+".name", r)
		checkLabel(k.Tenant, path+".tenant", r)
		k.warnUnlisted(path, file, r)
		key.Hash = secretPair{"key", k.Key, "key_sha256", k.KeySHA256}.hash(path, r)
		if k.NextKey != nil || k.NextKeySHA256 != nil {
			key.NextHash = secretPair{"next_key", k.NextKey, "next_key_sha256", k.NextKeySHA256}.hash(path, r)
		}
		key.Expires = k.expiry(path, time.Now(), r)
		key.Limits = k.limits(file.Limits, path, d)
		k.checkBudget(&key.Key, path, r)
		checkUnique(key, keys, path, r)
		keys = append(keys, key)
	}
	if len(file.Keys) == 0 && !r.faulty("listen") && !IsLoopback(file.Listen) {
		r.fault("listen", "must be a loopback address where no keys are configured, since anyone could speak at your expense")
	}
	return keys
}

func checkLabel(name, path string, r *remarks) {
	switch {
	case name == "":
		r.fault(path, "is missing")
	case !isName(name):
		r.fault(path, "must be 1 to 64 letters, digits, dots, dashes and underscores")
	}
}

func checkUnique(key KeySettings, before []KeySettings, path string, r *remarks) {
	for _, other := range before {
		if other.Name == key.Name && key.Name != "" {
			r.fault(path+".name", "is the name of another key too")
		}
		if key.shares(other.Hash) || key.shares(other.NextHash) {
			r.fault(path, fmt.Sprintf("is the same key as %s", other.Name))
		}
	}
	if key.Hash == key.NextHash && key.Hash != [sha256.Size]byte{} {
		r.fault(path, "has the same key for its next one")
	}
}

// shares reports whether a hash is one of the key's.
func (k KeySettings) shares(hash [sha256.Size]byte) bool {
	return hash != [sha256.Size]byte{} && (hash == k.Hash || hash == k.NextHash)
}

// secretPair is the two ways of writing one secret, with their names in the file.
type secretPair struct {
	name    string
	secret  *upstream.Secret
	sumName string
	sum     *string
}

// hash is the secret's SHA-256, or zero where that is at fault.
func (p secretPair) hash(path string, r *remarks) (hash [sha256.Size]byte) {
	switch {
	case p.secret != nil && p.sum != nil:
		r.fault(path, fmt.Sprintf("must have either %s or %s, not both", p.name, p.sumName))
	case p.secret != nil:
		key, path := p.secret.Reveal(), join(path, p.name)
		if reason := keyFault(key); reason != "" {
			r.fault(path, reason)
			return hash
		}
		if len(key) < weakKey {
			r.warn(path, fmt.Sprintf("is shorter than %d characters, so it could be guessed", weakKey))
		}
		return sha256.Sum256([]byte(key))
	case p.sum != nil:
		sum, err := hex.DecodeString(*p.sum)
		if err != nil || len(sum) != len(hash) {
			r.fault(join(path, p.sumName), "must be 64 hexadecimal digits")
			return hash
		}
		copy(hash[:], sum)
	default:
		r.fault(path, fmt.Sprintf("must have %s or %s", p.name, p.sumName))
	}
	return hash
}

// expiresSoon is how long before a key expires every start and reload warns of it: a week, so that who looks at the log on
// working days sees it in time.
const expiresSoon = 7 * 24 * time.Hour

// expiry is when the key expires; zero: never, or at fault.
func (k keyConfig) expiry(path string, now time.Time, r *remarks) time.Time {
	if k.Expires == "" {
		return time.Time{}
	}
	path += ".expires"
	expires, err := time.Parse(time.RFC3339, k.Expires)
	switch {
	case err != nil:
		r.fault(path, "must be a time of RFC 3339, such as 2027-01-31T12:00:00Z")
		return time.Time{}
	case !now.Before(expires):
		r.warn(path, "is over: the key is refused")
	case expires.Sub(now) < expiresSoon:
		r.warn(path, fmt.Sprintf("is in less than a week: the key is refused from %s on", expires.UTC().Format(time.RFC3339)))
	}
	return expires
}

// keyFault says why clients could not send a key, or nothing.
func keyFault(key string) string {
	if key == "" {
		return "expands to nothing"
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return "has a character that can't stand in a header: only visible ASCII can"
		}
	}
	return ""
}

// limits are the key's own where it has any, and the file's for the rest.
func (k keyConfig) limits(common limits.Config, path string, d *decoder) limits.Config {
	own, path := common, path+".limits"
	_ = d.decode(k.Limits, &own) // its faults are noted, and what is right is checked below
	own.Validate(func(field, reason string) {
		if _, stated := d.remarks.places[join(path, field)]; stated { // else it is the file's own, and its fault
			d.remarks.fault(join(path, field), reason)
		}
	})
	if own.MaxConnections != common.MaxConnections {
		d.remarks.fault(join(path, "max_connections"), "holds for the whole relay, so a key has none of its own: there is max_connections_per_key")
	}
	if own.MaxConnectionsPerTenant != common.MaxConnectionsPerTenant {
		d.remarks.fault(join(path, "max_connections_per_tenant"), "holds for all tenants, so a key has none of its own")
	}
	return own
}

func (t tenantConfig) check(file *fileConfig, r *remarks) {
	path := join("tenants", t.Name)
	t.Limits.Validate(r.below(path + ".limits"))
	if t.Budget != nil {
		t.Budget.validate(r.below(path + ".budget"))
	}
	for i, name := range t.Allow.Routes {
		if !slices.ContainsFunc(file.Routes, func(route routing.Route) bool { return route.Name == name }) {
			r.fault(fmt.Sprintf("%s.allow.routes[%d]", path, i), fmt.Sprintf("unknown route %q", name))
		}
	}
	for i, name := range t.Allow.Voices {
		if !file.hasVoice(name) {
			r.fault(fmt.Sprintf("%s.allow.voices[%d]", path, i), fmt.Sprintf("unknown voice %q", name))
		}
	}
	t.checkKnown(file, r)
}

// checkKnown notes a tenant that no key has. Its name may be mistyped: then the tenant that is meant may do all that this
// entry forbids, which with a budget costs money.
func (t tenantConfig) checkKnown(file *fileConfig, r *remarks) {
	known := slices.ContainsFunc(file.Keys, func(k keyConfig) bool { return k.Tenant == t.Name })
	switch path := join("tenants", t.Name); {
	case known || len(file.Keys) == 0 && t.Name == localTenant:
	case t.Budget != nil:
		r.fault(path, "no key has this tenant, so its budget bounds nobody")
	default:
		r.warn(path, "no key has this tenant")
	}
}

// warnUnlisted warns of a key's tenant that is not listed where others are: it may be mistyped.
func (k keyConfig) warnUnlisted(path string, file *fileConfig, r *remarks) {
	listed := slices.ContainsFunc(file.Tenants, func(t tenantConfig) bool { return t.Name == k.Tenant })
	if !listed && len(file.Tenants) > 0 && k.Tenant != "" {
		r.warn(path+".tenant", fmt.Sprintf("%s is not listed under tenants, so it has no budget, no limits of its own, and all routes and voices", k.Tenant))
	}
}

// checkBudget checks a key's budget, which holds beside that of its tenant, and puts it into force.
func (k keyConfig) checkBudget(key *access.Key, path string, r *remarks) {
	if k.Budget == nil {
		return
	}
	path += ".budget"
	k.Budget.validate(r.below(path))
	if of := key.Budget.Currency; of != "" && k.Budget.Currency != of && !r.faulty(path) {
		r.fault(path+".currency", fmt.Sprintf("must be %s, as the budget of tenant %s is", of, k.Tenant))
	}
	key.OwnBudget, key.OwnAlertAt = k.Budget.limit(), k.Budget.alerts()
	key.AllowUnpriced = key.AllowUnpriced || k.Budget.AllowUnpriced && !key.Budget.Bounded()
}
