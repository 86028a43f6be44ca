module istio-tutorial/customer

go 1.26

require istio-tutorial/service v0.0.0

replace istio-tutorial/service => ../service
