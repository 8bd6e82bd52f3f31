"""What the coordinator reads: manifests, specs, vectors, answers."""
