package main

import "sort"

// PeerOptions says how a peer's document is made.
type PeerOptions struct {
	Client  uint64 `json:"client"`
	GC      *bool  `json:"gc"`
	Declare *bool  `json:"declare"`
}

// A Session is the documents of some peers, and the slots.
type Session struct {
	roots map[string]string // name -> kind
	names []string          // of the roots, sorted
	wraps bool
	peers map[string]*document
	slots slots
}

// newSession makes the peers' documents.
func newSession(roots map[string]string, peers map[string]PeerOptions, wraps bool) (*Session, error) {
	session := &Session{roots: roots, wraps: wraps, peers: map[string]*document{}, slots: slots{}}
	for name, kind := range roots {
		if !library.has("root." + kind) {
			return nil, unsupported("root." + kind)
		}
		session.names = append(session.names, name)
	}
	sort.Strings(session.names)
	_, err := guarded(func() (any, error) {
		for name, options := range peers {
			document, err := newDocument(options, session)
			if err != nil {
				return nil, err
			}
			session.peers[name] = document
		}
		return nil, nil
	})
	return session, err
}

// perform does a step and gives what it observed.
func (s *Session) perform(step *Step) (any, error) {
	return guarded(func() (any, error) {
		if !library.has(step.Op) {
			return nil, unsupported(step.Op)
		}
		if step.v2() && hasFormat[step.Op] && !library.has(step.Op+".v2") {
			return nil, unsupported(step.Op + ".v2")
		}
		if step.Doc != nil {
			return nil, unsupported("doc")
		}
		document, there := s.peers[step.Peer]
		if !there {
			return nil, malformed("the session has no peer %q", step.Peer)
		}
		perform, known := ops[step.Op]
		if !known {
			perform = change
		}
		value, err := perform(s, document, step)
		if err != nil {
			return nil, err
		}
		return s.slots.observe(step, value), nil
	})
}

// An operation performs a step of its op on the peer's document. Bytes that it gives fill the step's slot.
type operation func(s *Session, d *document, step *Step) (any, error)

// ops are the steps that this runner performs, beside local ops.
var ops = map[string]operation{
	"transact": change,

	"encode": encode, "apply": apply, "state": state, "state_vector": encodeStateVector, "wrap": wrapped,
	"merge": merge, "diff": diff, "convert": convert,

	"snapshot": snapshot, "snapshot.restore": restore, "snapshot.equal": equalSnapshots,

	"position": position, "position.resolve": resolvePosition,

	"undo.track": track, "undo": undo, "redo": redo,
	"undo.stop": stopCapturing, "undo.clear": clearStacks, "undo.can": canUndo,

	"observe": observe, "events": events,

	"awareness.set": setLocalState, "awareness.encode": encodeAwareness, "awareness.apply": applyAwareness,
	"awareness.states": awarenessStates, "awareness.events": awarenessEvents,

	"sync.step1": syncStep1, "sync.step2": syncStep2, "sync.update": syncUpdate, "sync.read": syncRead,
}

// hasFormat are the ops whose bytes are in the format of the step, beside local ops, whose slots are.
var hasFormat = map[string]bool{
	"encode": true, "apply": true, "merge": true, "diff": true,
	"snapshot": true, "snapshot.restore": true, "snapshot.equal": true,
}
