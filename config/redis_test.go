package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"voicerelay/upstream"
)

func TestParseRedis(t *testing.T) {
	cases := []struct {
		name, url string
		addrs     []string
		check     func(o *redis.UniversalOptions) bool
	}{
		{"plain", "redis://host", []string{"host:6379"}, func(o *redis.UniversalOptions) bool {
			return o.TLSConfig == nil && o.Password == "" && o.DB == 0
		}},
		{"all of it", "rediss://user:p%2Fw@host:7000/3", []string{"host:7000"}, func(o *redis.UniversalOptions) bool {
			return o.TLSConfig != nil && o.Username == "user" && o.Password == "p/w" && o.DB == 3
		}},
		{"cluster", "redis://:pw@a:1, redis://:pw@b:2,redis://:pw@[::1]:3", []string{"a:1", "b:2", "[::1]:3"}, func(o *redis.UniversalOptions) bool {
			return o.Password == "pw" && o.MasterName == ""
		}},
		{"sentinels", "redis://a:26379/2,redis://b:26379/2?master_name=main&sentinel_password=s", []string{"a:26379", "b:26379"}, func(o *redis.UniversalOptions) bool {
			return o.MasterName == "main" && o.SentinelPassword == "s" && o.DB == 2
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseRedis(upstream.Secret(c.url))
			if err != nil || !slices.Equal(got.Addrs, c.addrs) || !c.check(got) {
				t.Fatalf("parseRedis = %+v, %v", got, err)
			}
			if !got.ContextTimeoutEnabled {
				t.Error("the client would ignore deadlines")
			}
		})
	}
}

func TestParseRedisRefuses(t *testing.T) {
	for url, want := range map[string]error{
		"":                                  errRedisURL,
		"host:6379":                         errRedisURL,
		"http://host":                       errRedisURL,
		"redis://":                          errRedisURL,
		"redis://host,":                     errRedisURL,
		"redis://hunter2@[host":             errRedisURL,
		"redis://a,rediss://b":              errRedisMixed,
		"redis://:hunter2@a,redis://b":      errRedisMixed,
		"redis://a/1,redis://b":             errRedisMixed,
		"redis://a/1,redis://b/1":           errRedisDB,
		"redis://a/hunter2":                 errRedisDB,
		"redis://a/-1":                      errRedisDB,
		"redis://a?dial_timeout=1s":         errRedisQuery,
		"redis://a?master_name=hunter2;b=%": errRedisQuery,
	} {
		_, err := ParseRedis(upstream.Secret(url))
		if !errors.Is(err, want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %v", url, err, want)
		}
	}
}

// Whoever asks for usage need not have what clients and vendors are known by.
func TestLoadBooksAsksForNothingElse(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const others = "listen: 0.0.0.0:1\nkeys: [{name: a, tenant: t, key: \"${NOWHERE}\"}]\nhosts: [\"${NOWHERE}\"]\n"
	path := write(others + "ledger: {path: x.db}\nredis: {url: \"redis://:${KEY}@host\"}\n")
	got, err := LoadBooks(path, fakeEnvironment())
	if err != nil || got.Ledger.Path != "x.db" || got.Redis.URL.Reveal() != "redis://:sk-secret-value-of-a-key@host" {
		t.Errorf("loadBooks = %+v, %v", got, err)
	}
	if got.Ledger.Retention != DefaultRetention {
		t.Errorf("retention = %v, want the default", got.Ledger.Retention)
	}
	for text, want := range map[string]string{
		others + "ledger: {retention: 1h}\n":        ":4:10: ledger.retention: must be 1d to 3650d",
		others + "redis: {url: \"http://hunter2\"}": ":4:9: redis.url: must be redis://host:port",
		"ledger: [\n": "sequence end token",
	} {
		if _, err := LoadBooks(write(text), fakeEnvironment()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
