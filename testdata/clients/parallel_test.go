package clients

import "testing"

// Of the four subtests of each, which run beside each other, the second leaves
// the parameter changed.

func TestParallelGoRedis9(t *testing.T)           { crowd(t, "go-redis v9") }
func TestParallelGoRedis8(t *testing.T)           { crowd(t, "go-redis v8") }
func TestParallelRedigo(t *testing.T)             { crowd(t, "redigo") }
func TestParallelRueidis(t *testing.T)            { crowd(t, "rueidis") }
func TestParallelRueidisPipelining(t *testing.T)  { crowd(t, "rueidis pipelining") }
func TestParallelValkeyGo(t *testing.T)           { crowd(t, "valkey-go") }
func TestParallelValkeyGoPipelining(t *testing.T) { crowd(t, "valkey-go pipelining") }
func TestParallelRadix4(t *testing.T)             { crowd(t, "radix v4") }
func TestParallelNet(t *testing.T)                { crowd(t, "net") }
