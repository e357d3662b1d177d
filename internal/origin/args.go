package origin

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tracetest/internal/redisconf"
)

// isServer reports whether a program is a Redis or one of its forks. Debian
// links redis-server to redis-check-rdb.
func isServer(path string) bool {
	switch filepath.Base(path) {
	case "redis-server", "valkey-server", "redict-server", "keydb-server", "redis-check-rdb", "redis-check-aof", "valkey-check-rdb":
		return true
	}
	return false
}

// parseArgs reads the arguments of a redis-server, without its own name: a
// file, perhaps, and options, each with all words up to the next one.
//
//	/etc/redis.conf --maxmemory 2gb --save 900 1
func parseArgs(args []string) (file string, values map[string]string) {
	values = map[string]string{}
	if len(args) > 0 && args[0] != "-" && !strings.HasPrefix(args[0], "--") {
		file, args = args[0], args[1:]
	}
	name := ""
	for _, arg := range args {
		switch {
		case strings.HasPrefix(arg, "--"):
			// "--maxmemory 2gb" may also come as one word.
			var rest string
			name, rest, _ = strings.Cut(strings.ToLower(arg[2:]), " ")
			values[name] = strings.TrimSpace(rest)
		case name != "":
			values[name] = strings.TrimSpace(values[name] + " " + arg)
		}
	}
	delete(values, "sentinel")
	return file, values
}

// deepest is how many files may include each other.
const deepest = 8

// readFile reads a configuration file and those that it includes. Place maps a
// path to where it is on this machine, or to "".
func readFile(path string, place func(string) string) (map[string]string, error) {
	values := map[string]string{}
	return values, readInto(values, path, place, deepest)
}

func readInto(values map[string]string, path string, place func(string) string, depth int) error {
	here := place(path)
	if here == "" {
		return fmt.Errorf("%s is not on this machine", path)
	}
	file, err := os.Open(here)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	fresh := map[string]bool{} // a parameter of several lines begins anew in each file
	for lines.Scan() {
		words := splitLine(lines.Text())
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0])
		if name == "include" && len(words) > 1 && depth > 0 {
			if !filepath.IsAbs(words[1]) {
				words[1] = filepath.Join(filepath.Dir(path), words[1])
			}
			if err := readInto(values, words[1], place, depth-1); err != nil {
				return err
			}
			continue
		}
		text := strings.Join(words[1:], " ")
		if redisconf.Of(name).AddsUp() && fresh[name] && text != "" {
			text = strings.TrimSpace(values[name] + " " + text)
		}
		fresh[name], values[name] = true, text
	}
	return lines.Err()
}

// splitLine splits a line into words, which may be quoted. A comment has none.
func splitLine(line string) []string {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		return nil
	}
	var words []string
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		if q := line[0]; q == '"' || q == '\'' {
			var word strings.Builder
			i := 1
			for ; i < len(line) && line[i] != q; i++ {
				if line[i] == '\\' && q == '"' && i+1 < len(line) {
					i++
				}
				word.WriteByte(line[i])
			}
			words = append(words, word.String())
			line = line[min(i+1, len(line)):]
			continue
		}
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		words = append(words, line[:end])
		line = line[end:]
	}
	return words
}
