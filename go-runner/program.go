package main

import "strings"

// A demanded step has the observations of which it must make one, such as {"state": ..}; without any it must only succeed.
type demanded struct {
	step         *Step
	alternatives []map[string]any
}

// program gives the case's steps and the finale (docs/vectors.md), for one run with a format.
func (c *Case) program(format string) ([]demanded, error) {
	var program []demanded
	for _, raw := range c.Steps {
		step, err := parseStep(raw)
		if err != nil {
			return nil, err
		}
		program = append(program, demanded{step, c.alternatives(step)})
	}
	if c.Verdict != "invalid" {
		program = c.finale(program)
	}
	fixed := map[string]bool{}
	for _, each := range program {
		setFormat(each.step, format, fixed)
	}
	return program, nil
}

func (c *Case) alternatives(step *Step) []map[string]any {
	observation, demands := c.Expect.Observations[step.As]
	if !demands {
		return nil
	}
	options, several := observation["oneOf"].([]any)
	if !several {
		return []map[string]any{observation}
	}
	var alternatives []map[string]any
	for _, option := range options {
		object, _ := option.(map[string]any)
		alternatives = append(alternatives, object)
	}
	return alternatives
}

func (c *Case) finale(program []demanded) []demanded {
	converged := []map[string]any{c.Expect.Converged}
	for _, other := range c.Expect.Acceptable {
		converged = append(converged, other.Converged)
	}
	delivered := func(peer string) []map[string]any {
		if view, differs := c.Expect.Delivered[peer]; differs {
			return []map[string]any{view}
		}
		return converged
	}
	peers := c.Peers.names
	last := peers[len(peers)-1]
	for _, peer := range peers {
		program = look(program, peer, "", delivered(peer))
	}
	if len(peers) > 1 {
		for _, sender := range peers {
			for _, receiver := range peers {
				if sender != receiver {
					program = exchange(program, sender, receiver)
				}
			}
		}
		for _, peer := range peers {
			program = look(program, peer, "2", converged)
		}
	}
	program = append(program,
		demanded{&Step{Op: "encode", Peer: last, As: "@relay.update"}, nil},
		demanded{&Step{Op: "apply", Peer: relay, Update: &operand{slot: "@relay.update"}}, nil},
	)
	if len(peers) == 1 {
		// The relay of a single peer can only see what that peer was demanded to have.
		converged = delivered(last)
	}
	return look(program, relay, "", converged)
}

func exchange(program []demanded, sender, receiver string) []demanded {
	route := "@" + sender + ">" + receiver
	since := route + ".since"
	return append(program,
		demanded{&Step{Op: "state_vector", Peer: receiver, As: since}, nil},
		demanded{&Step{Op: "encode", Peer: sender, Since: &operand{slot: since}, As: route}, nil},
		demanded{&Step{Op: "apply", Peer: receiver, Update: &operand{slot: route}}, nil},
	)
}

// look reads a peer's state and state vector, of which each view demands what it has.
func look(program []demanded, peer, round string, views []map[string]any) []demanded {
	name := "@" + strings.TrimPrefix(peer, "@")
	for _, read := range [][2]string{{"state", ".state"}, {"state_vector", ".sv"}} {
		var alternatives []map[string]any
		for _, view := range views {
			if part, demands := view[read[0]]; demands {
				alternatives = append(alternatives, map[string]any{read[0]: part})
			}
		}
		if len(alternatives) < len(views) {
			alternatives = nil
		}
		program = append(program, demanded{&Step{Op: read[0], Peer: peer, As: name + read[1] + round}, alternatives})
	}
	return program
}

// setFormat gives the step the run's format, unless it has its own, or works on bytes that the case fixes: those given
// in base64, and slots made from them.
func setFormat(step *Step, format string, fixed map[string]bool) {
	keeps := step.Op == "convert" || step.Format != ""
	operands := append(append([]operand{}, step.Updates...), step.Snapshots...)
	for _, single := range []*operand{step.Update, step.Snapshot} {
		if single != nil {
			operands = append(operands, *single)
		}
	}
	for _, bytes := range operands {
		keeps = keeps || bytes.given || fixed[bytes.slot]
	}
	if !keeps {
		step.Format = format
	} else if step.As != "" {
		fixed[step.As] = true
	}
}
