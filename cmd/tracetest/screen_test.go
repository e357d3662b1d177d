package main

import "testing"

// A sequence that a terminal does not know can be shown as text, so links are
// only for those that are known.
func TestLinksIn(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		file bool // not a terminal
		want bool
	}{
		{env: map[string]string{}, want: false},
		{env: map[string]string{"TERM": "xterm-256color"}, want: false},
		{env: map[string]string{"TERM": "xterm-256color", "VTE_VERSION": "7006"}, want: true},
		{env: map[string]string{"VTE_VERSION": "5000"}, want: false},
		{env: map[string]string{"VTE_VERSION": "4205"}, want: false},
		{env: map[string]string{"VTE_VERSION": "new"}, want: false},
		{env: map[string]string{"VTE_VERSION": "7006", "CI": "true"}, want: false},
		{env: map[string]string{"VTE_VERSION": "7006", "TERM": "dumb"}, want: false},
		{env: map[string]string{"VTE_VERSION": "7006", "STY": "1.pts"}, want: false},
		{env: map[string]string{"VTE_VERSION": "7006"}, file: true, want: false},
		{env: map[string]string{"WT_SESSION": "x"}, want: true},
		{env: map[string]string{"KONSOLE_VERSION": "230800"}, want: true},
		{env: map[string]string{"TERM": "xterm-kitty"}, want: true},
		{env: map[string]string{"TERM": "xterm-ghostty"}, want: true},
		{env: map[string]string{"TERM": "alacritty"}, want: true},
		{env: map[string]string{"TERM": "foot"}, want: true},
		{env: map[string]string{"TERM_PROGRAM": "vscode"}, want: true},
		{env: map[string]string{"TERM_PROGRAM": "iTerm.app"}, want: true},
		{env: map[string]string{"TERM_PROGRAM": "Apple_Terminal"}, want: false},
		{env: map[string]string{"TERM": "linux"}, want: false},
		{env: map[string]string{"FORCE_HYPERLINK": "1", "TERM": "dumb", "CI": "true"}, file: true, want: true},
		{env: map[string]string{"FORCE_HYPERLINK": "0", "VTE_VERSION": "7006"}, want: false},
		{env: map[string]string{"FORCE_HYPERLINK": "", "VTE_VERSION": "7006"}, want: true},
	} {
		if got := linksIn(!test.file, func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v, a file %v: %v", test.env, test.file, got)
		}
	}
}
