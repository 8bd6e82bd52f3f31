module ygo-runner

go 1.23

require github.com/reearth/ygo v1.0.0
