package main

import (
	"github.com/reearth/ygo/encoding"
	"github.com/reearth/ygo/sync"
)

func syncStep1(_ *Session, d *document, _ *Step) (any, error) {
	return sync.EncodeSyncStep1(d.Doc), nil
}

// syncStep2 answers a step 1, which is how the library is asked for a step 2.
func syncStep2(s *Session, d *document, step *Step) (any, error) {
	since := []byte{0}
	if step.Since != nil {
		var err error
		if since, err = s.slots.bytes("since", step.Since); err != nil {
			return nil, err
		}
	}
	step1 := encoding.NewEncoder()
	step1.WriteVarUint(sync.MsgSyncStep1)
	step1.WriteVarBytes(since)
	return sync.EncodeSyncStep2(d.Doc, step1.Bytes())
}

func syncUpdate(s *Session, _ *document, step *Step) (any, error) {
	update, err := s.slots.bytes("update", step.Update)
	if err != nil {
		return nil, err
	}
	return sync.EncodeUpdate(update), nil
}

func syncRead(s *Session, d *document, step *Step) (any, error) {
	message, err := s.slots.bytes("message", step.Message)
	if err != nil {
		return nil, err
	}
	reply, err := sync.ApplySyncMessage(d.Doc, message, fromElsewhere{})
	if err != nil || reply == nil {
		return nil, err
	}
	return reply, nil
}
