package main

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/reearth/ygo/awareness"
)

// presence is the awareness of a document, and the events since the last time that somebody asked.
type presence struct {
	*awareness.Awareness
	told []any
}

// awareness gives the awareness of a document; it begins with its first use.
func (d *document) awareness() *presence {
	if d.presence != nil {
		return d.presence
	}
	presence := &presence{Awareness: awareness.New(uint64(d.ClientID())), told: []any{}}
	presence.OnChange(func(change awareness.ChangeEvent) {
		presence.told = append(presence.told, map[string]any{
			"added": sorted(change.Added), "updated": sorted(change.Updated), "removed": sorted(change.Removed),
		})
	})
	d.presence = presence
	return presence
}

func sorted(clients []uint64) []uint64 {
	list := append([]uint64{}, clients...)
	slices.Sort(list)
	return list
}

// setLocalState sets the local state, which is an object in this library.
func setLocalState(_ *Session, d *document, step *Step) (any, error) {
	if !step.State.present {
		return nil, malformed("the step has no state")
	}
	raw, err := json.Marshal(step.State.json)
	if err != nil {
		return nil, malformed("bad state: %v", err)
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, malformed("bad state: %v", err)
	}
	state, isObject := value.(map[string]any)
	if !isObject && value != nil {
		return nil, unsupported("awareness.set.any")
	}
	d.awareness().SetLocalState(state)
	return nil, nil
}

func encodeAwareness(_ *Session, d *document, step *Step) (any, error) {
	return d.awareness().EncodeUpdate(step.Clients), nil
}

func applyAwareness(s *Session, d *document, step *Step) (any, error) {
	update, err := s.slots.bytes("update", step.Update)
	if err != nil {
		return nil, err
	}
	return nil, d.awareness().ApplyUpdate(update, fromElsewhere{})
}

func awarenessStates(_ *Session, d *document, _ *Step) (any, error) {
	states := map[string]any{}
	for client, known := range d.awareness().GetStates() {
		states[strconv.FormatUint(client, 10)] = known.State
	}
	return states, nil
}

func awarenessEvents(_ *Session, d *document, _ *Step) (any, error) {
	presence := d.awareness()
	told := presence.told
	presence.told = []any{}
	return told, nil
}
