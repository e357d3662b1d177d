package source

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// libraries are the clients that a clean-up can be written with, by the path of the package.
var libraries = map[string]string{
	"github.com/redis/go-redis/v9": "go-redis v9", "github.com/go-redis/redis/v8": "go-redis v8", "github.com/gomodule/redigo/redis": "redigo",
	"github.com/redis/rueidis": "rueidis", "github.com/valkey-io/valkey-go": "valkey-go", "github.com/mediocregopher/radix/v4": "radix",
}

// pipeline is the name of a type that gathers commands; what it was made from sends them.
const pipeline = "Pipeliner"

// clientTypes are the names of types that send a command at once.
var clientTypes = []string{"Client", "UniversalClient", "Cmdable", "ClusterClient", "Conn", "Tx", "ConnWithTimeout", "DedicatedClient", "MultiClient"}

// kind is what is known of the type of an expression.
type kind struct {
	library string // where it is a type of a client's package
	name    string
	local   *ast.StructType // where it is a struct of test code
	of      *syntax         // that it stands in
	from    ast.Expr        // of a pipeline: what it was made from
}

func (k kind) client() bool { return k.library != "" && slices.Contains(clientTypes, k.name) }

// spot is a line of a function of test code.
type spot struct {
	*syntax
	around []ast.Node // the innermost function last
	line   int
	direct bool      // it is the innermost of the user's code
	others []*syntax // of the stack
	sets   []string  // parameters
}

func (p *spot) function() ast.Node { return p.around[len(p.around)-1] }

// functions returns the functions around the line, the innermost first.
func (p *spot) functions() (all []ast.Node) {
	for _, n := range slices.Backward(p.around) {
		if bodyOf(n) != nil {
			all = append(all, n)
		}
	}
	return all
}

// written returns what a type that is written down is.
func (p *spot) written(s *syntax, e ast.Expr) kind {
	switch e := e.(type) {
	case *ast.StarExpr:
		return p.written(s, e.X)
	case *ast.ParenExpr:
		return p.written(s, e.X)
	case *ast.SelectorExpr:
		if id, is := e.X.(*ast.Ident); is {
			return kind{library: libraries[s.imports[id.Name]], name: e.Sel.Name}
		}
	case *ast.Ident:
		for _, in := range p.others {
			if spec := in.typeSpec(e.Name); spec != nil {
				if st, is := spec.Type.(*ast.StructType); is {
					return kind{local: st, of: in}
				}
				if spec.Name.Name != e.Name || spec.Type != ast.Expr(e) {
					return p.written(in, spec.Type)
				}
			}
		}
	}
	return kind{}
}

func (s *syntax) typeSpec(name string) *ast.TypeSpec {
	for _, d := range s.tree.Decls {
		if gen, is := d.(*ast.GenDecl); is && gen.Tok == token.TYPE {
			for _, spec := range gen.Specs {
				if t, is := spec.(*ast.TypeSpec); is && t.Name.Name == name {
					return t
				}
			}
		}
	}
	return nil
}

// kindOf returns what the type of an expression is, as far as the files of the stack tell.
// Depth bounds how far it is followed.
func (p *spot) kindOf(e ast.Expr, depth int) kind {
	if depth > 8 {
		return kind{}
	}
	switch e := e.(type) {
	case *ast.Ident:
		return p.variable(e.Name, depth)
	case *ast.ParenExpr:
		return p.kindOf(e.X, depth+1)
	case *ast.UnaryExpr:
		return p.kindOf(e.X, depth+1)
	case *ast.CompositeLit:
		return p.written(p.syntax, e.Type)
	case *ast.SelectorExpr:
		return p.field(p.kindOf(e.X, depth+1), e.Sel.Name, depth)
	case *ast.CallExpr:
		return p.result(e, depth)
	}
	return kind{}
}

// field returns what a field of a struct is, those of embedded ones included.
func (p *spot) field(k kind, name string, depth int) (found kind) {
	if k.local == nil || depth > 8 {
		return kind{}
	}
	for _, f := range k.local.Fields.List {
		of := p.written(k.of, f.Type)
		for _, id := range f.Names {
			if id.Name == name {
				return of
			}
		}
		if len(f.Names) == 0 {
			if of.name == name {
				return of
			}
			if inner := p.field(of, name, depth+1); inner != (kind{}) {
				found = inner
			}
		}
	}
	return found
}

// constructors are functions of the clients' packages, by what they return.
var constructors = map[string]string{
	"NewClient": "Client", "NewFailoverClient": "Client", "NewClusterClient": "ClusterClient", "NewFailoverClusterClient": "ClusterClient", "NewUniversalClient": "UniversalClient",
	"Dial": "Conn", "DialContext": "Conn", "DialURL": "Conn", "DialURLContext": "Conn", "DialTimeout": "Conn",
}

// result returns what the first result of a call is.
func (p *spot) result(call *ast.CallExpr, depth int) kind {
	name := ""
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		name = fn.Sel.Name
		if id, is := fn.X.(*ast.Ident); is {
			if library := libraries[p.imports[id.Name]]; library != "" {
				return kind{library: library, name: constructors[name]}
			}
		}
		on := p.kindOf(fn.X, depth+1)
		switch {
		case on.library != "" && (name == "Pipeline" || name == "TxPipeline"):
			return kind{library: on.library, name: pipeline, from: fn.X}
		case on.library == "redigo" && on.name == "Pool" && (name == "Get" || name == "GetContext"):
			return kind{library: on.library, name: "Conn"}
		case on.library == "radix" && strings.HasSuffix(on.name, "Config") && name == "New":
			return kind{library: on.library, name: "Client"}
		}
	}
	for _, in := range p.others {
		for _, d := range in.tree.Decls {
			fn, is := d.(*ast.FuncDecl)
			if is && fn.Name.Name == name && fn.Type.Results != nil && len(fn.Type.Results.List) > 0 {
				return p.written(in, fn.Type.Results.List[0].Type)
			}
		}
	}
	return kind{}
}

// variable returns what a variable is that is in reach at the line.
func (p *spot) variable(name string, depth int) (found kind) {
	for _, fn := range p.functions() {
		is := false
		take := func(id *ast.Ident, of ast.Expr) {
			if id.Name == name {
				is, found = true, p.written(p.syntax, of)
			}
		}
		each(typeOf(fn).Params, take)
		if decl, method := fn.(*ast.FuncDecl); method {
			each(decl.Recv, take)
		}
		ast.Inspect(bodyOf(fn), func(n ast.Node) bool {
			if n != nil && p.syntax.line(n.Pos()) > p.line {
				return false
			}
			if k, here := p.defined(n, name, depth); here {
				is, found = true, k
			}
			return true
		})
		if is {
			return found
		}
	}
	for _, in := range p.others {
		for _, d := range in.tree.Decls {
			if gen, is := d.(*ast.GenDecl); is {
				for _, spec := range gen.Specs {
					at := &spot{syntax: in, others: p.others}
					if k, here := at.defined(spec, name, depth); here {
						return k
					}
				}
			}
		}
	}
	return found
}

// defined returns what a variable is where a node declares it.
func (p *spot) defined(n ast.Node, name string, depth int) (kind, bool) {
	switch n := n.(type) {
	case *ast.ValueSpec:
		for i, id := range n.Names {
			if id.Name != name {
				continue
			}
			if n.Type != nil {
				return p.written(p.syntax, n.Type), true
			}
			if i < len(n.Values) {
				return p.kindOf(n.Values[i], depth+1), true
			}
			return kind{}, true
		}
	case *ast.AssignStmt:
		for i, e := range n.Lhs {
			if id, is := e.(*ast.Ident); !is || n.Tok != token.DEFINE || id.Name != name {
				continue
			}
			switch {
			case len(n.Rhs) == len(n.Lhs):
				return p.kindOf(n.Rhs[i], depth+1), true
			case i == 0:
				return p.kindOf(n.Rhs[0], depth+1), true
			}
			return kind{}, true
		}
	}
	return kind{}, false
}

// senders are methods of clients that send a command which sets a parameter.
var senders = []string{"ConfigSet", "Do", "DoContext", "Process", "Pipelined", "TxPipelined"}

// client returns the expression of the client that a call at the line uses. Direct says that
// the function called the client itself.
func (p *spot) client(direct bool) (ast.Expr, kind) {
	calls := p.calls(p.function(), p.line)
	for _, call := range calls {
		fn, is := call.Fun.(*ast.SelectorExpr)
		if !is {
			continue
		}
		k := p.kindOf(fn.X, 0)
		switch {
		case k.name == pipeline && k.from != nil:
			return k.from, p.kindOf(k.from, 0)
		case k.client() && plain(fn.X):
			return fn.X, k
		case direct && slices.Contains(senders, fn.Sel.Name) && k.library == "" && plain(fn.X) && p.imports[root(fn.X)] == "":
			return fn.X, k
		}
	}
	for _, call := range calls {
		for _, arg := range call.Args {
			if k := p.kindOf(arg, 0); k.client() && plain(arg) {
				return arg, k
			}
		}
	}
	return p.only()
}

// only returns the one client that is in reach: a variable, or a field of the receiver.
func (p *spot) only() (found ast.Expr, of kind) {
	count := 0
	take := func(e ast.Expr) {
		if k := p.kindOf(e, 0); k.client() {
			found, of = e, k
			count++
		}
	}
	seen := map[string]bool{}
	for _, fn := range p.functions() {
		names := func(id *ast.Ident, _ ast.Expr) {
			if !seen[id.Name] {
				seen[id.Name] = true
				take(ast.NewIdent(id.Name))
			}
		}
		each(typeOf(fn).Params, names)
		in, at := p.statement(fn, p.line)
		for _, stmt := range in[:at] {
			for _, id := range declares(stmt) {
				names(id, nil)
			}
		}
		if decl, method := fn.(*ast.FuncDecl); method {
			each(decl.Recv, func(id *ast.Ident, t ast.Expr) {
				if k := p.written(p.syntax, t); k.local != nil {
					for _, f := range k.local.Fields.List {
						for _, name := range f.Names {
							take(&ast.SelectorExpr{X: ast.NewIdent(id.Name), Sel: ast.NewIdent(name.Name)})
						}
					}
				}
			})
		}
	}
	for _, d := range p.tree.Decls {
		if gen, is := d.(*ast.GenDecl); is && gen.Tok == token.VAR {
			for _, spec := range gen.Specs {
				for _, id := range declares(spec) {
					if !seen[id.Name] {
						take(ast.NewIdent(id.Name))
					}
				}
			}
		}
	}
	if count != 1 {
		return nil, kind{}
	}
	return found, of
}
