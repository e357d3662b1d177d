package nettrace

// tracetestReplies walks over what a server answers, in RESP2 and RESP3. It
// survives cuts at any byte, skips payloads by their length, and keeps the
// first line of a reply and every error, also those within an array, as the
// replies of a transaction are.
type tracetestReplies struct {
	state  uint8
	kind   byte
	need   int64 // elements until the reply is complete; zero before one
	push   bool  // it is no reply to a command
	about  bool  // an attribute of the whole reply came, and the reply is still to come
	number int64
	digits int
	minus  bool
	skip   int64
	first  bool // the header is that of the whole reply
	line   []byte
	head   []byte // first line of the reply
}

const (
	tracetestAtHeader = iota
	tracetestInHeader
	tracetestInBody
)

// tracetestLineLimit bounds what is kept of a line, in bytes.
const tracetestLineLimit = 512

// next consumes some of b, which is not empty. Fault is an error that was read
// to its end, good until the next call, and done says that a reply is
// complete, of which p.head is the first line. Of what is no reply ok is
// false, and p must not be used again.
func (p *tracetestReplies) next(b []byte) (n int, fault []byte, done, ok bool) {
	for n < len(b) {
		c := b[n]
		switch p.state {
		case tracetestAtHeader:
			n++
			if !p.begin(c) {
				return n, nil, false, false
			}
		case tracetestInHeader:
			n++
			if c != '\n' {
				p.within(c)
				continue
			}
			if last := len(p.line) - 1; last >= 0 && p.line[last] == '\r' {
				p.line = p.line[:last]
			}
			if p.first {
				p.head = append(p.head, p.line...)
			}
			p.state = tracetestAtHeader
			if !p.header() {
				return n, nil, false, false
			}
			if p.kind == '-' {
				fault = p.line
			}
			if p.state == tracetestInBody {
				continue
			}
			if p.need == 0 || fault != nil {
				return n, fault, p.need == 0 && !p.push, true
			}
		case tracetestInBody:
			size := min(int64(len(b)-n), p.skip)
			if p.kind == '!' {
				p.keep(b[n : n+int(size)])
			}
			n += int(size)
			if p.skip -= size; p.skip > 0 {
				return n, nil, false, true
			}
			p.state = tracetestAtHeader
			p.need--
			if p.kind == '!' {
				fault = p.line
			}
			if p.need == 0 || fault != nil {
				return n, fault, p.need == 0 && !p.push, true
			}
		}
	}
	return n, nil, false, true
}

// begin takes the first byte of a header, and reports whether RESP has one that
// begins so.
func (p *tracetestReplies) begin(c byte) bool {
	if p.first = p.need == 0 || p.about && p.need == 1; p.first {
		p.need, p.push, p.about, p.head = 1, c == '>', c == '|', p.head[:0]
	}
	p.kind, p.number, p.digits, p.minus, p.line = c, 0, 0, false, append(p.line[:0], c)
	p.state = tracetestInHeader
	switch c {
	case '+', '-', ':', '$', '*', '_', ',', '#', '(', '!', '=', '%', '~', '>', '|':
		return true
	}
	return false
}

// within takes a byte of a header behind its first.
func (p *tracetestReplies) within(c byte) {
	if len(p.line) < tracetestLineLimit {
		p.line = append(p.line, c)
	}
	switch {
	case '0' <= c && c <= '9' && p.digits < 10:
		p.number, p.digits = p.number*10+int64(c-'0'), p.digits+1
	case c == '-':
		p.minus = true
	case c != '\r':
		p.digits = 11 // no number
	}
}

// keep keeps of a part of a body what is text, without the end of the line
// behind it, up to the limit.
func (p *tracetestReplies) keep(part []byte) {
	if text := p.skip - 2; int64(len(part)) > text {
		part = part[:max(text, 0)]
	}
	if room := tracetestLineLimit - len(p.line); len(part) > room {
		part = part[:max(room, 0)]
	}
	p.line = append(p.line, part...)
}

// header takes in the first line of an element.
func (p *tracetestReplies) header() bool {
	sized := p.digits > 0 && p.digits <= 10 && len(p.line) <= 12
	null := p.minus && p.number == 1
	switch p.kind {
	case '$', '=', '!':
		if !sized {
			return false
		}
		if null {
			p.need--
			return true
		}
		if p.kind == '!' {
			p.line = append(p.line[:0], '-')
		}
		p.skip, p.state = p.number+2, tracetestInBody
	case '*', '~', '>', '%', '|':
		if !sized {
			return false
		}
		elements := p.number
		if p.kind == '%' || p.kind == '|' {
			elements *= 2
		}
		if null {
			elements = 0
		}
		if p.kind != '|' {
			p.need-- // attributes come before what they are of
		}
		p.need += elements
		if p.need > 1<<40 {
			return false
		}
	default:
		p.need--
	}
	return true
}
