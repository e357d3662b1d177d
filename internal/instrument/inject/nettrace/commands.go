package nettrace

// tracetestCommands walks over what a client sends: RESP arrays of bulk
// strings, and inline commands. It survives cuts at any byte, skips payloads
// by their length, and keeps the arguments of commands that change the server
// rather than data: see [tracetestWanted].
type tracetestCommands struct {
	state  uint8
	number int64 // the length or count that is being read
	digits int
	left   int64 // arguments of the command that are still to come
	skip   int64 // bytes of the payload that are still to come, with its line end
	index  int64 // of the argument, from 0

	name   [32]byte // of the command and, behind a space, of the subcommand, in capitals
	length int      // of name; more than it holds: no command that is wanted
	wanted uint8
	words  []string // of a wanted command
	word   []byte
	cut    bool // the word is longer than is kept
	inline bool

	quote   byte // of an inline command: that is open
	escaped bool // the next byte stands for itself
	quoted  bool // the word had quotes, and may be empty
}

const ( // states
	tracetestAtStart   = iota // of a command
	tracetestInCount          // behind *
	tracetestAtLength         // before $
	tracetestInLength         // behind $
	tracetestInPayload        // of an argument
	tracetestInInline         // of an inline command
)

const ( // what is wanted of a command
	tracetestMaybe    = 1 << iota // its subcommand decides
	tracetestWrite                // its arguments: it changes the server
	tracetestAsks                 // its arguments: its reply shows what other clients do
	tracetestLogsIn               // its arguments: it logs in
	tracetestQueues               // MULTI
	tracetestExecutes             // EXEC
	tracetestDiscards             // DISCARD, RESET
	tracetestAdrift               // replies cannot be told apart behind it

	tracetestNothing = 0
	tracetestKept    = tracetestMaybe | tracetestWrite | tracetestAsks | tracetestLogsIn // with arguments
)

// tracetestWordLimit and tracetestWordsLimit bound what is kept of a command,
// in bytes and words: a function library can be long.
const (
	tracetestWordLimit  = 1024
	tracetestWordsLimit = 64
)

// next consumes some of b, which is not empty. When done is true a command is
// complete, its name is in p.name, and of a write its arguments are in p.words.
// Of what is no command ok is false, and p must not be used again.
func (p *tracetestCommands) next(b []byte) (n int, done, ok bool) {
	for n < len(b) {
		c := b[n]
		switch p.state {
		case tracetestAtStart:
			p.forget()
			switch {
			case c == '*':
				p.state = tracetestInCount
				n++
			case c == '\r' || c == '\n': // an empty inline command
				n++
			case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
				p.state, p.inline = tracetestInInline, true
			default:
				return n, false, false
			}
		case tracetestInCount, tracetestInLength:
			n++
			switch {
			case '0' <= c && c <= '9' && p.digits < 10:
				p.number, p.digits = p.number*10+int64(c-'0'), p.digits+1
			case c == '\r' && p.digits > 0:
			case c == '\n' && p.digits > 0 && p.state == tracetestInCount:
				if p.number == 0 {
					p.state = tracetestAtStart
					continue
				}
				p.left, p.state = p.number, tracetestAtLength
			case c == '\n' && p.digits > 0:
				p.skip, p.state = p.number+2, tracetestInPayload
			default:
				return n, false, false
			}
		case tracetestAtLength:
			if c != '$' {
				return n, false, false
			}
			n++
			p.number, p.digits, p.state = 0, 0, tracetestInLength
		case tracetestInPayload:
			size := min(int64(len(b)-n), p.skip)
			p.take(b[n:n+int(size)], p.skip)
			n += int(size)
			if p.skip -= size; p.skip > 0 {
				return n, false, true
			}
			p.endWord()
			if p.left--; p.left > 0 {
				p.state = tracetestAtLength
				continue
			}
			p.state = tracetestAtStart
			return n, true, true
		case tracetestInInline:
			n++
			if done, ok = p.inlined(b[n-1 : n]); done || !ok {
				return n, done, ok
			}
		}
	}
	return n, false, true
}

// forget prepares for the next command.
func (p *tracetestCommands) forget() {
	p.index, p.length, p.wanted, p.number, p.digits = 0, 0, tracetestNothing, 0, 0
	p.words, p.word, p.cut, p.inline = nil, p.word[:0], false, false
	p.quote, p.escaped, p.quoted = 0, false, false
}

// inlined takes one byte of an inline command, whose words are quoted as those
// of redis-cli.
func (p *tracetestCommands) inlined(b []byte) (done, ok bool) {
	switch c := b[0]; {
	case c == '\n':
		p.endInlined()
		p.state = tracetestAtStart
		return true, true
	case c < ' ' && c != '\r' && c != '\t':
		return false, false
	case p.escaped:
		p.keep(b)
		p.escaped = false
	case p.quote != 0 && c == '\\':
		p.escaped = true
	case p.quote != 0 && c == p.quote:
		p.quote = 0
	case p.quote == 0 && (c == '"' || c == '\''):
		p.quote, p.quoted = c, true
	case p.quote == 0 && (c == '\r' || c == ' ' || c == '\t'):
		p.endInlined()
	default:
		p.keep(b)
	}
	return false, true
}

// endInlined ends a word, if there is one: two spaces have none between them.
func (p *tracetestCommands) endInlined() {
	if len(p.word) > 0 || p.quoted {
		p.endWord()
	}
}

// take is shown a part of a payload of which skip bytes, with the line end,
// were still to come.
func (p *tracetestCommands) take(part []byte, skip int64) {
	if p.index > 0 && !p.keeps() {
		return
	}
	if text := skip - 2; int64(len(part)) > text { // the line end is no part of it
		part = part[:max(text, 0)]
	}
	p.keep(part)
}

// keeps reports whether the arguments of the command are kept.
func (p *tracetestCommands) keeps() bool { return p.wanted&tracetestKept != 0 }

func (p *tracetestCommands) keep(part []byte) {
	if room := tracetestWordLimit - len(p.word); len(part) > room {
		part, p.cut = part[:room], true
	}
	p.word = append(p.word, part...)
}

// endWord takes in an argument that is complete.
func (p *tracetestCommands) endWord() {
	if p.index == 0 || p.index == 1 && p.wanted == tracetestMaybe {
		if p.index > 0 {
			p.spell([]byte{' '})
		}
		p.spell(p.word)
	}
	if p.index == 0 {
		p.wanted = tracetestWanted(p.spelt())
		for _, c := range p.word {
			if c == ' ' {
				p.wanted = tracetestNothing // two words sent as one: no command of Redis
			}
		}
	} else if p.index == 1 && p.wanted == tracetestMaybe {
		p.wanted = tracetestWanted(p.spelt())
	}
	if p.keeps() {
		switch {
		case len(p.words) == tracetestWordsLimit:
			p.words[len(p.words)-1] = "..."
		case p.cut:
			p.words = append(p.words, string(p.word)+"...")
		default:
			p.words = append(p.words, string(p.word))
		}
	}
	p.word, p.cut, p.quoted = p.word[:0], false, false
	p.index++
}

// spell appends to the name.
func (p *tracetestCommands) spell(part []byte) {
	for _, c := range part {
		if p.length < len(p.name) {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			p.name[p.length] = c
		}
		p.length++
	}
}

func (p *tracetestCommands) spelt() []byte {
	if p.length > len(p.name) {
		return nil
	}
	return p.name[:p.length]
}

// tracetestShows reports whether the reply to a command shows what other clients
// did or are: of INFO, which many send for the memory, whether a section does.
func tracetestShows(words []string) bool {
	same := func(word, name string) bool {
		if len(word) != len(name) {
			return false
		}
		for i := range len(word) {
			if word[i]|0x20 != name[i]|0x20 {
				return false
			}
		}
		return true
	}
	if len(words) < 2 || !same(words[0], "info") {
		return true
	}
	for _, word := range words[1:] {
		for _, section := range tracetestSections {
			if same(word, section) {
				return true
			}
		}
	}
	return false
}
