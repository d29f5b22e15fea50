package tests

import (
	"net"
	"strings"
	"testing"
	"time"
)

// startCluster joins three masters without replicas, each with a third of the slots.
func startCluster(t *testing.T) []*redisServer {
	t.Helper()
	const slots = 16384
	nodes := make([]*redisServer, 3)
	buses := make([]string, len(nodes))
	for i := range nodes {
		_, buses[i], _ = net.SplitHostPort(freeAddress(t)) // it comes from a listener
		nodes[i] = startRedis(t, "--cluster-enabled", "yes", "--cluster-port", buses[i], "--cluster-node-timeout", "1000",
			"--cluster-require-full-coverage", "no")
	}
	for i, node := range nodes {
		if err := node.db.ClusterAddSlotsRange(t.Context(), i*slots/3, (i+1)*slots/3-1).Err(); err != nil {
			t.Fatal(err)
		}
		for k, other := range nodes[:i] {
			host, port, _ := net.SplitHostPort(other.address)
			if err := node.db.Do(t.Context(), "CLUSTER", "MEET", host, port, buses[k]).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, node := range nodes {
		eventually(t, "the cluster to form", node.sound)
	}
	return nodes
}

// sound reports whether a node knows who has each slot, and that they are there.
func (s *redisServer) sound() bool {
	info, err := s.db.ClusterInfo(s.t.Context()).Result()
	return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384")
}

// Each node of a cluster in turn is killed and comes back. Tenants whose keys lie on the others share them meanwhile.
func TestSurvivesAClusterNodeKilled(t *testing.T) {
	amongOthers(t)
	nodes := startCluster(t)
	var addresses []string
	for _, node := range nodes {
		addresses = append(addresses, "redis://"+node.address)
	}
	p := underLoad(t, strings.Join(addresses, ","))
	for i, node := range nodes[:sized(1, len(nodes))] {
		eventually(t, "each node to have records of some tenant", func() bool { return node.shipped() > 0 })
		node.kill()
		p.during("meanwhile", sized(time.Second, 10*time.Second))
		node.start()
		eventually(t, "the cluster to be whole", nodes[(i+1)%len(nodes)].sound)
		p.during("between", sized(200*time.Millisecond, 5*time.Second))
	}
	p.mended()
}
