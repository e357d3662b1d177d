package clients

import "testing"

// Each of these tests leaves the parameter changed, in one way.

func TestGoRedis9PlainTCP(t *testing.T)    { alone(t, "go-redis v9", "plain", TCP) }
func TestGoRedis9PlainTLS(t *testing.T)    { alone(t, "go-redis v9", "plain", TLS) }
func TestGoRedis9PlainUnix(t *testing.T)   { alone(t, "go-redis v9", "plain", Unix) }
func TestGoRedis9Pipeline(t *testing.T)    { alone(t, "go-redis v9", "pipeline", TCP) }
func TestGoRedis9Transaction(t *testing.T) { alone(t, "go-redis v9", "transaction", TCP) }

func TestGoRedis8PlainTCP(t *testing.T)    { alone(t, "go-redis v8", "plain", TCP) }
func TestGoRedis8PlainTLS(t *testing.T)    { alone(t, "go-redis v8", "plain", TLS) }
func TestGoRedis8PlainUnix(t *testing.T)   { alone(t, "go-redis v8", "plain", Unix) }
func TestGoRedis8Pipeline(t *testing.T)    { alone(t, "go-redis v8", "pipeline", TCP) }
func TestGoRedis8Transaction(t *testing.T) { alone(t, "go-redis v8", "transaction", TCP) }

func TestRedigoPlainTCP(t *testing.T)    { alone(t, "redigo", "plain", TCP) }
func TestRedigoPlainTLS(t *testing.T)    { alone(t, "redigo", "plain", TLS) }
func TestRedigoPlainUnix(t *testing.T)   { alone(t, "redigo", "plain", Unix) }
func TestRedigoPipeline(t *testing.T)    { alone(t, "redigo", "pipeline", TCP) }
func TestRedigoTransaction(t *testing.T) { alone(t, "redigo", "transaction", TCP) }

func TestRueidisPlainTCP(t *testing.T)    { alone(t, "rueidis", "plain", TCP) }
func TestRueidisPlainTLS(t *testing.T)    { alone(t, "rueidis", "plain", TLS) }
func TestRueidisPlainUnix(t *testing.T)   { alone(t, "rueidis", "plain", Unix) }
func TestRueidisPipeline(t *testing.T)    { alone(t, "rueidis", "pipeline", TCP) }
func TestRueidisTransaction(t *testing.T) { alone(t, "rueidis", "transaction", TCP) }

func TestRueidisPipeliningPlainTCP(t *testing.T)  { alone(t, "rueidis pipelining", "plain", TCP) }
func TestRueidisPipeliningPlainTLS(t *testing.T)  { alone(t, "rueidis pipelining", "plain", TLS) }
func TestRueidisPipeliningPlainUnix(t *testing.T) { alone(t, "rueidis pipelining", "plain", Unix) }

func TestValkeyGoPlainTCP(t *testing.T)    { alone(t, "valkey-go", "plain", TCP) }
func TestValkeyGoPlainTLS(t *testing.T)    { alone(t, "valkey-go", "plain", TLS) }
func TestValkeyGoPlainUnix(t *testing.T)   { alone(t, "valkey-go", "plain", Unix) }
func TestValkeyGoPipeline(t *testing.T)    { alone(t, "valkey-go", "pipeline", TCP) }
func TestValkeyGoTransaction(t *testing.T) { alone(t, "valkey-go", "transaction", TCP) }

func TestValkeyGoPipeliningPlainTCP(t *testing.T)  { alone(t, "valkey-go pipelining", "plain", TCP) }
func TestValkeyGoPipeliningPlainTLS(t *testing.T)  { alone(t, "valkey-go pipelining", "plain", TLS) }
func TestValkeyGoPipeliningPlainUnix(t *testing.T) { alone(t, "valkey-go pipelining", "plain", Unix) }

func TestRadix4PlainTCP(t *testing.T)    { alone(t, "radix v4", "plain", TCP) }
func TestRadix4PlainTLS(t *testing.T)    { alone(t, "radix v4", "plain", TLS) }
func TestRadix4PlainUnix(t *testing.T)   { alone(t, "radix v4", "plain", Unix) }
func TestRadix4Pipeline(t *testing.T)    { alone(t, "radix v4", "pipeline", TCP) }
func TestRadix4Transaction(t *testing.T) { alone(t, "radix v4", "transaction", TCP) }

func TestNetPlainTCP(t *testing.T)    { alone(t, "net", "plain", TCP) }
func TestNetPlainTLS(t *testing.T)    { alone(t, "net", "plain", TLS) }
func TestNetPlainUnix(t *testing.T)   { alone(t, "net", "plain", Unix) }
func TestNetPipeline(t *testing.T)    { alone(t, "net", "pipeline", TCP) }
func TestNetTransaction(t *testing.T) { alone(t, "net", "transaction", TCP) }
