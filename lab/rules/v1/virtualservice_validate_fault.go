package v1

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

func (v *validator) fault(path string, f *networking.HTTPFaultInjection) {
	if f == nil {
		return
	}
	if f.Abort == nil && f.Delay == nil {
		v.Fail(path, "want an abort, a delay or both")
	}
	if f.Abort != nil {
		v.abort(path+".abort", f.Abort)
	}
	if f.Delay != nil {
		v.delay(path+".delay", f.Delay)
	}
}

func (v *validator) abort(path string, a *networking.HTTPFaultInjection_Abort) {
	v.percentage(path+".percentage", a.Percentage)
	switch kind := a.ErrorType.(type) {
	case nil:
		v.schemaWarning(path, "abort configured, but error type not set")
		return
	case *networking.HTTPFaultInjection_Abort_Http2Error:
		v.Fail(path+".http2Error", notYet)
	case *networking.HTTPFaultInjection_Abort_HttpStatus:
		v.Status(path+".httpStatus", int(kind.HttpStatus))
	case *networking.HTTPFaultInjection_Abort_GrpcStatus:
		if _, ok := grpcCode(kind.GrpcStatus); !ok {
			v.Fail(path+".grpcStatus", "%q is not a status of gRPC, such as NOT_FOUND", kind.GrpcStatus)
		}
	}
	if a.Percentage.GetValue() == 0 {
		v.hitsNobody(path, a.Percentage)
	}
}

// notYet is said of fields of the published schema.
const notYet = "a cluster refuses it: Istio does not do it yet"

func (v *validator) delay(path string, d *networking.HTTPFaultInjection_Delay) {
	v.percentage(path+".percentage", d.Percentage)
	if d.GetExponentialDelay() != nil {
		v.Fail(path+".exponentialDelay", notYet)
	}
	percent := d.GetPercent() //nolint:staticcheck // the field is deprecated, and accepted
	if percent != 0 {
		v.Warn(path+".percent", rules.Deprecated,
			"Deprecated: HTTPRoute.fault.delay.percent is deprecated; "+
				"use HTTPRoute.fault.delay.percentage")
	}
	if d.Percentage.GetValue() == 0 && (percent == 0 || d.Percentage != nil) {
		v.hitsNobody(path, d.Percentage)
	}
}

// hitsNobody warns of a share that is 0, as it is where no one is given.
func (v *validator) hitsNobody(path string, p *networking.Percent) {
	why := "it has no percentage, which is 0"
	if p != nil {
		why = "its percentage is 0"
	}
	v.Warn(path, "", "%s never acts: %s", path, why)
}

// schemaWarning is one of admission's, as istioctl words it.
func (v *validator) schemaWarning(path, text string) {
	v.Warn(path, rules.SchemaWarning, "Schema validation warning: %s", text)
}

func (v *validator) percentage(path string, p *networking.Percent) {
	if n := p.GetValue(); n != 0 && (n < 0.0001 || n > 100) {
		v.Fail(path+".value", "%v is neither 0 nor in 0.0001-100", n)
	}
}
