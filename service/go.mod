module istio-tutorial/service

go 1.26
