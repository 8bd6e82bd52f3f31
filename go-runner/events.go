package main

import "github.com/reearth/ygo/crdt"

// observed is the event of a type in a transaction, or why it cannot be told.
type observed struct {
	transaction *crdt.Transaction
	event       map[string]any
	err         error
}

// observe tells the events of a text. What the library tells of other types is that they changed: not how, and it exports
// nothing of a transaction that would say it. It tells no paths either, so the text is a root.
func observe(s *Session, d *document, step *Step) (any, error) {
	if step.Deep {
		return nil, unsupported("observe.deep")
	}
	place := s.find(d, step.Path)
	if place.err != nil {
		return nil, place.err
	}
	switch kind := family(place.target); {
	case kind == "fragment" || kind == "element" || kind == "xmltext":
		return nil, unsupported("observe.xml")
	case kind != "text":
		return nil, unsupported("observe." + kind)
	case len(step.Path) > 1:
		return nil, unsupported("observe.path")
	}
	asText(place.target).Observe(func(event crdt.YTextEvent) {
		delta, err := fromDelta(event.Delta)
		if err != nil || len(delta) > 0 {
			d.told = append(d.told, observed{event.Txn, map[string]any{"path": step.Path, "delta": delta}, err})
		}
	})
	return nil, nil
}

// fromDelta gives a delta in the form of the protocol: adjacent strings of equal attributes are joined, and nothing is
// retained at the end.
func fromDelta(delta []crdt.Delta) ([]map[string]any, error) {
	var ops chunks
	for _, part := range delta {
		switch part.Op {
		case crdt.DeltaOpInsert:
			insert, attributes, err := fromInserted(part)
			if err != nil {
				return nil, err
			}
			ops.push(insert, attributes)
		case crdt.DeltaOpDelete:
			ops = append(ops, map[string]any{"delete": part.Delete})
		case crdt.DeltaOpRetain:
			attributes, err := fromEntries(part.Attributes)
			if err != nil {
				return nil, err
			}
			op := map[string]any{"retain": part.Retain}
			if len(attributes) > 0 {
				op["attributes"] = attributes
			}
			ops = append(ops, op)
		}
	}
	if last := len(ops) - 1; last >= 0 && ops[last]["retain"] != nil && ops[last]["attributes"] == nil {
		ops = ops[:last]
	}
	return ops, nil
}

// events gives what was told since the last time, a list for each transaction.
func events(_ *Session, d *document, _ *Step) (any, error) {
	transactions := [][]any{}
	var last *crdt.Transaction
	heard := d.told
	d.told = nil
	for _, told := range heard {
		if told.err != nil {
			return nil, told.err
		}
		if told.transaction != last || len(transactions) == 0 {
			transactions = append(transactions, nil)
			last = told.transaction
		}
		at := len(transactions) - 1
		transactions[at] = append(transactions[at], told.event)
	}
	return transactions, nil
}
