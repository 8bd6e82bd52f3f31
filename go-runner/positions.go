package main

import "github.com/reearth/ygo/crdt"

// position makes a relative position. Where a session that wraps finds nothing to point into, there is none.
func position(s *Session, d *document, step *Step) (any, error) {
	place := s.find(d, step.Path)
	if place.err != nil {
		return nil, place.err
	}
	if s.wraps {
		wrapped := place.wrap(step)
		if wrapped == nil {
			return nil, nil
		}
		step = wrapped
	}
	index, err := required("index", step.Index)
	if err != nil {
		return nil, err
	}
	if !suits("position", family(place.target)) {
		return nil, refused("a %s has no positions", family(place.target))
	}
	made, err := relativePosition(crdt.CreateRelativePositionFromIndex, place.target, index, step.Assoc)
	if err != nil {
		return nil, err
	}
	return crdt.EncodeRelativePosition(made), nil
}

// relativePosition calls create. The library does not export the type of what it takes; a type parameter stands for it.
func relativePosition[T any](
	create func(T, int, int) crdt.RelativePosition, target any, index, assoc int,
) (crdt.RelativePosition, error) {
	shared, err := asParameter[T](target)
	if err != nil {
		return crdt.RelativePosition{}, err
	}
	return create(shared, index, assoc), nil
}

func asParameter[T any](shared any) (T, error) {
	parameter, ok := shared.(T)
	if !ok {
		return parameter, unsupported("shared." + family(shared))
	}
	return parameter, nil
}

func resolvePosition(s *Session, d *document, step *Step) (any, error) {
	bytes, err := s.slots.bytes("position", step.Position)
	if err != nil {
		return nil, err
	}
	relative, err := crdt.DecodeRelativePosition(bytes)
	if err != nil {
		return nil, err
	}
	absolute, found := crdt.ToAbsolutePosition(d.Doc, relative)
	if !found {
		return nil, nil
	}
	return absolute.Index, nil
}
