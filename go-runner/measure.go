package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// measure prints the CPU time of a file of request lines that are performed in this process: read beforehand, their
// answers not written.
func measure(file string, output io.Writer) error {
	lines, err := os.Open(file)
	if err != nil {
		return err
	}
	defer lines.Close()
	var requests []Request
	for decoder := json.NewDecoder(bufio.NewReader(lines)); ; {
		var request Request
		if err := decoder.Decode(&request); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		requests = append(requests, request)
	}
	runner := newRunner()
	sessions := 0
	before := cpuSeconds()
	for _, request := range requests {
		for i := range request.Run {
			runner.run(request.Run[i].Session, request.whole(i))
			sessions++
		}
	}
	return json.NewEncoder(output).Encode(map[string]any{"sessions": sessions, "seconds": cpuSeconds() - before})
}
