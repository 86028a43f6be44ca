module istio-tutorial/lab

go 1.26
