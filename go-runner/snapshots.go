package main

import "github.com/reearth/ygo/crdt"

func snapshot(_ *Session, d *document, _ *Step) (any, error) {
	return crdt.EncodeSnapshot(crdt.CaptureSnapshot(d.Doc)), nil
}

// restore gives an update of the document as it was.
func restore(s *Session, d *document, step *Step) (any, error) {
	bytes, err := s.slots.bytes("snapshot", step.Snapshot)
	if err != nil {
		return nil, err
	}
	past, err := crdt.DecodeSnapshot(bytes)
	if err != nil {
		return nil, err
	}
	restored, err := crdt.RestoreDocument(d.Doc, past)
	if err != nil {
		return nil, err
	}
	return crdt.EncodeStateAsUpdateV1(restored, nil), nil
}

func equalSnapshots(s *Session, _ *document, step *Step) (any, error) {
	both, err := s.slots.all(step.Snapshots)
	if err != nil {
		return nil, err
	}
	if len(both) != 2 {
		return nil, malformed("snapshots are two")
	}
	one, err := crdt.DecodeSnapshot(both[0])
	if err != nil {
		return nil, err
	}
	other, err := crdt.DecodeSnapshot(both[1])
	if err != nil {
		return nil, err
	}
	return crdt.EqualSnapshots(one, other), nil
}
