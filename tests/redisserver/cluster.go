package redisserver

import (
	"context"
	"strconv"
	"strings"
	"testing"
)

// NewCluster joins three masters without replicas, each with a third of the slots. Where one is away, the others serve on.
func NewCluster(t testing.TB) []*Server {
	t.Helper()
	const slots = 16384
	nodes := make([]*Server, 3)
	for i := range nodes {
		nodes[i] = New(t, append(AppendOnly(), "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
			"--cluster-require-full-coverage", "no")...)
	}
	for i, node := range nodes {
		client := node.client()
		defer client.Close()
		if err := client.ClusterAddSlotsRange(t.Context(), i*slots/3, (i+1)*slots/3-1).Err(); err != nil {
			t.Fatal(err)
		}
		for _, other := range nodes[:i] {
			if err := client.ClusterMeet(t.Context(), "127.0.0.1", strconv.Itoa(other.Port)).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, node := range nodes {
		node.await("the cluster has not formed", node.ClusterIsWhole)
	}
	return nodes
}

// ClusterIsWhole reports whether a node knows who has each slot, and that they are there.
func (s *Server) ClusterIsWhole() bool {
	client := s.client()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	info, err := client.ClusterInfo(ctx).Result()
	return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384")
}
