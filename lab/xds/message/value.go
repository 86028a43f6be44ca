package message

import (
	"maps"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Number is nil where nothing is said, and Envoy's default holds.
func Number(n *int) *wrapperspb.UInt32Value {
	if n == nil {
		return nil
	}
	return wrapperspb.UInt32(uint32(*n))
}

// Duration is nil where nothing is said, and Envoy's default holds.
func Duration(d *time.Duration) *durationpb.Duration {
	if d == nil {
		return nil
	}
	return durationpb.New(*d)
}

// Positive is nil for a time that is none.
func Positive(d time.Duration) *durationpb.Duration {
	if d <= 0 {
		return nil
	}
	return durationpb.New(d)
}

// Percent is p of a hundred, exact to a ten-thousandth of one.
func Percent(p float64) *typev3.FractionalPercent {
	return &typev3.FractionalPercent{
		Numerator:   uint32(p*10_000 + 0.5),
		Denominator: typev3.FractionalPercent_MILLION,
	}
}

// Overwrite sets headers, by name, whatever they had.
func Overwrite(headers map[string]string) []*corev3.HeaderValueOption {
	var list []*corev3.HeaderValueOption
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		list = append(list, &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: name, Value: headers[name]},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		})
	}
	return list
}

// ADS says that a part of the configuration comes from the lab, however long it takes.
func ADS() *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		InitialFetchTimeout:   durationpb.New(0),
	}
}
