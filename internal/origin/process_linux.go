package origin

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is a server of this machine that is no container.
type process struct {
	pid  int
	args []string // without the program; nil where its title has overwritten them
	cwd  string
}

// ownerOf returns the process with a pid, if it is a server and listens at the
// port, or at the socket.
func ownerOf(pid int, port, address string) (process, bool) {
	if pid <= 0 {
		return process{}, false
	}
	dir := "/proc/" + strconv.Itoa(pid)
	exe, err := os.Readlink(dir + "/exe")
	if err != nil {
		return process{}, false // not ours to look at
	}
	text, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return process{}, false
	}
	words := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
	program := 0
	if !isServer(strings.TrimSuffix(exe, " (deleted)")) {
		// Started through a loader, as a server of another distribution is.
		for program < len(words) && !isServer(words[program]) {
			program++
		}
		if program == len(words) {
			return process{}, false
		}
	}
	if !listens(dir, port, address) {
		return process{}, false
	}
	p := process{pid: pid}
	p.cwd, _ = os.Readlink(dir + "/cwd")
	// A title is one word: "redis-server *:6379", padded with blanks, or with
	// a word for its state behind it.
	first := strings.TrimSpace(words[program])
	if titled := strings.Contains(first, ":") && strings.Contains(first, " "); !titled {
		p.args = append([]string{}, words[program+1:]...)
	}
	return p, true
}

// listens reports whether one of a process's descriptors is the socket that
// listens at the port, or at the path.
func listens(dir, port, address string) bool {
	inodes := map[string]bool{}
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return false
		}
		suffix := fmt.Sprintf(":%04X", number)
		for _, table := range []string{"/net/tcp", "/net/tcp6"} {
			eachLine(dir+table, func(f []string) {
				if len(f) > 9 && strings.HasSuffix(f[1], suffix) && f[3] == "0A" {
					inodes["socket:["+f[9]+"]"] = true
				}
			})
		}
	} else {
		eachLine(dir+"/net/unix", func(f []string) {
			if len(f) > 7 && f[7] == address {
				inodes["socket:["+f[6]+"]"] = true
			}
		})
	}
	descriptors, _ := filepath.Glob(dir + "/fd/*")
	for _, d := range descriptors {
		if to, err := os.Readlink(d); err == nil && inodes[to] {
			return true
		}
	}
	return false
}

func eachLine(path string, do func(fields []string)) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		do(strings.Fields(lines.Text()))
	}
}

func (p process) start(f Facts) Start {
	var s Start
	file := f.ConfigFile
	var given map[string]string
	if p.args != nil {
		var named string
		if named, given = parseArgs(p.args); named != "" && file == "" {
			file = named
		}
	}
	s.Whole = p.args != nil
	if file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(p.cwd, file)
		}
		values, err := readFile(file, func(path string) string { return path })
		if err != nil {
			s.Whole, s.Unknown = false, "its configuration file cannot be read: "+err.Error()
		} else {
			s.merge(values, file)
		}
	}
	if p.args == nil && s.Unknown == "" {
		s.Unknown = "the options of its command line cannot be read, because it shows a title in their place (set-proc-title yes)"
	}
	s.merge(given, "arguments of process "+itoa(p.pid))
	return s
}
