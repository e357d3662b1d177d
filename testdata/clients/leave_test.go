package clients

import "testing"

// Each of these tests leaves a goroutine behind, which changes the parameter
// while the next test runs.

var beginGoRedis9, endGoRedis9 = make(chan bool), make(chan bool)

func TestLeaveGoRedis9(t *testing.T) { leave(t, "go-redis v9", beginGoRedis9, endGoRedis9) }
func TestMeetGoRedis9(t *testing.T)  { meet(t, beginGoRedis9, endGoRedis9) }

var beginGoRedis8, endGoRedis8 = make(chan bool), make(chan bool)

func TestLeaveGoRedis8(t *testing.T) { leave(t, "go-redis v8", beginGoRedis8, endGoRedis8) }
func TestMeetGoRedis8(t *testing.T)  { meet(t, beginGoRedis8, endGoRedis8) }

var beginRedigo, endRedigo = make(chan bool), make(chan bool)

func TestLeaveRedigo(t *testing.T) { leave(t, "redigo", beginRedigo, endRedigo) }
func TestMeetRedigo(t *testing.T)  { meet(t, beginRedigo, endRedigo) }

var beginRueidis, endRueidis = make(chan bool), make(chan bool)

func TestLeaveRueidis(t *testing.T) { leave(t, "rueidis", beginRueidis, endRueidis) }
func TestMeetRueidis(t *testing.T)  { meet(t, beginRueidis, endRueidis) }

var beginRueidisPipelining, endRueidisPipelining = make(chan bool), make(chan bool)

func TestLeaveRueidisPipelining(t *testing.T) {
	leave(t, "rueidis pipelining", beginRueidisPipelining, endRueidisPipelining)
}
func TestMeetRueidisPipelining(t *testing.T) { meet(t, beginRueidisPipelining, endRueidisPipelining) }

var beginValkeyGo, endValkeyGo = make(chan bool), make(chan bool)

func TestLeaveValkeyGo(t *testing.T) { leave(t, "valkey-go", beginValkeyGo, endValkeyGo) }
func TestMeetValkeyGo(t *testing.T)  { meet(t, beginValkeyGo, endValkeyGo) }

var beginValkeyGoPipelining, endValkeyGoPipelining = make(chan bool), make(chan bool)

func TestLeaveValkeyGoPipelining(t *testing.T) {
	leave(t, "valkey-go pipelining", beginValkeyGoPipelining, endValkeyGoPipelining)
}
func TestMeetValkeyGoPipelining(t *testing.T) {
	meet(t, beginValkeyGoPipelining, endValkeyGoPipelining)
}

var beginRadix4, endRadix4 = make(chan bool), make(chan bool)

func TestLeaveRadix4(t *testing.T) { leave(t, "radix v4", beginRadix4, endRadix4) }
func TestMeetRadix4(t *testing.T)  { meet(t, beginRadix4, endRadix4) }

var beginNet, endNet = make(chan bool), make(chan bool)

func TestLeaveNet(t *testing.T) { leave(t, "net", beginNet, endNet) }
func TestMeetNet(t *testing.T)  { meet(t, beginNet, endNet) }
