package clients

import "testing"

// Each of these tests leaves a goroutine behind, which changes the parameter
// while the next test runs.

var beginGoRedis9, endGoRedis9 = make(chan bool), make(chan bool)

func TestLeaveGoRedis9(t *testing.T) {
	change := late(t, "go-redis v9", beginGoRedis9, endGoRedis9)
	go func() { change() }()
}

func TestMeetGoRedis9(t *testing.T) { meet(t, beginGoRedis9, endGoRedis9) }

var beginGoRedis8, endGoRedis8 = make(chan bool), make(chan bool)

func TestLeaveGoRedis8(t *testing.T) {
	change := late(t, "go-redis v8", beginGoRedis8, endGoRedis8)
	go func() { change() }()
}

func TestMeetGoRedis8(t *testing.T) { meet(t, beginGoRedis8, endGoRedis8) }

var beginRedigo, endRedigo = make(chan bool), make(chan bool)

func TestLeaveRedigo(t *testing.T) {
	change := late(t, "redigo", beginRedigo, endRedigo)
	go func() { change() }()
}

func TestMeetRedigo(t *testing.T) { meet(t, beginRedigo, endRedigo) }

var beginRueidis, endRueidis = make(chan bool), make(chan bool)

func TestLeaveRueidis(t *testing.T) {
	change := late(t, "rueidis", beginRueidis, endRueidis)
	go func() { change() }()
}

func TestMeetRueidis(t *testing.T) { meet(t, beginRueidis, endRueidis) }

var beginRueidisPipelining, endRueidisPipelining = make(chan bool), make(chan bool)

func TestLeaveRueidisPipelining(t *testing.T) {
	change := late(t, "rueidis pipelining", beginRueidisPipelining, endRueidisPipelining)
	go func() { change() }()
}

func TestMeetRueidisPipelining(t *testing.T) { meet(t, beginRueidisPipelining, endRueidisPipelining) }

var beginValkeyGo, endValkeyGo = make(chan bool), make(chan bool)

func TestLeaveValkeyGo(t *testing.T) {
	change := late(t, "valkey-go", beginValkeyGo, endValkeyGo)
	go func() { change() }()
}

func TestMeetValkeyGo(t *testing.T) { meet(t, beginValkeyGo, endValkeyGo) }

var beginValkeyGoPipelining, endValkeyGoPipelining = make(chan bool), make(chan bool)

func TestLeaveValkeyGoPipelining(t *testing.T) {
	change := late(t, "valkey-go pipelining", beginValkeyGoPipelining, endValkeyGoPipelining)
	go func() { change() }()
}

func TestMeetValkeyGoPipelining(t *testing.T) {
	meet(t, beginValkeyGoPipelining, endValkeyGoPipelining)
}

var beginRadix4, endRadix4 = make(chan bool), make(chan bool)

func TestLeaveRadix4(t *testing.T) {
	change := late(t, "radix v4", beginRadix4, endRadix4)
	go func() { change() }()
}

func TestMeetRadix4(t *testing.T) { meet(t, beginRadix4, endRadix4) }

var beginNet, endNet = make(chan bool), make(chan bool)

func TestLeaveNet(t *testing.T) {
	change := late(t, "net", beginNet, endNet)
	go func() { change() }()
}

func TestMeetNet(t *testing.T) { meet(t, beginNet, endNet) }
