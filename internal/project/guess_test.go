package project_test

import (
	"os"
	"reflect"
	"testing"
	"testing/fstest"

	"tracetest/internal/project"
)

const compose = `services:
  db:
    image: postgres:16
    ports:
      - "5432:5432"
  cache:
    ports:
      - "127.0.0.1:6390:6379"
    # kept small
    image: docker.io/library/redis:7-alpine
    command: redis-server --maxmemory 2gb --maxmemory-policy allkeys-lru --save "" --requirepass geheim --port 6379
  other:
    image: nginx
    ports: ["80:80"]
`

const composeList = `services:
  redis:
    image: "valkey/valkey:8"
    command: ["valkey-server", "--maxmemory", "100mb"]
    ports: ["6379:6379"]
`

const workflow = `jobs:
  test:
    services:
      redis:
        image: redis:7
        ports:
          - 6379:6379
    env:
      REDIS_URL: ${{ secrets.X }}
    steps:
      - run: go vet ./...
      - run: go test -race ./internal/... ./cmd/...
      - run: go test -tags integration ./test/integration/... -timeout 10m
`

const makefile = "REDIS_ADDR ?= localhost:6391\n\ntest:\n\tgo test ./...\nit:\n\tREDIS_ADDR=$(REDIS_ADDR) go test ./e2e/...\n"

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		files    map[string]string
		redis    string
		expect   map[string]string
		packages []string
	}{
		"compose":  {map[string]string{"docker-compose.yml": compose}, "localhost:6390", map[string]string{"maxmemory": "2gb", "maxmemory-policy": "allkeys-lru"}, nil},
		"list":     {map[string]string{"compose.yaml": composeList}, "localhost:6379", map[string]string{"maxmemory": "100mb"}, nil},
		"workflow": {map[string]string{".github/workflows/ci.yml": workflow}, "localhost:6379", map[string]string{}, []string{"./test/integration/..."}},
		"make":     {map[string]string{"Makefile": makefile}, "localhost:6391", map[string]string{}, []string{"./e2e/..."}},
		"nothing":  {map[string]string{"Makefile": "all:\n\tgo build\n"}, "", map[string]string{}, nil},
		"login":    {map[string]string{"Makefile": "REDIS_URL=redis://u:p@h:1\n"}, "", map[string]string{}, nil},
		"hostile":  {map[string]string{"Makefile": "REDIS_URL=a\\b\x01\n"}, "a\\b\x01", map[string]string{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for path, text := range c.files {
				files[path] = &fstest.MapFile{Data: []byte(text)}
			}
			g := project.Find(files)
			if g.Redis != c.redis || !reflect.DeepEqual(g.Expect, c.expect) || !reflect.DeepEqual(g.Packages, c.packages) {
				t.Errorf("got %q %v %v", g.Redis, g.Expect, g.Packages)
			}
			// What is written is read as it was meant.
			dir := tree(t, map[string]string{project.Name: g.TOML()})
			f, err := project.Load(dir)
			if err != nil {
				text, _ := os.ReadFile(f.Path)
				t.Fatalf("%v\n%s", err, text)
			}
			if len(f.Redis) > 0 != (c.redis != "") || len(f.Redis) > 0 && f.Redis[0] != c.redis || len(f.Expect) != len(c.expect) || !reflect.DeepEqual(f.Packages, c.packages) {
				t.Errorf("read back: %+v", f)
			}
		})
	}
}
