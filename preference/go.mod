module istio-tutorial/preference

go 1.26

require istio-tutorial/service v0.0.0

replace istio-tutorial/service => ../service
