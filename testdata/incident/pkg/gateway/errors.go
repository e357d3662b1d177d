package gateway

type constError string

func (e constError) Error() string { return string(e) }

const (
	ErrInvalidAlert   constError = "invalid alert"
	ErrInvalidSilence constError = "invalid silence"
	ErrNotFound       constError = "not found"
	ErrNotImplemented constError = "not implemented"
)
