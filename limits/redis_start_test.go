package limits_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
)

// user adds a user to the server, and is a client of it.
func (s server) user(t *testing.T, name string, rules ...any) *redis.Client {
	t.Helper()
	args := append([]any{"ACL", "SETUSER", name, "reset", "on", ">" + name, "~*", "&*"}, rules...)
	if err := s.client(t).Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr, Username: name, Password: name, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Relays may log in as users of their own: what they hash is hashed alike.
func TestRelaysWithUsersOfTheirOwnShareKeys(t *testing.T) {
	server := startServer(t)
	one := newRedis(t, patient(), server.user(t, "one", "+@all"))
	other := newRedis(t, patient(), server.user(t, "other", "+@all"))
	settled(t, admitted(t, one, asking("1", "k")), true)
	wantDuplicate(t, other, "k", "rec-1", limits.Completed)
	if keys, err := server.client(t).Get(t.Context(), "voicerelay:secret").Result(); err != nil || len(keys) < 40 {
		t.Errorf("the secret in Redis is %q, %v", keys, err)
	}
}

// Relays that begin without Redis agree on the secret when it is there, also about keys that were used meanwhile, and after
// it has lost its memory.
func TestSecretIsAgreedOnWhenRedisIsThere(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		r.outage.begin()
		late := newRedis(t, limits.RedisConfig{}, r.outage.client(t))
		grant := admitted(t, late, asking("1", "k1"))
		settled(t, admitted(t, late, asking("2", "k2")), true)
		r.fail(t)
		r.heal(t)
		wantDuplicate(t, r, "k1", "rec-1", limits.Running)
		wantDuplicate(t, r, "k2", "rec-2", limits.Completed)
		r.outage.mini.FlushAll()
		fresh := newRedis(t, limits.RedisConfig{}, miniClient(t, r.outage.mini)) // sets one of its own
		settled(t, admitted(t, fresh, asking("3", "k3")), true)
		time.Sleep(31 * time.Second) // a third of the lease
		wantDuplicate(t, late, "k3", "rec-3", limits.Completed)
		wantDuplicate(t, fresh, "k1", "rec-1", limits.Running)
		settled(t, grant, false)
		admitted(t, fresh, asking("free", "k1"))
	})
}

// lossy is a client whose Redis loses all that it has once the secret was set.
type lossy struct {
	mini *miniredis.Miniredis
	once sync.Once
}

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if args := cmd.Args(); len(args) > 1 && args[1] == "voicerelay:secret" {
			l.once.Do(l.mini.FlushAll)
		}
		return err
	}
}

// A Redis that loses the secret while relays agree on it is not away.
func TestSecretIsLostWhileItIsAgreedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mini := miniredis.NewMiniRedis()
		t.Cleanup(mini.Close)
		client := miniClient(t, mini)
		client.AddHook(&lossy{mini: mini})
		store := newRedis(t, limits.RedisConfig{OnAway: func(err error) { t.Errorf("Redis is away: %v", err) }}, client)
		synctest.Wait()
		if secret, err := mini.Get("voicerelay:secret"); err != nil || secret == "" {
			t.Errorf("the secret in Redis is %q, %v", secret, err)
		}
		admitted(t, store, asking("1", "k"))
	})
}

// A Redis that refuses scripts, or one of their commands, is away from the start, and back once it allows them.
func TestRedisThatRefusesScriptsIsAway(t *testing.T) {
	for name, rule := range map[string]string{"scripts": "-eval", "a command": "-zadd"} {
		t.Run(name, func(t *testing.T) {
			server := startServer(t)
			gone, back := make(chan error, 1), make(chan time.Duration, 1)
			cfg := limits.RedisConfig{
				Patience: time.Second,
				OnAway:   func(err error) { gone <- err },
				OnBack:   func(away time.Duration) { back <- away },
			}
			client := server.user(t, "relay", "+@all", "-evalsha", rule)
			if rule != "-eval" {
				client = server.user(t, "relay", "+@all", rule)
			}
			store := newRedis(t, cfg, client)
			select {
			case err := <-gone:
				if text := err.Error(); !strings.Contains(text, "permission") && !strings.Contains(text, "can't run") {
					t.Errorf("away for %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("nobody asked for anything, and Redis is taken for good")
			}
			if !store.Away() || store.AwaySince().IsZero() {
				t.Error("not away")
			}
			server.user(t, "relay", "+@all")
			select {
			case <-back:
			case <-time.After(20 * time.Second):
				t.Fatal("Redis allows all, and stays away")
			}
			if !store.AwaySince().IsZero() {
				t.Error("still away since some time")
			}
		})
	}
}

// An outage is told of every minute, with what is wrong now and since when.
func TestAnOutageIsToldOfEveryMinute(t *testing.T) {
	withOutage(t, func(t *testing.T, r *awayRelay) {
		type told struct {
			err   error
			since time.Time
		}
		var all []told
		r.outage.begin()
		began := time.Now()
		newRedis(t, limits.RedisConfig{OnStillAway: func(err error, since time.Time) {
			all = append(all, told{err, since})
		}}, r.outage.client(t))
		time.Sleep(3*time.Minute + 10*time.Second)
		r.outage.end()
		time.Sleep(5 * time.Minute)
		if len(all) != 3 {
			t.Fatalf("told %d times in three minutes", len(all))
		}
		for _, a := range all {
			if a.err == nil || a.since.Before(began) || a.since.After(began.Add(5*time.Second)) {
				t.Errorf("told %v since %v, it began at %v", a.err, a.since, began)
			}
		}
	})
}

// named is a relay's store that knows whose it is.
func named(t *testing.T, relay string, client *redis.Client) *limits.Redis {
	return newRedis(t, limits.RedisConfig{Relay: relay, Tenants: []string{"acme", "beta"}}, client)
}

// A relay that starts again frees what it held before, and nobody else's.
func TestARelayThatStartsAgainFreesItsSlots(t *testing.T) {
	for _, away := range []bool{false, true} {
		withOutage(t, func(t *testing.T, r *awayRelay) {
			before := named(t, "first", miniClient(t, r.outage.mini))
			other := named(t, "second", miniClient(t, r.outage.mini))
			limited := func(id, key string) limits.Admission {
				a := asking(id, key)
				a.Limits.MaxConcurrentGenerations = 3
				return a
			}
			admitted(t, before, limited("1", "k1")).Heard()
			admitted(t, before, limited("2", "k2"))
			theirs := admitted(t, other, limited("3", "k3"))
			time.Sleep(time.Second)
			var many *limits.TooManyError
			if _, err := other.Admit(t.Context(), limited("4", "")); !errors.As(err, &many) || many.RetryAfter != limits.SlotRetry {
				t.Fatalf("Admit = %+v, want too many, and when to ask again", err)
			}
			_ = before.Close(context.Background()) // as good as killed: what it held, it holds
			if away {
				r.outage.begin()
			}
			again := named(t, "first", r.client)
			if away {
				time.Sleep(time.Second)
				r.outage.end()
			}
			time.Sleep(5 * time.Second)
			wantDuplicate(t, other, "k1", "rec-1", limits.Failed)
			wantDuplicate(t, again, "k3", "rec-3", limits.Running)
			admitted(t, other, limited("5", "k2"))
			mine := admitted(t, again, limited("6", ""))
			if _, err := again.Admit(t.Context(), limited("7", "")); !errors.As(err, &many) {
				t.Errorf("Admit = %v, want the slots of what runs to be taken", err)
			}
			time.Sleep(2 * time.Minute) // what runs stays
			wantDuplicate(t, again, "k3", "rec-3", limits.Running)
			settled(t, theirs, true)
			settled(t, mine, true)
		})
	}
}

// Without a name a relay frees nothing.
func TestARelayWithoutANameFreesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mini := miniredis.NewMiniRedis()
		mini.ClockTTL(true)
		t.Cleanup(mini.Close)
		running := asking("1", "k")
		admitted(t, newRedis(t, limits.RedisConfig{}, miniClient(t, mini)), running)
		again := newRedis(t, limits.RedisConfig{Tenants: []string{"acme"}}, miniClient(t, mini))
		time.Sleep(time.Second)
		wantDuplicate(t, again, "k", "rec-1", limits.Running)
	})
}
