package main

import "github.com/reearth/ygo/crdt"

func encode(s *Session, d *document, step *Step) (any, error) {
	since, err := s.stateVector(step)
	if err != nil {
		return nil, err
	}
	if step.v2() {
		return crdt.EncodeStateAsUpdateV2(d.Doc, since), nil
	}
	return crdt.EncodeStateAsUpdateV1(d.Doc, since), nil
}

// stateVector reads the state vector under `since`; nil when the step has none.
func (s *Session) stateVector(step *Step) (crdt.StateVector, error) {
	if step.Since == nil {
		return nil, nil
	}
	bytes, err := s.slots.bytes("since", step.Since)
	if err != nil {
		return nil, err
	}
	return crdt.DecodeStateVectorV1(bytes)
}

func apply(s *Session, d *document, step *Step) (any, error) {
	update, err := s.slots.bytes("update", step.Update)
	if err != nil {
		return nil, err
	}
	if step.v2() {
		return nil, crdt.ApplyUpdateV2(d.Doc, update, fromElsewhere{})
	}
	return nil, crdt.ApplyUpdateV1(d.Doc, update, fromElsewhere{})
}

func encodeStateVector(_ *Session, d *document, _ *Step) (any, error) {
	return crdt.EncodeStateVectorV1(d.Doc), nil
}

func merge(s *Session, _ *document, step *Step) (any, error) {
	updates, err := s.slots.all(step.Updates)
	if err != nil {
		return nil, err
	}
	return crdt.MergeUpdatesV1(updates...)
}

func diff(s *Session, _ *document, step *Step) (any, error) {
	update, err := s.slots.bytes("update", step.Update)
	if err != nil {
		return nil, err
	}
	since, err := s.stateVector(step)
	if err != nil {
		return nil, err
	}
	return crdt.DiffUpdateV1(update, since)
}

func convert(s *Session, _ *document, step *Step) (any, error) {
	update, err := s.slots.bytes("update", step.Update)
	switch {
	case err != nil:
		return nil, err
	case step.From == step.To:
		return update, nil
	case step.To == "v2":
		return crdt.UpdateV1ToV2(update)
	default:
		return crdt.UpdateV2ToV1(update)
	}
}
