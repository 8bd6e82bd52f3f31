package main

import (
	"encoding/json"

	"github.com/reearth/ygo/crdt"
)

// A document is that of a peer, and what the session keeps of it beside its content.
type document struct {
	*crdt.Doc
	presence *presence
	managers map[string]*crdt.UndoManager
	told     []observed
}

// fromElsewhere is the origin of what others wrote.
type fromElsewhere struct{}

func newDocument(options PeerOptions, session *Session) (*document, error) {
	if options.Client>>53 != 0 {
		return nil, malformed("client id %d is not below 2^53", options.Client)
	}
	doc := crdt.New(
		crdt.WithClientID(crdt.ClientID(options.Client)),
		crdt.WithGC(options.GC == nil || *options.GC),
	)
	if options.Declare == nil || *options.Declare {
		for _, name := range session.names {
			root(doc, name, session.roots[name])
		}
	}
	return &document{Doc: doc, managers: map[string]*crdt.UndoManager{}}, nil
}

// state reads all roots of the session.
func state(s *Session, d *document, _ *Step) (any, error) {
	read := make(map[string]any, len(s.names))
	for _, name := range s.names {
		value, err := fromRoot(d.Doc, name, s.roots[name])
		if err != nil {
			return nil, err
		}
		read[name] = value
	}
	return read, nil
}

// rootOf names the root that a path begins with.
func (s *Session) rootOf(d *document, path []any) (any, error) {
	name, _ := first(path).(string)
	kind, declared := s.roots[name]
	if !declared {
		return nil, malformed("the session has no root %v", first(path))
	}
	return root(d.Doc, name, kind), nil
}

func first(path []any) any {
	if len(path) == 0 {
		return nil
	}
	return path[0]
}

// child gives the shared type at a map's key, or at an index of an array or an XML node.
func child(shared, item any) (any, error) {
	var value any
	switch parent := shared.(type) {
	case *crdt.YMap:
		key, _ := item.(string)
		var ok bool
		if value, ok = parent.Get(key); !ok && parent.Has(key) {
			return nil, unsupported("map.get.type")
		}
	case *crdt.YArray:
		if index, ok := asIndex(item); ok {
			value = parent.Get(index)
		}
	default:
		return nodeAt(shared, item)
	}
	if family(value) == "" {
		return nil, refused("no shared type at %v", item)
	}
	return value, nil
}

// childWithin is child within a transaction, which holds the lock that reading an array or a map takes.
func childWithin(shared, item any) (any, error) {
	if kind := family(shared); kind == "array" || kind == "map" {
		return nil, unsupported("transact.path")
	}
	return nodeAt(shared, item)
}

// nodeAt gives a child of an XML node. It takes no lock.
func nodeAt(shared, item any) (any, error) {
	index, ok := asIndex(item)
	if node := asNode(shared); ok && node != nil {
		if children := node.Children(); index >= 0 && index < len(children) {
			return children[index], nil
		}
	}
	return nil, refused("no shared type at %v", item)
}

func asIndex(item any) (int, bool) {
	number, ok := item.(json.Number)
	if !ok {
		return 0, false
	}
	index, err := number.Int64()
	return int(index), err == nil
}
