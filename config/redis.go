package config

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/upstream"
)

// Faults of redis.url. They say nothing of what it is, since there may be a password in it.
var (
	errRedisURL   = errors.New("must be redis://host:port or rediss://host:port, several separated by commas")
	errRedisMixed = errors.New("the addresses must agree in scheme, user, password and database")
	errRedisQuery = errors.New("may have master_name, sentinel_username and sentinel_password behind a ?, and nothing else")
	errRedisDB    = errors.New("a database is a number, and a cluster has none but 0")
)

// Sockets to Redis. An admission waits for it 50 ms at most, which is less than a handshake may take: so some are open
// ahead.
const (
	redisSockets    = 64
	redisOpenSocket = 8
)

// ParseRedis reads redis.url. Several addresses are nodes of one cluster; with master_name they are Sentinels, which
// are asked where that master is.
func ParseRedis(addresses upstream.Secret) (*redis.UniversalOptions, error) {
	options := &redis.UniversalOptions{
		// Without it the library ignores the deadlines of calls.
		ContextTimeoutEnabled: true,
		PoolSize:              redisSockets,
		MinIdleConns:          redisOpenSocket,
		DialerRetries:         1, // who asks in vain asks again, in its own time
	}
	var first *url.URL
	for address := range strings.SplitSeq(addresses.Reveal(), ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Hostname() == "" {
			return nil, errRedisURL
		}
		if first == nil {
			first = u
		}
		if u.Scheme != first.Scheme || u.User.String() != first.User.String() || u.Path != first.Path {
			return nil, errRedisMixed
		}
		if u.RawQuery != "" {
			first.RawQuery = u.RawQuery // after any one of them
		}
		options.Addrs = append(options.Addrs, redisAddress(u))
	}
	return options, completeRedis(options, first)
}

func redisAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// completeRedis takes over what all addresses have in common.
func completeRedis(options *redis.UniversalOptions, u *url.URL) (err error) {
	if u.Scheme == "rediss" {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	options.Username = u.User.Username()
	options.Password, _ = u.User.Password()
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errRedisQuery
	}
	for name := range query {
		switch name {
		case "master_name", "sentinel_username", "sentinel_password":
		default:
			return errRedisQuery
		}
	}
	options.MasterName = query.Get("master_name")
	options.SentinelUsername = query.Get("sentinel_username")
	options.SentinelPassword = query.Get("sentinel_password")
	if path := strings.Trim(u.Path, "/"); path != "" {
		if options.DB, err = strconv.Atoi(path); err != nil || options.DB < 0 {
			return errRedisDB
		}
	}
	if options.DB != 0 && len(options.Addrs) > 1 && options.MasterName == "" {
		return errRedisDB
	}
	return nil
}

// NewRedis is a client that tells a log about its sockets. What matters of that is logged by who asks.
func NewRedis(options *redis.UniversalOptions, log zerolog.Logger) redis.UniversalClient {
	redis.SetLogger(redisLog{log}) // the library has one for all clients
	return redis.NewUniversalClient(options)
}

// redisLog is the library's logger.
type redisLog struct{ zerolog.Logger }

// Printf writes a line.
func (l redisLog) Printf(_ context.Context, format string, v ...any) {
	l.Debug().Str("detail", fmt.Sprintf(format, v...)).Msg("redis")
}
