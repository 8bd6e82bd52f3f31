package main

import (
	"encoding/json"
	"strconv"
)

// A place is where a local op works. Numbers of a session that wraps are taken modulo what there is, so that every op
// means something on every document.
type place struct {
	root   any
	placed []any // the path as it was entered
	target any   // nil where a path that wraps leads nowhere
	err    error // what keeps the op from its place
	later  bool  // whether the path is entered within the transaction
}

// find gives the place that a path leads to; outside of transactions.
func (s *Session) find(d *document, path []any) *place {
	root, err := s.rootOf(d, path)
	if err != nil {
		return &place{err: err}
	}
	found := &place{root: root, placed: path[:1:1]}
	found.enter(path[1:], s.wraps, child)
	return found
}

// findAll finds the places of the ops of one transaction, before it begins: arrays and maps can be read outside of a
// transaction only. A path that an earlier op of the transaction may change is entered within.
func (s *Session) findAll(d *document, steps []*Step) ([]*place, error) {
	places := make([]*place, len(steps))
	for i, step := range steps {
		if localOps[step.Op] == nil || !library.has(step.Op) {
			return nil, unsupported(step.Op)
		}
		places[i] = s.find(d, step.Path)
		places[i].later = places[i].root != nil && s.mayChange(steps[:i], step.Path)
	}
	return places, nil
}

// mayChange says whether one of the steps works on a type that the path leads through.
func (s *Session) mayChange(steps []*Step, path []any) bool {
	for _, step := range steps {
		through := len(step.Path) < len(path)
		for i := 0; through && i < len(step.Path); i++ {
			_, isNumber := path[i].(json.Number)
			through = step.Path[i] == path[i] || s.wraps && isNumber
		}
		if through {
			return true
		}
	}
	return false
}

// enter follows what a path has behind its root, with the given way to a child.
func (p *place) enter(path []any, wraps bool, childOf func(shared, item any) (any, error)) {
	p.target, p.placed, p.err = p.root, p.placed[:1:1], nil
	for _, item := range path {
		if wraps {
			item = wrapItem(p.target, item)
		}
		next, err := childOf(p.target, item)
		if err != nil {
			p.target, p.err = nil, err
			if wraps && faultOf(err).Kind == Refused {
				p.err = nil
			}
			return
		}
		p.target, p.placed = next, append(p.placed, item)
	}
}

// wrapItem gives a step of a path within a shared type, or nil when there is none.
func wrapItem(shared, item any) any {
	index, isNumber := asIndex(item)
	switch family(shared) {
	case "map":
		if !isNumber {
			return item
		}
	case "array", "fragment", "element":
		if there := length(shared); isNumber && there > 0 {
			return json.Number(strconv.Itoa(index % there))
		}
	}
	return nil
}

// wrap gives the op as it is performed; nil when there is nothing for it to do.
func (p *place) wrap(step *Step) *Step {
	if p.target == nil || !suits(step.Op, family(p.target)) {
		return nil
	}
	wrapped := *step
	wrapped.Path = p.placed
	if step.Index == nil {
		return &wrapped
	}
	there := length(p.target)
	if step.Length == nil {
		index := *step.Index % (there + 1)
		wrapped.Index = &index
		return &wrapped
	}
	if there == 0 {
		return nil
	}
	index := *step.Index % there
	length := min(*step.Length, there-index)
	wrapped.Index, wrapped.Length = &index, &length
	return &wrapped
}

// wrapped answers the op wrap: the local op that it holds as a session that wraps performs it.
func wrapped(s *Session, d *document, step *Step) (any, error) {
	raw, err := json.Marshal(step.Step)
	if err != nil {
		return nil, malformed("malformed step: %v", err)
	}
	local, err := parseStep(raw)
	if err != nil {
		return nil, err
	}
	place := s.find(d, local.Path)
	if place.err != nil {
		return nil, place.err
	}
	wrapped := place.wrap(local)
	if wrapped == nil {
		return nil, nil
	}
	answer := make(map[string]any, len(step.Step))
	for key, value := range step.Step {
		answer[key] = value
	}
	answer["path"] = wrapped.Path
	for key, number := range map[string]*int{"index": wrapped.Index, "length": wrapped.Length} {
		if number != nil {
			answer[key] = *number
		}
	}
	return answer, nil
}
