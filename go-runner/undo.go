package main

import (
	"time"

	"github.com/reearth/ygo/crdt"
)

func track(s *Session, d *document, step *Step) (any, error) {
	types := make([]any, len(step.Paths))
	for i, path := range step.Paths {
		place := s.find(d, path)
		if place.err != nil {
			return nil, place.err
		}
		types[i] = place.target
	}
	options := []crdt.UndoManagerOption{
		crdt.WithCaptureTimeout(time.Duration(step.Timeout) * time.Millisecond),
	}
	if step.Origins != nil {
		origins := make([]any, len(step.Origins))
		for i, origin := range step.Origins {
			origins[i] = origin
		}
		options = append(options, crdt.WithTrackedOrigins(origins...))
	}
	manager, err := undoManager(crdt.NewUndoManager, d.Doc, types, options)
	if err == nil {
		d.managers[step.Manager] = manager
	}
	return nil, err
}

// undoManager calls create. The library does not export the type of the scope's items; a type parameter stands for it.
func undoManager[T any](
	create func(*crdt.Doc, []T, ...crdt.UndoManagerOption) *crdt.UndoManager,
	doc *crdt.Doc, types []any, options []crdt.UndoManagerOption,
) (*crdt.UndoManager, error) {
	scope := make([]T, len(types))
	for i, shared := range types {
		item, err := asParameter[T](shared)
		if err != nil {
			return nil, err
		}
		scope[i] = item
	}
	return create(doc, scope, options...), nil
}

// manager gives the undo manager that a step names; the first of a peer has no name.
func (d *document) manager(step *Step) (*crdt.UndoManager, error) {
	manager, tracks := d.managers[step.Manager]
	if !tracks {
		return nil, malformed("the peer has no undo manager %q", step.Manager)
	}
	return manager, nil
}

func undo(_ *Session, d *document, step *Step) (any, error) {
	manager, err := d.manager(step)
	if err != nil {
		return nil, err
	}
	return manager.Undo(), nil
}

func redo(_ *Session, d *document, step *Step) (any, error) {
	manager, err := d.manager(step)
	if err != nil {
		return nil, err
	}
	return manager.Redo(), nil
}

func stopCapturing(_ *Session, d *document, step *Step) (any, error) {
	manager, err := d.manager(step)
	if err == nil {
		manager.StopCapturing()
	}
	return nil, err
}

func clearStacks(_ *Session, d *document, step *Step) (any, error) {
	manager, err := d.manager(step)
	if err == nil {
		manager.Clear()
	}
	return nil, err
}

func canUndo(_ *Session, d *document, step *Step) (any, error) {
	manager, err := d.manager(step)
	if err != nil {
		return nil, err
	}
	return []bool{manager.UndoStackSize() > 0, manager.RedoStackSize() > 0}, nil
}
