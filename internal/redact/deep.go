package redact

import (
	"reflect"
	"sync"
)

// Deep returns a value without the secrets in its texts, those of what it points
// to too; the keys of maps are names of parameters, and stay. The value itself is left as it is; what
// holds no secret is shared with it.
//
// A field with the tag `redact:"name"` is the name of a test, one with
// `redact:"value"` a value of a parameter, and one with `redact:"-"` is left as it is, as are texts of a type of their own: words of the
// program, and names out of the source code, which are no secrets though one may
// be called the same.
func Deep[T any](r *Redactor, value T) T {
	v := reflect.ValueOf(&value).Elem()
	if shown, changed := r.deep(v, r.Text); changed {
		return shown.Interface().(T)
	}
	return value
}

func (r *Redactor) deep(v reflect.Value, text func(string) string) (shown reflect.Value, changed bool) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() != reflect.TypeFor[string]() {
			return v, false
		}
		was := v.String()
		if is := text(was); is != was {
			return reflect.ValueOf(is), true
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		inner, changed := r.deep(v.Elem(), text)
		if !changed {
			return v, false
		}
		if v.Kind() == reflect.Interface {
			return inner, true
		}
		shown = reflect.New(inner.Type())
		shown.Elem().Set(inner)
		return shown, true
	case reflect.Slice, reflect.Array:
		return r.deepList(v, text)
	case reflect.Map:
		return r.deepMap(v, text)
	case reflect.Struct:
		return r.deepStruct(v, text)
	}
	return v, false
}

func (r *Redactor) deepStruct(v reflect.Value, text func(string) string) (shown reflect.Value, changed bool) {
	shown = v
	for _, f := range fieldsOf(v.Type()) {
		how := text
		switch f.tag {
		case "name":
			how = r.Name
		case "value":
			how = r.Setting
		}
		if part, differs := r.deep(v.Field(f.index), how); differs {
			if !changed {
				shown = reflect.New(v.Type()).Elem()
				shown.Set(v)
				changed = true
			}
			shown.Field(f.index).Set(part)
		}
	}
	return shown, changed
}

// field is one in which there can be text.
type field struct {
	index int
	tag   string
}

// fields remembers those of each type: an entry passes at each boundary, while a
// test waits.
var fields sync.Map

func fieldsOf(t reflect.Type) []field {
	if known, ok := fields.Load(t); ok {
		return known.([]field)
	}
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		if tag := f.Tag.Get("redact"); tag != "-" && f.IsExported() && hasText(f.Type, map[reflect.Type]bool{}) {
			all = append(all, field{i, tag})
		}
	}
	fields.Store(t, all)
	return all
}

// hasText says whether there can be text in a value of a type.
func hasText(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false // it is asked about already
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.String:
		return t == reflect.TypeFor[string]()
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hasText(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Tag.Get("redact") != "-" && hasText(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

func (r *Redactor) deepList(v reflect.Value, text func(string) string) (shown reflect.Value, changed bool) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return v, false
	}
	shown = v
	for i := range v.Len() {
		if part, differs := r.deep(v.Index(i), text); differs {
			if !changed {
				shown = reflect.New(v.Type()).Elem()
				if v.Kind() == reflect.Slice {
					shown.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
				}
				reflect.Copy(shown, v)
				changed = true
			}
			shown.Index(i).Set(part)
		}
	}
	return shown, changed
}

func (r *Redactor) deepMap(v reflect.Value, text func(string) string) (shown reflect.Value, changed bool) {
	if v.IsNil() {
		return v, false
	}
	shown = reflect.MakeMapWithSize(v.Type(), v.Len())
	for entries := v.MapRange(); entries.Next(); {
		value, differs := r.deep(entries.Value(), text)
		changed = changed || differs
		shown.SetMapIndex(entries.Key(), value)
	}
	if !changed {
		return v, false
	}
	return shown, true
}
